// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck_test

import (
	"testing"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

// BenchmarkFolder reads and checks a folder, the real release where the
// environment names one.
func BenchmarkFolder(b *testing.B) {
	folder := releasetest.Load(b).Folder(b)
	for b.Loop() {
		set, err := artifact.Open(folder)
		if err != nil {
			b.Fatal(err)
		}
		if check(set, releasecheck.Options{}).Conclude() != verdict.ConcludeVerified {
			b.Fatal("not verified")
		}
	}
}
