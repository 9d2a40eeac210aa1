// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

var releaseCommand = command{
	name:     "release",
	argument: "DIR|TAR",
	run:      checkRelease,
}

func checkRelease(_ context.Context, _ *program, path string, o options) (*verdict.Report, error) {
	options := releasecheck.Options{Expect: o.expect}
	report := verdict.New("release", path, releasecheck.Required(options)...)
	set, err := artifact.Open(path)
	if err != nil {
		report.Miss(verdict.Input, path, reason(err), "Check the path, and that you may read what is there.")
		return report, nil
	}
	releasecheck.Check(report, set, options)
	return report, nil
}

// reason says why a path could not be read, without repeating it.
func reason(err error) string {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}
