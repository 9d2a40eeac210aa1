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

// seen says whether the file itself was answered, and records it if not; named
// says to tell who asked.
func (c *checker) seen(a answer, named bool) bool {
	subject := show(a.path)
	who := ""
	if named {
		who = ", " + a.who(c.config.Vantages)
	}
	switch {
	case a.err != nil:
		c.report.Miss(verdict.Fetch, subject, a.err.Error()+who, "Try again; if it stays so, ask the operator of the site.")
	case isTemporary(a.status):
		c.report.Miss(verdict.Fetch, subject, fmt.Sprintf("status %d", a.status)+who, "Try again later.")
	case a.status != http.StatusOK:
		found := fmt.Sprintf("status %d", a.status)
		if to := a.header.Get("Location"); to != "" {
			found += " to " + verdict.Quote(to)
		}
		c.report.Refute(verdict.Fetch, subject, "status 200 without a redirect", found+who, adviceHost)
	case a.fault != nil:
		c.report.Refute(verdict.Fetch, subject, "a body in the content coding "+a.coding+" or in none", a.fault.Error()+who, adviceHost)
	case a.over:
		c.report.Refute(verdict.Content, subject, fmt.Sprintf("at most %d bytes", a.limit), "more"+who, adviceHost)
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

// record records the answers for one path, one for each of askings, the first
// without content coding.
func (c *checker) record(group []answer) {
	plain := group[0]
	c.same(group)
	if !c.served(group) {
		return
	}
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

// served says whether the first answer for a path was the file, and records
// that of all answers, and what is wrong around them.
func (c *checker) served(group []answer) bool {
	for i, a := range group {
		if c.seen(a, i > 0) {
			continue
		}
		if i == 0 {
			c.absent = append(c.absent, a.path)
		}
		return i > 0 // the file as such is there; whoever did not get it is recorded
	}
	c.report.Pass(verdict.Fetch, show(group[0].path))
	for _, a := range group[1:] {
		if a.sum != group[0].sum {
			c.report.Refute(verdict.Content, show(a.path), "sha256 "+group[0].sum+", as without content coding",
				"sha256 "+a.sum+" "+a.who(c.config.Vantages), adviceHost)
			break
		}
	}
	c.mediaTypes(group)
	c.headers(group)
	return true
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
			expected = strings.Join(unlistedMediaTypes(path), " or ")
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
