// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/chain"
	"ats.run/kms-enclave/verifier/headers"
	"ats.run/kms-enclave/verifier/verdict"
)

// maxUnknown is how much is read of an answer to an unknown address, in bytes.
const maxUnknown = 1 << 20

// unknown records how the host answers addresses that no release has. They are
// random, so that no host can know them beforehand.
func (c *checker) unknown(ctx context.Context, random io.Reader) {
	var name [16]byte
	if _, err := io.ReadFull(random, name[:]); err != nil {
		c.report.Miss(verdict.Unknown, "(random)", err.Error(), "Try again.")
		return
	}
	stem := hex.EncodeToString(name[:])
	answers := c.client.fetchAll(ctx, []request{
		{path: stem, asking: asking{way: plain}, accept: "text/html", limit: maxUnknown},
		{path: stem + ".html", asking: asking{way: plain}, accept: "text/html", limit: maxUnknown},
		{path: ".well-known/" + stem, asking: asking{way: plain}, accept: "text/html", limit: maxUnknown},
		{path: release.EvidenceFolder + stem + ".json", asking: asking{way: plain}, limit: maxUnknown},
	})
	for i, subject := range []string{"(random)", "(random).html"} {
		c.recordUnknown(verdict.Unknown, subject, answers[i])
	}
	for i, subject := range []string{".well-known/(random)", release.EvidenceFolder + "(random).json"} {
		c.recordUnknown(verdict.WellKnown, subject, answers[2+i])
	}
}

// recordUnknown records whether nothing is there, and nothing of the answer
// runs.
func (c *checker) recordUnknown(step verdict.Step, subject string, a answer) {
	if a.err != nil || isTemporary(a.status) {
		reason := fmt.Sprintf("status %d", a.status)
		if a.err != nil {
			reason = a.err.Error()
		}
		c.report.Miss(step, subject, reason, "Try again later.")
		return
	}
	const advice = "If you run this site, answer unknown addresses with status 404 and plain text, for every path."
	right := true
	refute := func(expected, found string) {
		right = false
		c.report.Refute(step, subject, expected, found, advice)
	}
	if a.status != http.StatusNotFound {
		refute("status 404", fmt.Sprintf("status %d", a.status))
	}
	if !isInert(a) {
		refute("plain text, a page without scripts, or the policy default-src 'none'", "content-type "+verdict.Quote(a.header.Get("Content-Type")))
	}
	// A host may put the headers that are promised for a companion on the answer that it is not there.
	for _, wrong := range unsafeHeaders(a.header, c.promised(a.path)) {
		if !strings.HasPrefix(wrong.expected, "no content-security-policy") {
			refute(wrong.expected, wrong.found)
		}
	}
	if right {
		c.report.Pass(step, subject)
	}
}

// isInert says whether no script of an answer can run: by its policy, since it
// is empty, by its media type, or since it is a plain error page.
func isInert(a answer) bool {
	for _, policy := range a.header.Values("Content-Security-Policy") {
		if headers.IsInert(policy) {
			return true
		}
	}
	if a.fault == nil && !a.over && len(a.body) == 0 {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case err != nil:
		return false
	case mediaType == "text/html":
		return a.fault == nil && !a.over && chain.IsInert(a.body)
	}
	return slices.Contains([]string{"text/plain", "application/json", "application/octet-stream"}, mediaType)
}
