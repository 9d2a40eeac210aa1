// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasetest

import (
	"maps"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
)

// SetManifest writes m as release.json.
func (r Release) SetManifest(t testing.TB, m *release.Manifest) {
	t.Helper()
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	r[release.ManifestPath] = data
}

// Redescribe makes release.json say what its files are now, under the names
// that they have. Content-addressed files keep their old entry, since no
// manifest may list them under a wrong name.
func (r Release) Redescribe(t testing.TB) {
	t.Helper()
	m := r.Manifest(t)
	for i, f := range m.Files {
		now := release.Describe(f.Path, f.Role, r[f.Path])
		if now.Check(r[f.Path]) == nil {
			m.Files[i] = now
		}
	}
	r.SetManifest(t, m)
}

// UpdateChecksums makes SHA256SUMS say what the files are now.
func (r Release) UpdateChecksums(t testing.TB) {
	t.Helper()
	var sums []release.Checksum
	for _, name := range r.Names() {
		if name != release.ChecksumsPath && !release.IsCompanion(name) {
			sums = append(sums, release.Checksum{Path: name, SHA256: release.Digest(r[name])})
		}
	}
	r[release.ChecksumsPath] = release.MarshalChecksums(sums)
}

// UpdateProvenance makes the provenance be about the files as they are now,
// and about the source that the manifest names.
func (r Release) UpdateProvenance(t testing.TB) {
	t.Helper()
	r.SetProvenance(r.Subjects(), r.Manifest(t).Source)
}

// UpdateAll makes every statement say what the files are now.
func (r Release) UpdateAll(t testing.TB) {
	t.Helper()
	r.Redescribe(t)
	r.UpdateBrowserManifests(t)
	r.UpdateProvenance(t)
	r.UpdateChecksums(t)
}

// Subjects returns the SHA-256 of each file that a provenance is about, by
// name.
func (r Release) Subjects() map[string]string {
	subjects := make(map[string]string)
	for name, content := range r {
		if name != release.ChecksumsPath && name != release.ProvenancePath && !release.IsCompanion(name) {
			subjects[name] = release.Digest(content)
		}
	}
	return subjects
}

// SetProvenance writes a provenance about subjects.
func (r Release) SetProvenance(subjects map[string]string, source release.Source) {
	var list []wire.Value
	for _, name := range slices.Sorted(maps.Keys(subjects)) {
		list = append(list, wire.Object(text("name", name), object("digest", text("sha256", subjects[name]))))
	}
	r[release.ProvenancePath] = Provenance(list, source)
}

// SetHeader changes one header of the rule for path, and brings every
// statement up to date.
func (r Release) SetHeader(t testing.TB, path, name, value string) {
	t.Helper()
	m := r.Manifest(t)
	for i, rule := range m.Headers {
		for j, h := range rule.Headers {
			if slices.Contains(rule.Paths, path) && h.Name == name {
				m.Headers[i].Headers[j].Value = value
			}
		}
	}
	r.SetManifest(t, m)
	r.UpdateProvenance(t)
	r.UpdateChecksums(t)
}

// Provenance returns a valid statement about subjects.
func Provenance(subjects []wire.Value, source release.Source) []byte {
	dependencies := []wire.Value{wire.Object(
		text("name", "MODULE.bazel.lock"),
		object("digest", text("sha256", release.Digest(nil))),
	)}
	if source.Commit != release.Unreleased {
		dependencies = append(dependencies, wire.Object(
			text("uri", "git+"+source.Repository+"@refs/heads/main"),
			object("digest", text("gitCommit", source.Commit)),
		))
	}
	return wire.Object(
		text("_type", attest.StatementType),
		text("predicateType", attest.ProvenanceType),
		wire.Member{Name: "subject", Value: wire.Array(subjects...)},
		object("predicate",
			object("buildDefinition",
				text("buildType", "https://git.example/kms-enclave/build/v1"),
				object("externalParameters",
					text("target", "//enclave:release"),
					text("repository", source.Repository),
					text("commit", source.Commit),
				),
				wire.Member{Name: "resolvedDependencies", Value: wire.Array(dependencies...)},
			),
			object("runDetails", object("builder", text("id", "https://git.example/kms-enclave/builder"))),
		),
	).Append(nil)
}

func text(name, value string) wire.Member {
	return wire.Member{Name: name, Value: wire.String(value)}
}

func object(name string, members ...wire.Member) wire.Member {
	return wire.Member{Name: name, Value: wire.Object(members...)}
}
