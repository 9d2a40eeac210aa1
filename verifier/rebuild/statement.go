// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild

import (
	"slices"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// statement returns what can be stated about the published release: nil unless
// it was built, and found to be the same or not.
func (r *rebuilder) statement() *vsa.Summary {
	passed := r.report.Conclude() == verdict.ConcludeVerified
	if r.rebuilt == nil || !passed && !r.differs() {
		return nil
	}
	source := r.expect.manifest.Source
	// The published template if it is at hand: then it is compared. Else the one
	// that was built, which is about the published release only if all is equal.
	template, ok := r.expect.set.Content(release.ProvenancePath)
	if !ok {
		template, _ = r.rebuilt.Content(release.ProvenancePath)
	}
	s := &vsa.Summary{
		Verifier:     r.Verifier,
		Versions:     map[string]string{"bazel": r.bazel, "go": goVersion(template), "kmsverify": r.Program},
		Time:         r.Now().UTC().Truncate(time.Second),
		Resource:     "git+" + source.Repository + "@" + source.Commit,
		PolicyURI:    source.Repository + "#" + Target,
		PolicySHA256: release.Digest(template),
		Passed:       passed,
		Subjects:     []attest.Subject{{Name: release.ManifestPath, SHA256: release.Digest(r.expect.bytes)}},
	}
	if passed {
		s.Levels = []string{vsa.Level}
	}
	for _, f := range r.expect.manifest.Files {
		s.Subjects = append(s.Subjects, attest.Subject{Name: f.Path, SHA256: f.SHA256})
	}
	sortSubjects(s.Subjects)
	return s
}

// differs says whether a file came out otherwise, which is more than not to
// have been looked at.
func (r *rebuilder) differs() bool {
	for _, c := range r.report.Checks() {
		if c.Step == verdict.Reproduced && c.Result == verdict.Refuted {
			return true
		}
	}
	return false
}

// goVersion returns the version of Go that a provenance names, such as 1.26.8.
func goVersion(template []byte) string {
	statement, err := attest.Parse(template)
	if err != nil {
		return "unknown"
	}
	for _, d := range statement.Dependencies {
		if version, ok := strings.CutPrefix(d.URI, "pkg:golang/golang.org/toolchain@v0.0.1-go"); ok {
			if dot := strings.LastIndexByte(version, '.'); dot > 0 {
				return version[:dot] // without the platform
			}
		}
	}
	return "unknown"
}

func sortSubjects(subjects []attest.Subject) {
	slices.SortFunc(subjects, func(a, b attest.Subject) int { return strings.Compare(a.Name, b.Name) })
}
