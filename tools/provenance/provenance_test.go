// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package provenance

import (
	"encoding/json"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

// parsed is the part of a statement that the tests look at.
type parsed struct {
	Subject []struct {
		Name   string
		Digest map[string]string
	}
	Predicate struct {
		BuildDefinition struct {
			ExternalParameters   map[string]string
			ResolvedDependencies []struct {
				URI    string
				Digest map[string]string
			}
		}
	}
}

func statementFor(t *testing.T, commit string) parsed {
	t.Helper()
	m := &release.Manifest{
		Source: release.Source{Repository: "https://example.com/source", Commit: commit},
		Files:  []release.File{release.Describe("a.txt", release.RoleLicense, []byte("a"))},
	}
	text, err := Statement(m, []byte("manifest"), []Dependency{{URI: "pkg:b"}, {URI: "pkg:a", Digest: map[string]string{"sha256": "00"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ParseCanonical(text); err != nil {
		t.Errorf("the statement is not canonical: %v", err)
	}
	var p parsed
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSubjectsAreTheManifestAndEveryFileItLists(t *testing.T) {
	p := statementFor(t, release.Unreleased)
	if len(p.Subject) != 2 || p.Subject[0].Name != "a.txt" || p.Subject[1].Name != release.ManifestPath {
		t.Fatalf("subjects %+v, want a.txt and release.json", p.Subject)
	}
	if got := p.Subject[1].Digest["sha256"]; got != release.Digest([]byte("manifest")) {
		t.Errorf("release.json has digest %s", got)
	}
}

func TestSourceIsADependencyOnlyWhereItsCommitIsKnown(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	known := statementFor(t, commit).Predicate.BuildDefinition
	if first := known.ResolvedDependencies[0]; first.URI != "git+https://example.com/source@"+commit || first.Digest["gitCommit"] != commit {
		t.Errorf("first dependency %+v, want the source commit", first)
	}
	unknown := statementFor(t, release.Unreleased).Predicate.BuildDefinition
	if len(unknown.ResolvedDependencies) != 2 || unknown.ResolvedDependencies[0].URI != "pkg:a" {
		t.Errorf("dependencies %+v, want pkg:a and pkg:b", unknown.ResolvedDependencies)
	}
	if unknown.ExternalParameters["commit"] != release.Unreleased {
		t.Errorf("external parameters %v do not say that the commit is unknown", unknown.ExternalParameters)
	}
}
