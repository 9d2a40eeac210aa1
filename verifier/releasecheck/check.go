// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck

import (
	"strconv"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/chain"
	"ats.run/kms-enclave/verifier/headers"
	"ats.run/kms-enclave/verifier/sbom"
	"ats.run/kms-enclave/verifier/verdict"
)

// Required returns the steps without which no release is verified.
func Required(options Options) []verdict.Step {
	steps := []verdict.Step{
		verdict.Input, verdict.Manifest, verdict.Listing, verdict.Content, verdict.Name, verdict.Chain,
		verdict.SRI, verdict.Checksums, verdict.Provenance, verdict.SBOM, verdict.Policy, verdict.WAICT, verdict.WEBCAT,
	}
	if options.Expect != "" {
		steps = append(steps, verdict.Pin)
	}
	return steps
}

// Options says what is known about a release beforehand.
type Options struct {
	Expect string   // release digest, or "" if any will do
	Absent []string // paths that need not be there, or whose absence is recorded already
	Judged bool     // signatures are judged by a policy, see package evidence
}

// Check records everything about the files of set and returns the manifest, or
// nil if it is not readable.
func Check(report *verdict.Report, set *artifact.Set, options Options) *release.Manifest {
	c := &checker{report: report, set: set, options: options, measured: measure(set)}
	c.input()
	c.readManifest()
	c.pin()
	if c.manifest != nil {
		c.listing()
		c.content()
		c.names()
		chain.Check(report, c.manifest, set.Content)
		c.sri()
	} else {
		c.own()
	}
	c.checksums()
	c.provenance()
	if c.manifest != nil {
		c.sbom()
		headers.CheckMinimum(report, c.manifest)
		c.hosting()
		c.browsers()
	}
	c.signatures()
	return c.manifest
}

type checker struct {
	report   *verdict.Report
	set      *artifact.Set
	options  Options
	measured map[string]release.File
	manifest *release.Manifest // nil if it is not readable
}

const (
	adviceAgain  = "Do not use this copy: get the release again, or rebuild it."
	adviceRemove = "Do not use this copy: something was put into the release that it does not list."
)

// input records what kinds of entries there are.
func (c *checker) input() {
	for _, p := range c.set.Problems() {
		c.report.Refute(verdict.Input, verdict.FileName(p.Name), p.Expected, p.Found, adviceAgain)
	}
	for _, name := range c.set.Names() {
		c.report.Pass(verdict.Input, name)
	}
}

func (c *checker) readManifest() {
	data, ok := c.set.Content(release.ManifestPath)
	if !ok {
		return // recorded as missing
	}
	m, err := release.Parse(data)
	if err != nil {
		c.report.Refute(verdict.Manifest, release.ManifestPath, "a manifest in canonical JSON", err.Error(), adviceAgain)
		return
	}
	c.manifest = m
	c.report.Identify(release.Digest(data), verdict.Source(m.Source))
	c.report.Pass(verdict.Manifest, release.ManifestPath)
}

// pin compares the release digest with the one that was asked for.
func (c *checker) pin() {
	if c.options.Expect == "" {
		return
	}
	data, ok := c.set.Content(release.ManifestPath)
	if !ok {
		return // recorded as missing
	}
	if digest := release.Digest(data); digest != c.options.Expect {
		c.report.Refute(verdict.Pin, release.ManifestPath, c.options.Expect, digest,
			"This is not the release that you asked for: find out which one you want before using it.")
		return
	}
	c.report.Pass(verdict.Pin, release.ManifestPath)
}

// content compares each file with what the manifest says about it.
func (c *checker) content() {
	for _, want := range c.manifest.Files {
		got, ok := c.measured[want.Path]
		switch {
		case !ok: // recorded as missing
		case got.Size != want.Size || got.SHA256 != want.SHA256:
			c.report.Refute(verdict.Content, want.Path, summary(want), summary(got), adviceAgain)
		case got.Integrity != want.Integrity:
			c.report.Refute(verdict.Content, want.Path, want.Integrity, got.Integrity, adviceAgain)
		default:
			c.report.Pass(verdict.Content, want.Path)
		}
	}
}

func summary(f release.File) string {
	return strconv.FormatInt(f.Size, 10) + " bytes, sha256 " + f.SHA256
}

// names compares content-addressed names with the contents.
func (c *checker) names() {
	for _, f := range c.manifest.Files {
		got, ok := c.measured[f.Path]
		if !ok || !isAddressed(f.Role) {
			continue
		}
		if want := nameOf(f.Path, got.SHA256); want != f.Path {
			c.report.Refute(verdict.Name, f.Path, "the name "+want+" for this content", "another name", adviceAgain)
			continue
		}
		c.report.Pass(verdict.Name, f.Path)
	}
}

func (c *checker) sbom() {
	for _, f := range c.manifest.Files {
		if data, ok := c.set.Content(f.Path); ok && f.Role == release.RoleSBOM {
			sbom.Check(c.report, f.Path, data, c.measured)
		}
	}
}

func (c *checker) hosting() {
	for _, f := range c.manifest.Files {
		if data, ok := c.set.Content(f.Path); ok && f.Role == release.RoleHosting {
			headers.CheckHosting(c.report, c.manifest, f.Path, data)
		}
	}
}

// signatures says what was left alone.
func (c *checker) signatures() {
	const advice = "Give a policy with --policy, or pin the release digest with --expect, from a source that you trust."
	if c.options.Judged {
		return
	}
	found := false
	for _, name := range c.set.Names() {
		if release.IsSignature(name) {
			found = true
			c.report.Leave(verdict.Signature, name, "no policy was given, so signatures were not judged", advice)
		}
	}
	if !found {
		c.report.Leave(verdict.Signature, release.ManifestPath, "nothing here says who made the release", advice)
	}
}
