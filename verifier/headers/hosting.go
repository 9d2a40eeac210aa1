// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package headers

import (
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

// CheckHosting records whether a host configuration of the release, whatever
// its syntax, carries every promised header: it must contain the name of each,
// in any case, and the value, backslashes left out. Of a value with the
// embedders' placeholder it must contain the parts around that. Content-Type
// is left out, since hosts have other ways to set it. The word 'unsafe- must
// be nowhere. To which paths a header is applied is not looked at; checking a
// site does that.
func CheckHosting(report *verdict.Report, m *release.Manifest, path string, content []byte) {
	const advice = "Do not use this configuration: it does not serve the release as promised."
	text := strings.ReplaceAll(string(content), `\`, "")
	lower := strings.ToLower(text)
	right := true
	refute := func(expected, found string) {
		right = false
		report.Refute(verdict.Hosting, path, expected, found, advice)
	}
	if strings.Contains(lower, "'unsafe-") {
		refute("no 'unsafe-… source", "one")
	}
	seen := make(map[release.Header]bool)
	for _, rule := range m.Headers {
		for _, h := range rule.Headers {
			if seen[h] || h.Name == "content-type" {
				continue
			}
			seen[h] = true
			if !strings.Contains(lower, h.Name) || !containsParts(text, h.Value) {
				refute(h.Name+": "+h.Value, "no such header")
			}
		}
	}
	if right {
		report.Pass(verdict.Hosting, path)
	}
}

// containsParts says whether text has each part of a value around the
// placeholder. Backslashes are left out of both.
func containsParts(text, value string) bool {
	value = strings.ReplaceAll(value, `\`, "")
	for part := range strings.SplitSeq(value, release.EmbeddersPlaceholder) {
		if !strings.Contains(text, strings.TrimSpace(part)) {
			return false
		}
	}
	return true
}
