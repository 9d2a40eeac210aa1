// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
)

var releaseCommand = command{
	name:     "release",
	argument: "DIR|TAR",
	many:     true,
	summary:  "check a release in a folder or a tar, or several",
	flags:    expectHelp + policyHelp + filesFromHelp,
	bind: func(set *flag.FlagSet) runner {
		var expect digest
		set.Var(&expect, "expect", "")
		var list text
		set.Var(&list, "files-from", "")
		policy := bindPolicy(set)
		return func(_ context.Context, p *program, _ string) (*verdict.Report, error) {
			judgement, err := policy.load()
			if err != nil {
				return nil, err
			}
			if len(p.arguments) == 1 && !list.set {
				return checkRelease(p.arguments[0], expect.value, judgement)
			}
			return nil, p.releases(list, expect.value, judgement)
		}
	},
}

func checkRelease(path, expect string, judgement *judgement) (*verdict.Report, error) {
	options := releasecheck.Options{Expect: expect, Judged: judgement != nil}
	required := append(releasecheck.Required(options), judgement.required()...)
	report := verdict.New("release", path, required...)
	set, err := artifact.Open(fromCaller(path))
	if err != nil {
		report.Miss(verdict.Input, path, reason(err), "Check the path, and that you may read what is there.")
		return report, nil
	}
	manifest := releasecheck.Check(report, set, options)
	judgement.check(report, set, manifest)
	return report, nil
}

// fromCaller returns the path as seen from the folder that the caller is in. "bazel run" starts a program in
// another one, and names the caller's in BUILD_WORKING_DIRECTORY.
func fromCaller(path string) string {
	if folder := os.Getenv("BUILD_WORKING_DIRECTORY"); folder != "" && !filepath.IsAbs(path) {
		return filepath.Join(folder, path)
	}
	return path
}

// reason says why a path could not be read, without repeating it.
func reason(err error) string {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}
