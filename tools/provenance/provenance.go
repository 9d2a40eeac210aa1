// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package provenance writes the deterministic part of a release's SLSA provenance: an in-toto Statement v1
// with a SLSA Provenance v1 predicate (slsa.dev/spec/v1.2/provenance).
//
// Everything in it follows from the sources. The build's own circumstances (who ran it, when, with which
// Bazel) are added when a release is signed; until then builder.id says that nobody vouches for them.
package provenance

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
)

// Values of the statement, described in docs/release-format.md.
const (
	StatementType     = "https://in-toto.io/Statement/v1"
	PredicateType     = "https://slsa.dev/provenance/v1"
	BuildType         = "https://ats.run/kms-enclave/buildtypes/bazel-release/v1"
	UnattestedBuilder = "https://ats.run/kms-enclave/builders/unattested"
	Target            = "//enclave:release"
)

// Dependency is one thing the build read that is not the source: its package URL, and digests by in-toto
// algorithm name (sha256, dirHash1) in lower-case hexadecimal.
type Dependency struct {
	URI    string
	Digest map[string]string
}

type statement struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     predicate  `json:"predicate"`
}

type predicate struct {
	BuildDefinition definition `json:"buildDefinition"`
	RunDetails      runDetails `json:"runDetails"`
}

type definition struct {
	BuildType            string            `json:"buildType"`
	ExternalParameters   map[string]string `json:"externalParameters"`
	ResolvedDependencies []resource        `json:"resolvedDependencies"`
}

type runDetails struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
}

type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

// Statement returns the canonical JSON (package wire) of the statement about a release: subjects are release.json, whose bytes
// are manifestBytes, and every file that it lists.
func Statement(m *release.Manifest, manifestBytes []byte, dependencies []Dependency) ([]byte, error) {
	s := statement{Type: StatementType, PredicateType: PredicateType}
	s.Subject = append(s.Subject, resource{
		Name:   release.ManifestPath,
		Digest: map[string]string{"sha256": release.Digest(manifestBytes)},
	})
	for _, f := range m.Files {
		s.Subject = append(s.Subject, resource{Name: f.Path, Digest: map[string]string{"sha256": f.SHA256}})
	}
	sort.Slice(s.Subject, func(i, j int) bool { return s.Subject[i].Name < s.Subject[j].Name })

	d := &s.Predicate.BuildDefinition
	d.BuildType = BuildType
	d.ExternalParameters = map[string]string{
		"commit":     m.Source.Commit,
		"repository": m.Source.Repository,
		"target":     Target,
	}
	d.ResolvedDependencies = resolved(m.Source, dependencies)
	s.Predicate.RunDetails.Builder.ID = UnattestedBuilder

	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("writing the provenance statement: %w", err)
	}
	value, err := wire.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("writing the provenance statement: %w", err)
	}
	return value.Append(nil), nil
}

// resolved lists the source first, where its commit is known, then the dependencies by URI.
func resolved(source release.Source, dependencies []Dependency) []resource {
	list := []resource{}
	if source.Commit != release.Unreleased {
		list = append(list, resource{
			URI:    "git+" + source.Repository + "@" + source.Commit,
			Digest: map[string]string{"gitCommit": source.Commit},
		})
	}
	sorted := append([]Dependency(nil), dependencies...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].URI < sorted[j].URI })
	for _, d := range sorted {
		list = append(list, resource{URI: d.URI, Digest: d.Digest})
	}
	return list
}

// DirHash1 turns a go.sum hash ("h1:" and base64) into the digest that in-toto calls dirHash1.
func DirHash1(h1 []byte) map[string]string {
	return map[string]string{"dirHash1": strings.ToLower(hex.EncodeToString(h1))}
}
