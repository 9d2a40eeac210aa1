// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/verdict"
)

// releaseVariable names the release that is signed if no argument does: a folder
// in the runfiles of the program, as "bazel run //enclave:sign" has it.
const releaseVariable = "KMS_RELEASE"

const maxInput = 16 << 20 // bytes of a file that a flag names

// fromCaller returns a path as seen from the folder that the caller is in. "bazel
// run" starts a program in another one, and names the caller's.
func (p *program) fromCaller(path string) string {
	if folder := p.getenv("BUILD_WORKING_DIRECTORY"); folder != "" && !filepath.IsAbs(path) {
		return filepath.Join(folder, path)
	}
	return path
}

// openRelease reads the release that the argument, or else the environment, names.
// The folder is where it lies, or "" if it is a tar or was built by Bazel.
func (p *program) openRelease(argument string) (set *artifact.Set, target, folder string, err error) {
	target, path := argument, p.fromCaller(argument)
	if argument == "" {
		if target = p.getenv(releaseVariable); target == "" {
			return nil, "", "", &sign.Fault{Kind: sign.Usage, Subject: "release", Expected: "a folder or a tar", Found: "none",
				Advice: "Name one, or start this with \"bazel run //enclave:sign\""}
		}
		path = p.runfile(target)
	}
	set, err = artifact.Open(path)
	if err != nil {
		return nil, "", "", unreadable(target, err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() && argument != "" {
		folder = path
	}
	return set, target, folder, nil
}

func (p *program) runfile(path string) string {
	runfiles := p.getenv("RUNFILES_DIR")
	for _, candidate := range []string{path, filepath.Join(runfiles, path), filepath.Join(runfiles, "_main", path)} {
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	return path
}

// readFile reads a file that a flag names.
func (p *program) readFile(name string) ([]byte, error) {
	file, err := os.Open(p.fromCaller(name))
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxInput+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if len(data) > maxInput {
		return nil, &sign.Fault{Kind: sign.Refused, Subject: verdict.FileName(name), Expected: "at most " + strconv.Itoa(maxInput) + " bytes", Found: "more"}
	}
	return data, nil
}

// unreadable says why a file could not be read, without what is in it.
func unreadable(name string, err error) *sign.Fault {
	found := "it cannot be read"
	var path *fs.PathError
	if errors.As(err, &path) {
		found = path.Err.Error()
	}
	return &sign.Fault{Kind: sign.Unavailable, Subject: verdict.FileName(name), Found: found,
		Advice: "Check the path, and that you may read what is there"}
}
