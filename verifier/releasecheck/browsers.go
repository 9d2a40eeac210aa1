// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck

import (
	"maps"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/waict"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/verifier/verdict"
)

const (
	adviceBrowser = "Do not use this copy: browsers that read this file would hold another release for the right one."
	adviceBundle  = "Sign the WEBCAT manifest of this release and deployment again, or take the file away."
)

// browsers holds what browsers read against the manifest: it must say the same.
func (c *checker) browsers() {
	if c.manifest.Version == "" {
		const nothing = release.ManifestPath + ": its format has no such files"
		c.report.Pass(verdict.WAICT, nothing)
		c.report.Pass(verdict.WEBCAT, nothing)
		return
	}
	for _, f := range c.manifest.Files {
		data, ok := c.set.Content(f.Path)
		switch {
		case !ok: // recorded as missing
		case f.Role == release.RoleWAICT:
			c.record(verdict.WAICT, f.Path, "the hashes of the active files", c.waict(f.Path, data), adviceBrowser)
		case f.Role == release.RoleEmbed:
			c.embed(f.Path, data)
		case f.Role == release.RoleWebcat:
			c.record(verdict.WEBCAT, f.Path, "the hashes and policies of the served files", c.webcat(data), adviceBrowser)
		}
	}
	c.waictHeaders()
	c.webcatBundle()
}

// record passes subject, or refutes it with an error.
func (c *checker) record(step verdict.Step, subject, expected string, err error, advice string) {
	if err != nil {
		c.report.Refute(step, subject, expected, err.Error(), advice)
		return
	}
	c.report.Pass(step, subject)
}

func (c *checker) waict(path string, data []byte) error {
	parse, isDraft := waict.Parse, true
	if strings.HasSuffix(path, ".json") {
		parse, isDraft = waict.ParseFirefox, false
	}
	m, err := parse(data)
	if err != nil {
		return err
	}
	return m.CheckRelease(c.manifest, isDraft)
}

// waictHeaders checks that each document names the draft's manifest.
func (c *checker) waictHeaders() {
	draft := ""
	for _, f := range c.manifest.Files {
		if f.Role == release.RoleWAICT && !strings.HasSuffix(f.Path, ".json") {
			draft = f.Path
		}
	}
	want := waict.PolicyOf(draft).String()
	for _, f := range c.manifest.Files {
		if f.Role != release.RoleDocument {
			continue
		}
		got := "no such header"
		for _, h := range c.manifest.HeadersOf(f.Path) {
			if h.Name == waict.HeaderName {
				got = h.Value
			}
		}
		if got != want {
			c.report.Refute(verdict.WAICT, f.Path, waict.HeaderName+": "+want, verdict.Quote(got), adviceBrowser)
			continue
		}
		c.report.Pass(verdict.WAICT, f.Path)
	}
}

// embed checks that embedders are told the hash of the entry.
func (c *checker) embed(path string, data []byte) {
	const expected = "the attributes of the iframe and the hash of the entry"
	entry, _ := c.manifest.File(c.manifest.Entry)
	e, err := release.ParseEmbed(data)
	if err == nil && (e.Entry != entry.Path || !maps.Equal(e.Hashes, release.EmbedOf(entry).Hashes)) {
		c.report.Refute(verdict.WAICT, path, expected, "those of another document", adviceBrowser)
		return
	}
	c.record(verdict.WAICT, path, expected, err, adviceBrowser)
}

func (c *checker) webcat(data []byte) error {
	m, err := webcat.ParseManifest(data)
	if err != nil {
		return err
	}
	return m.CheckRelease(c.manifest)
}

// webcatBundle checks what signing may have added: that it is in its form and
// about this release. Who signed it is not looked at.
func (c *checker) webcatBundle() {
	enrollment, hasEnrollment := c.set.Content(release.WebcatEnrollmentPath)
	if hasEnrollment {
		_, err := webcat.ParseEnrollment(enrollment)
		c.record(verdict.WEBCAT, release.WebcatEnrollmentPath, "an enrollment", err, adviceBundle)
	}
	data, ok := c.set.Content(release.WebcatBundlePath)
	if !ok {
		return
	}
	bundle, err := webcat.ParseBundle(data)
	if err == nil {
		err = bundle.Manifest.CheckRelease(c.manifest)
	}
	if err == nil && hasEnrollment && !bundle.IsFor(enrollment) {
		c.report.Refute(verdict.WEBCAT, release.WebcatBundlePath, "the enrollment in "+release.WebcatEnrollmentPath, "another one", adviceBundle)
		return
	}
	c.record(verdict.WEBCAT, release.WebcatBundlePath, "a bundle for this release", err, adviceBundle)
}
