// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck_test

import (
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

// statements are the files whose digests no manifest lists: each byte of them
// must count by what it says. The small release, since there are as many
// checks as bytes.
var statements = []string{release.ManifestPath, release.ProvenancePath, release.ChecksumsPath}

func TestEverySingleByteChangeOfAStatementIsRefuted(t *testing.T) {
	for _, name := range statements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := releasetest.Build(t)
			content := files[name]
			for i := range content {
				content[i] ^= 1
				assertNoticed(t, files, name, i)
				content[i] ^= 1
			}
		})
	}
}

func TestEveryTruncationOfAStatementIsRefuted(t *testing.T) {
	for _, name := range statements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := releasetest.Build(t)
			content := files[name]
			for size := range content {
				files[name] = content[:size]
				assertNoticed(t, files, name, size)
			}
		})
	}
}

func assertNoticed(t *testing.T, files releasetest.Release, name string, at int) {
	t.Helper()
	report := check(artifact.NewSet(files), releasecheck.Options{})
	if report.Conclude() != verdict.ConcludeRefuted {
		t.Errorf("%s: a change at byte %d is not noticed", name, at)
	}
}
