// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

// show returns the path as people write it.
func show(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// seen says whether the file itself was answered, and records it if not.
func (c *checker) seen(a answer) bool {
	subject := show(a.path)
	switch {
	case a.err != nil:
		c.report.Miss(verdict.Fetch, subject, a.err.Error(), "Try again; if it stays so, ask the operator of the site.")
	case isTemporary(a.status):
		c.report.Miss(verdict.Fetch, subject, fmt.Sprintf("status %d", a.status), "Try again later.")
	case a.status != http.StatusOK:
		found := fmt.Sprintf("status %d", a.status)
		if to := a.header.Get("Location"); to != "" {
			found += " to " + verdict.Quote(to)
		}
		c.report.Refute(verdict.Fetch, subject, "status 200 without a redirect", found, adviceHost)
	case a.fault != nil:
		c.report.Refute(verdict.Fetch, subject, "a body in the content coding "+a.coding+" or in none", a.fault.Error(), adviceHost)
	case a.over:
		c.report.Refute(verdict.Content, subject, fmt.Sprintf("at most %d bytes", a.limit), "more", adviceHost)
	default:
		return true
	}
	return false
}

// isTemporary says whether a status says nothing about what is there (RFC
// 9110, 15.6; RFC 6585, 4).
func isTemporary(status int) bool {
	return slices.Contains([]int{429, 500, 502, 503, 504}, status)
}

// record records the answers for one path, one for each of ways, the first
// without content coding.
func (c *checker) record(group []answer) {
	plain := group[0]
	for _, a := range group {
		if !c.seen(a) {
			c.absent = append(c.absent, plain.path)
			return
		}
	}
	c.report.Pass(verdict.Fetch, show(plain.path))
	c.same(group)
	c.mediaTypes(group)
	c.headers(group)
	switch plain.path {
	case release.DeploymentPath:
		return
	case "":
		c.entry(plain)
		return
	case release.ManifestPath:
		if plain.sum != c.digest {
			c.report.Refute(verdict.Content, plain.path, "sha256 "+c.digest+", as a moment before", "sha256 "+plain.sum, adviceHost)
		}
	}
	c.files[plain.path] = plain.body
}

// same records whether the decoded bytes are the same, in whatever way they
// were asked for. It passes
// nothing: the bytes themselves are checked later.
func (c *checker) same(group []answer) {
	for _, a := range group[1:] {
		if a.sum != group[0].sum {
			c.report.Refute(verdict.Content, show(a.path), "sha256 "+group[0].sum+", as without content coding",
				"sha256 "+a.sum+" "+a.way.String(), adviceHost)
		}
	}
}

func (c *checker) mediaTypes(group []answer) {
	path := group[0].path
	if path == "" {
		path = c.manifest.Entry
	}
	f, listed := c.manifest.File(path)
	for _, a := range group {
		got := strings.Join(a.header.Values("Content-Type"), " | ")
		if listed && rightMediaType(got, f.MediaType) || !listed && unlistedMediaType(got, path) {
			continue
		}
		expected := f.MediaType
		if !listed {
			expected = strings.Join(unlistedTypes[path], " or ")
		}
		c.report.Refute(verdict.MediaType, show(a.path), expected, verdict.Quote(got), adviceHost)
		return
	}
	c.report.Pass(verdict.MediaType, show(group[0].path))
}

// headers records each thing that is wrong with the headers once, in how
// many ways it shows.
func (c *checker) headers(group []answer) {
	promised := c.promised(group[0].path)
	var reported []mismatch
	for _, a := range group {
		for _, wrong := range compareHeaders(a.header, promised) {
			if !slices.Contains(reported, wrong) {
				reported = append(reported, wrong)
				c.report.Refute(verdict.Headers, show(a.path), wrong.expected, wrong.found, adviceHost)
			}
		}
	}
	if len(reported) == 0 {
		c.report.Pass(verdict.Headers, show(group[0].path))
	}
}

// promised returns the headers of a path, expanded for this deployment.
func (c *checker) promised(path string) []release.Header {
	if path == "" {
		path = c.manifest.Entry
	}
	var expanded []release.Header
	for _, h := range c.manifest.HeadersOf(path) {
		if c.isDeployed {
			h.Value = c.operator.Expand(h.Value)
		}
		expanded = append(expanded, h)
	}
	return expanded
}

// entry records whether "/" is the entry document.
func (c *checker) entry(a answer) {
	f, _ := c.manifest.File(c.manifest.Entry)
	if a.sum != f.SHA256 {
		c.report.Refute(verdict.Entry, "/", "sha256 "+f.SHA256+", as "+f.Path, "sha256 "+a.sum, adviceHost)
		return
	}
	c.report.Pass(verdict.Entry, "/")
}
