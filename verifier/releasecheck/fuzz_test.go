// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck_test

import (
	"bytes"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

// fuzzFile puts other bytes in place of one file of a release: whatever they
// are, only the original ones may be verified.
func fuzzFile(f *testing.F, name string) {
	original := releasetest.Build(f)
	f.Add(original[name])
	for _, other := range original.Names() {
		f.Add(original[other])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := make(releasetest.Release)
		for path, content := range original {
			files[path] = content
		}
		files[name] = data
		report := check(artifact.NewSet(files), releasecheck.Options{})
		verified := report.Conclude() == verdict.ConcludeVerified
		if verified != bytes.Equal(data, original[name]) {
			t.Fatalf("concluded %s\n%s", report.Conclude(), describe(report))
		}
	})
}

func FuzzManifest(f *testing.F)   { fuzzFile(f, release.ManifestPath) }
func FuzzChecksums(f *testing.F)  { fuzzFile(f, release.ChecksumsPath) }
func FuzzProvenance(f *testing.F) { fuzzFile(f, release.ProvenancePath) }
