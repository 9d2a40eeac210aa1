// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

const advice = "Do not use this copy: its provenance is about other files. Get the release again, or rebuild it."

// CheckSubjects records whether the statement is about exactly the files in
// want, which maps names to descriptions of what was found.
func (s *Statement) CheckSubjects(report *verdict.Report, want map[string]release.File) {
	got := make(map[string]Subject, len(s.Subjects))
	for _, subject := range s.Subjects {
		got[subject.Name] = subject
		if _, ok := want[subject.Name]; !ok {
			report.Refute(verdict.Provenance, verdict.FileName(subject.Name), "only files of the release as subjects", "a subject that is none of them", advice)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		file := want[name]
		subject, ok := got[name]
		switch {
		case !ok:
			report.Refute(verdict.Provenance, name, "a subject for the file", "none", advice)
		case subject.SHA256 != file.SHA256:
			report.Refute(verdict.Provenance, name, "subject with sha256 "+file.SHA256, "sha256 "+subject.SHA256, advice)
		case subject.SHA384 != "" && subject.SHA384 != sha384Hex(file.Integrity):
			report.Refute(verdict.Provenance, name, "subject with sha384 "+sha384Hex(file.Integrity), "sha384 "+subject.SHA384, advice)
		default:
			report.Pass(verdict.Provenance, name)
		}
	}
}

// CheckSource records whether the statement says the same about the source as
// the manifest.
func (s *Statement) CheckSource(report *verdict.Report, source release.Source) {
	refute := func(expected, found string) {
		report.Refute(verdict.Provenance, release.ProvenancePath, expected, found,
			"Do not use this copy: manifest and provenance disagree about the source.")
	}
	switch {
	case s.Repository != source.Repository:
		refute("repository "+source.Repository, verdict.Quote(s.Repository))
	case s.Commit != source.Commit:
		refute("commit "+source.Commit, verdict.Quote(s.Commit))
	case source.Commit != release.Unreleased && !s.dependsOn(source):
		refute("the repository at its commit among the resolvedDependencies", "another source, or none")
	default:
		report.Pass(verdict.Provenance, release.ProvenancePath)
	}
}

// dependsOn says whether the source at its commit is a resolved dependency.
func (s *Statement) dependsOn(source release.Source) bool {
	want := "git+" + source.Repository
	return slices.ContainsFunc(s.Dependencies, func(d Dependency) bool {
		uri, _, _ := strings.Cut(d.URI, "@")
		return uri == want && d.Digest["gitCommit"] == source.Commit
	})
}

// sha384Hex turns SRI metadata, "sha384-" and base64, into hexadecimal digits.
func sha384Hex(integrity string) string {
	sum, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(integrity, "sha384-"))
	return hex.EncodeToString(sum)
}
