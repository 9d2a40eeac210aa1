// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ats.run/kms-enclave/verifier/verdict"
)

// same records whether everybody got the same for a path: in every way, round
// and from every vantage. What the file should be is checked elsewhere.
func (c *checker) same(group []answer) {
	const shown = 6 // of those who got one of the versions
	var versions []string
	askers := make(map[string][]string)
	isKnown := true
	for _, a := range group {
		version := a.version()
		if version == "" {
			isKnown = false // recorded with the file
			continue
		}
		if !slices.Contains(versions, version) {
			versions = append(versions, version)
		}
		askers[version] = append(askers[version], a.who(c.config.Vantages))
	}
	if len(versions) < 2 {
		if isKnown {
			c.report.Pass(verdict.Same, show(group[0].path))
		}
		return
	}
	for _, version := range versions[1:] {
		who := askers[version]
		if more := len(who) - shown; more > 0 {
			who = append(slices.Clone(who[:shown]), fmt.Sprintf("and %d more", more))
		}
		c.report.Refute(verdict.Same, show(group[0].path), versions[0]+" for everybody, as "+askers[versions[0]][0],
			version+" "+strings.Join(who, "; "),
			"Run this again, in case the operator was putting up another release just now. If it stays so, the host serves some people something else: do not use it, and keep this report.")
	}
}

// version says what an asker got, or "" if that is not known.
func (a *answer) version() string {
	switch {
	case a.err != nil, isTemporary(a.status):
		return ""
	case a.status != http.StatusOK:
		return fmt.Sprintf("status %d", a.status)
	case a.fault != nil:
		return "a body that cannot be decoded"
	case a.over:
		return "a longer body"
	}
	return "sha256 " + a.sum
}
