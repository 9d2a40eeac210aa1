// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package headers

import (
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/verifier/verdict"
)

// allowedNames are the headers that a release may promise.
var allowedNames = []string{
	"access-control-allow-origin", "cache-control", "content-security-policy", "content-type", "cross-origin-embedder-policy",
	"cross-origin-opener-policy", "cross-origin-resource-policy", "document-isolation-policy",
	"integrity-policy", waict.HeaderName, "origin-agent-cluster", "permissions-policy", "referrer-policy",
	"strict-transport-security", "x-content-type-options", "x-dns-prefetch-control",
	"x-frame-options", "x-permitted-cross-domain-policies", "x-robots-tag",
}

// kind is what the minimum tells apart among paths.
type kind int

const (
	otherKind  kind = iota
	entryKind       // the document that embedders frame
	windowKind      // any other document: a window of the enclave's own
	workerKind
)

const advice = "Do not serve this release: a page with these headers would be weaker than the design allows."

// CheckMinimum records, for each path with promised headers, whether they are
// at least the minimum of the package comment.
func CheckMinimum(report *verdict.Report, m *release.Manifest) {
	for _, rule := range m.Headers {
		for _, path := range rule.Paths {
			c := &pathChecker{report: report, path: path, headers: rule.Headers, right: true}
			c.describe(m)
			c.check()
			if c.right {
				report.Pass(verdict.Policy, path)
			}
		}
	}
}

type pathChecker struct {
	report    *verdict.Report
	path      string
	kind      kind
	addressed bool   // the name is by content
	mediaType string // or "" if the manifest does not say
	headers   []release.Header
	right     bool
}

func (c *pathChecker) describe(m *release.Manifest) {
	f, _ := m.File(c.path)
	c.mediaType = f.MediaType
	switch f.Role {
	case release.RoleDocument:
		c.kind = windowKind
		if c.path == m.Entry {
			c.kind = entryKind
		}
	case release.RoleWorker:
		c.kind, c.addressed = workerKind, true
	case release.RoleScript, release.RoleWasm, release.RoleStyle, release.RoleWAICT:
		c.addressed = true
	}
}

func (c *pathChecker) refute(expected, found string) {
	c.right = false
	c.report.Refute(verdict.Policy, c.path, expected, found, advice)
}

func (c *pathChecker) get(name string) string {
	for _, h := range c.headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// demand refutes a header that is not the value.
func (c *pathChecker) demand(name, value string) {
	if got := c.get(name); got != value {
		c.refute(name+": "+value, found(got))
	}
}

func found(value string) string {
	if value == "" {
		return "no such header"
	}
	return verdict.Quote(value)
}

func (c *pathChecker) check() {
	for _, h := range c.headers {
		if !slices.Contains(allowedNames, h.Name) {
			c.refute("headers that a release may promise", verdict.Quote(h.Name))
		}
	}
	if c.get("access-control-allow-origin") != "" && !isForEverybody(c.path) {
		c.refute("access-control-allow-origin for release.json and "+release.EvidenceFolder+" only", "it here")
	} else if isForEverybody(c.path) && c.get("access-control-allow-origin") != "" {
		c.demand("access-control-allow-origin", "*")
	}
	c.waict()
	c.demand("x-content-type-options", "nosniff")
	c.demand("referrer-policy", "no-referrer")
	if c.kind == entryKind {
		c.demand("cross-origin-opener-policy", "same-origin")
	}
	if c.get("content-type") != "" && c.mediaType != "" {
		c.demand("content-type", c.mediaType)
	}
	if !c.addressed && !mustRevalidate(c.get("cache-control")) {
		c.refute("cache-control with no-cache or no-store", found(c.get("cache-control")))
	}
	c.policy()
}

// isForEverybody says whether pages of any origin may read path: what says
// which release this is, and who vouches for it.
func isForEverybody(path string) bool {
	return path == release.ManifestPath || strings.HasPrefix(path, release.EvidenceFolder)
}

// waict refutes a WAICT policy that weakens the page, or stands elsewhere.
func (c *pathChecker) waict() {
	value := c.get(waict.HeaderName)
	if value == "" {
		return
	}
	if c.kind != entryKind && c.kind != windowKind {
		c.refute(waict.HeaderName+" for documents only", "it here")
		return
	}
	p, err := waict.ParsePolicy(value)
	switch {
	case err != nil:
		c.refute(waict.HeaderName+": a policy in its form", err.Error())
	case p.Mode != waict.Enforce:
		c.refute(waict.HeaderName+" with mode=enforce, since it stands in for SRI", verdict.Quote(value))
	}
}

func mustRevalidate(cacheControl string) bool {
	for part := range strings.SplitSeq(strings.ToLower(cacheControl), ",") {
		if part = strings.TrimSpace(part); part == "no-cache" || part == "no-store" {
			return true
		}
	}
	return false
}

// policy checks the Content-Security-Policy.
func (c *pathChecker) policy() {
	const prefix = "content-security-policy: "
	value := c.get("content-security-policy")
	if value == "" {
		c.refute(prefix+"default-src 'none' and more", "no such header")
		return
	}
	p, err := ParsePolicy(value)
	if err != nil {
		c.refute(prefix+"one plain policy", err.Error())
		return
	}
	if err := p.checkSources(c.kind); err != nil {
		c.refute(prefix+"sources as strict as the minimum", err.Error())
	}
	for _, d := range demands(c.kind) {
		if got, ok := p[d.directive]; !d.accepts(got, ok) {
			c.refute(prefix+d.directive+" "+d.expected, foundValues(got, ok))
		}
	}
}

func foundValues(values []string, ok bool) string {
	if !ok {
		return "no such directive"
	}
	return verdict.Quote(strings.Join(values, " "))
}
