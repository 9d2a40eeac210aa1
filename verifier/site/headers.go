// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

// refusedNames are response headers that weaken an origin, widen who may read
// it, or make the browser load or report something. Those that begin with
// access-control- are refused too.
var refusedNames = []string{
	"clear-site-data", "content-disposition", "content-location", "content-security-policy",
	"content-security-policy-report-only", "link", "location", "origin-trial", "refresh",
	"service-worker-allowed", "set-cookie", "set-cookie2", "sourcemap", "speculation-rules",
	"supports-loading-mode", "use-as-dictionary", "x-sourcemap",
}

// mismatch is a header that is not as it must be.
type mismatch struct{ expected, found string }

// compareHeaders returns what is wrong with the headers of an answer that must
// carry exactly the promised ones.
func compareHeaders(got http.Header, promised []release.Header) []mismatch {
	var wrong []mismatch
	for _, want := range promised {
		values := got.Values(want.Name)
		switch {
		case len(values) == 0:
			wrong = append(wrong, mismatch{want.Name + ": " + want.Value, "no such header"})
		case len(values) > 1:
			wrong = append(wrong, mismatch{want.Name + " once", want.Name + " more than once: " + strings.Join(values, " | ")})
		case values[0] != want.Value:
			wrong = append(wrong, mismatch{want.Name + ": " + want.Value, verdict.Plain(values[0])})
		}
	}
	return append(wrong, unsafeHeaders(got, promised)...)
}

// unsafeHeaders returns the refused headers of an answer that are not promised.
func unsafeHeaders(got http.Header, promised []release.Header) []mismatch {
	var wrong []mismatch
	for name := range got {
		lower := strings.ToLower(name)
		isRefused := slices.Contains(refusedNames, lower) || strings.HasPrefix(lower, "access-control-")
		isPromised := slices.ContainsFunc(promised, func(h release.Header) bool { return h.Name == lower })
		if isRefused && !isPromised {
			wrong = append(wrong, mismatch{"no " + lower, verdict.Quote(strings.Join(got[name], " | "))})
		}
	}
	for _, vary := range got.Values("Vary") {
		for name := range strings.SplitSeq(vary, ",") {
			if name = strings.TrimSpace(name); name != "" && !strings.EqualFold(name, "accept-encoding") {
				wrong = append(wrong, mismatch{"vary on accept-encoding only: the same for everybody", "vary: " + verdict.Quote(vary)})
				break
			}
		}
	}
	slices.SortFunc(wrong, func(a, b mismatch) int { return strings.Compare(a.expected, b.expected) })
	return wrong
}

// unlistedTypes are the media types that files which no manifest lists may
// have besides the one that the release package names.
var unlistedTypes = map[string][]string{
	release.ProvenancePath:   {"application/vnd.in-toto+json"},
	release.ChecksumsPath:    {"application/octet-stream"},
	release.AttestationsPath: {"application/octet-stream"},
	release.UpdateProofPath:  {"application/octet-stream"},
}

func unlistedMediaTypes(path string) []string {
	return append(slices.Clone(unlistedTypes[path]), release.UnlistedMediaType(path))
}

// rightMediaType says whether a Content-Type is the wanted one: the type in
// any case, the parameters equal.
func rightMediaType(got, want string) bool {
	gotType, gotParameters, err := mime.ParseMediaType(got)
	if err != nil {
		return false
	}
	wantType, wantParameters, err := mime.ParseMediaType(want)
	if err != nil || gotType != wantType || len(gotParameters) != len(wantParameters) {
		return false
	}
	for name, value := range wantParameters {
		if !strings.EqualFold(gotParameters[name], value) {
			return false
		}
	}
	return true
}

// unlistedMediaType says whether a Content-Type is one that the path, which no
// manifest lists, may have; parameters other than UTF-8 are refused.
func unlistedMediaType(got, path string) bool {
	for _, want := range unlistedMediaTypes(path) {
		if rightMediaType(got, want) || rightMediaType(got, want+"; charset=utf-8") {
			return true
		}
	}
	return false
}
