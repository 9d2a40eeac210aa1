// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

// about returns a statement about files with those contents.
func about(files map[string][]byte) []byte {
	var subjects []string
	for _, name := range releasetest.Release(files).Names() {
		sum := sha256.Sum256(files[name])
		subjects = append(subjects, fmt.Sprintf(`{"name":%q,"digest":{"sha256":%q}}`, name, hex.EncodeToString(sum[:])))
	}
	return []byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://x.example/1","subject":[` +
		strings.Join(subjects, ",") + `],"predicate":{}}`)
}

func lines(bundles ...[]byte) []byte { return append(bytes.Join(bundles, []byte("\n")), '\n') }

func TestWellKnownFilesBelongToTheRelease(t *testing.T) {
	stack := sigtest.New(t)
	signer := sigtest.Signer{Issuer: "https://issuer.test", Subject: "https://forge.test/acme"}
	manifest := []byte(releasetest.Build(t)[release.ManifestPath])
	page := []byte(releasetest.Build(t)["index.html"])
	mine := stack.SignMessage(signer, manifest)
	others := stack.SignMessage(signer, []byte("another release"))
	for _, c := range []struct {
		name, path string
		content    []byte
		subject    string // of the refused check, or "" if it is right
	}{
		{"a signature", release.AttestationsPath, lines(mine), ""},
		{"a statement", release.AttestationsPath, lines(mine, stack.SignStatement(signer, about(map[string][]byte{"index.html": page, "release.json": manifest}))), ""},
		{"a signature over another release", release.AttestationsPath, lines(mine, others), release.AttestationsPath + " line 2"},
		{"a statement about another release", release.AttestationsPath, lines(stack.SignStatement(signer, about(map[string][]byte{"release.json": []byte("{}")}))), release.AttestationsPath + " line 1"},
		{"a statement about another page", release.AttestationsPath, lines(stack.SignStatement(signer, about(map[string][]byte{"index.html": []byte("x"), "release.json": manifest}))), release.AttestationsPath + " line 1"},
		{"a statement about a strange file", release.AttestationsPath, lines(stack.SignStatement(signer, about(map[string][]byte{"other": page, "release.json": manifest}))), release.AttestationsPath + " line 1"},
		{"a statement without the release", release.AttestationsPath, lines(stack.SignStatement(signer, about(map[string][]byte{"index.html": page}))), release.AttestationsPath + " line 1"},
		{"no bundle", release.AttestationsPath, []byte("{}\n"), release.AttestationsPath + " line 1"},
		{"nothing", release.AttestationsPath, []byte{}, release.AttestationsPath + " line 1"},
		{"an empty line", release.AttestationsPath, lines(mine, nil, mine), release.AttestationsPath + " line 2"},
		{"a proof for updates", release.UpdateProofPath, stack.UpdateProof(stack.Key("update"), manifest), ""},
		{"no proof", release.UpdateProofPath, []byte("x"), release.UpdateProofPath},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := releasetest.Build(t)
			files[c.path] = c.content
			host := &releasetest.Host{Files: files}
			host.Prepare(t)
			report := checkWith(t, host, site.Config{})
			if c.subject != "" {
				assertCheck(t, report, tampering{step: verdict.WellKnown, path: c.subject, result: verdict.Refuted})
			} else if report.Conclude() != verdict.ConcludeVerified {
				t.Error(describe(report))
			}
		})
	}
}

func TestWEBCATBundleOfAnotherReleaseIsRefuted(t *testing.T) {
	files := releasetest.Build(t)
	files[release.WebcatBundlePath] = []byte(`{"enrollment":{},"manifest":{},"signatures":[]}`)
	host := &releasetest.Host{Files: files}
	host.Prepare(t)
	assertCheck(t, checkWith(t, host, site.Config{}), tampering{step: verdict.WEBCAT, path: release.WebcatBundlePath, result: verdict.Refuted})
}

func TestPagesUnderWellKnownAreRefuted(t *testing.T) {
	report := check(t, &releasetest.Host{Files: releasetest.Build(t), Tamper: func(r *releasetest.Response) {
		if r.Status == 404 && strings.HasPrefix(r.Path, ".well-known/") {
			r.Status = 200
			r.Header.Set("Content-Type", "text/html")
			r.Body = []byte("<script src=/x.js></script>")
		}
	}}, "")
	for _, path := range []string{".well-known/(random)", ".well-known/kms-enclave/(random).json"} {
		assertCheck(t, report, tampering{step: verdict.WellKnown, path: path, result: verdict.Refuted})
	}
}

func TestAbsentCompanionWithAScriptIsRefuted(t *testing.T) {
	report := check(t, &releasetest.Host{Files: releasetest.Build(t), Tamper: on(release.AttestationsPath, func(r *releasetest.Response) {
		r.Header.Set("Content-Type", "text/html")
		r.Body = []byte("<script src=/x.js></script>")
	})}, "")
	assertCheck(t, report, tampering{step: verdict.WellKnown, path: release.AttestationsPath, result: verdict.Refuted})
}
