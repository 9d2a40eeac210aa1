// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/updateproof"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/verdict"
)

// companion records the answers for a path that a host need not have.
func (c *checker) companion(group []answer) {
	c.same(group)
	isAbsent := func(a answer) bool { return a.err == nil && a.status == http.StatusNotFound }
	if isAbsent(group[0]) {
		c.recordUnknown(verdict.WellKnown, group[0].path, group[0])
		return
	}
	if c.served(group) {
		c.files[group[0].path] = group[0].body
	}
}

const adviceOther = "If you run this site, put up the attestations of this release together with it. Otherwise do not rely on them."

// wellKnown records whether what signing adds belongs to this release. Who made
// it is for a policy to judge; WEBCAT's files are checked with the release.
func (c *checker) wellKnown() {
	if data, ok := c.files[release.AttestationsPath]; ok {
		c.attestations(data)
	}
	if data, ok := c.files[release.UpdateProofPath]; ok {
		c.updateProof(data)
	}
}

// attestations checks that each line is a signature over this release, or a
// statement about its files.
func (c *checker) attestations(data []byte) {
	right := true
	for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		if expected, found := c.attestation(line); expected != "" {
			right = false
			c.report.Refute(verdict.WellKnown, fmt.Sprintf("%s line %d", release.AttestationsPath, i+1), expected, found, adviceOther)
		}
	}
	if right {
		c.report.Pass(verdict.WellKnown, release.AttestationsPath)
	}
}

// attestation returns what is wrong with a bundle, nothing if it is about this
// release.
func (c *checker) attestation(line []byte) (expected, found string) {
	v, err := wire.Parse(line)
	if err != nil {
		return "a Sigstore bundle in one line", "something else"
	}
	if digest := decoded(v, "messageSignature", "messageDigest", "digest"); digest != nil {
		if got := hex.EncodeToString(digest); got != c.digest {
			return "a signature over the release " + c.digest, "one over sha256 " + verdict.Plain(got)
		}
		return "", ""
	}
	statement, err := wire.Parse(decoded(v, "dsseEnvelope", "payload"))
	if err != nil {
		return "a signature or a signed statement", "neither"
	}
	list, _ := statement.Get("subject")
	subjects, err := attest.ParseSubjects(list)
	if err != nil {
		return "a statement about files", "something else"
	}
	for _, subject := range subjects {
		if want := c.sumOf(subject.Name); want != subject.SHA256 {
			if want == "" {
				return "a statement about files of this release", "one about " + verdict.FileName(subject.Name) + ", which is none of them"
			}
			return "a statement about " + subject.Name + " with sha256 " + want, "sha256 " + subject.SHA256
		}
	}
	if !slices.ContainsFunc(subjects, func(s attest.Subject) bool { return s.Name == release.ManifestPath }) {
		return "a statement about " + release.ManifestPath + " too", "one without"
	}
	return "", ""
}

// sumOf returns the SHA-256 of a file of the release, or "" if it has no such.
func (c *checker) sumOf(path string) string {
	if f, ok := c.manifest.File(path); ok {
		return f.SHA256
	}
	data, ok := c.files[path]
	if !ok || release.IsCompanion(path) {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// decoded returns what the base64 at a path of members says, or nil.
func decoded(v wire.Value, path ...string) []byte {
	for _, name := range path {
		v, _ = v.Get(name)
	}
	text, ok := v.AsString()
	data, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(data) == 0 {
		return nil
	}
	return data
}

// updateProof checks the form of the proof for updates. Whether it is about this
// release only those can tell who know the update keys.
func (c *checker) updateProof(data []byte) {
	if _, err := updateproof.Parse(data); err != nil {
		c.report.Refute(verdict.WellKnown, release.UpdateProofPath, "a C2SP tlog-proof", err.Error(),
			"If you run this site, put up the release.tlog-proof of this release. Apps that pin an earlier one will not follow to this one.")
		return
	}
	if c.config.Evidence == nil {
		c.report.Leave(verdict.WellKnown, release.UpdateProofPath, "for which release it is", "Give a --policy with update keys.")
	}
}
