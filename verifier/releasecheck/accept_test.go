// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasecheck_test

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

// check returns the report on a release.
func check(set *artifact.Set, options releasecheck.Options) *verdict.Report {
	report := verdict.New("release", "test", releasecheck.Required(options)...)
	releasecheck.Check(report, set, options)
	return report
}

// describe returns the text of a report, for failing tests.
func describe(report *verdict.Report) string {
	var text strings.Builder
	if err := report.WriteText(&text, verdict.Style{}); err != nil {
		return err.Error()
	}
	return text.String()
}

func TestCompleteReleaseIsVerified(t *testing.T) {
	files := releasetest.Load(t)
	report := check(artifact.NewSet(files), releasecheck.Options{Expect: files.Digest()})
	if report.Conclude() != verdict.ConcludeVerified {
		t.Fatal(describe(report))
	}
}
