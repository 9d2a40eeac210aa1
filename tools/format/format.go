// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package format brings Go and Bazel files into their one canonical form: gofmt's and buildifier's.
package format

import (
	"bytes"
	"fmt"
	"go/format"
	"path/filepath"
	"strings"

	"github.com/bazelbuild/buildtools/build"

	"ats.run/kms-enclave/tools/sourcetree"
)

// Result is one file that is not in canonical form.
type Result struct {
	Path string // below the root
	Want []byte // its canonical bytes; nil if it cannot be read as what its name says
	Err  error
}

// Check returns the Go and Bazel files under root that are not in canonical form.
func Check(root string) ([]Result, error) {
	var results []Result
	wanted := func(name string) bool { return canonicalForm(name) != nil }
	err := sourcetree.Walk(root, wanted, func(path string, content []byte) error {
		want, err := canonicalForm(filepath.Base(path))(path, content)
		if err != nil {
			results = append(results, Result{Path: path, Err: err})
		} else if !bytes.Equal(content, want) {
			results = append(results, Result{Path: path, Want: want})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the source tree: %w", err)
	}
	return results, nil
}

// canonicalForm returns the formatter for a file name, or nil.
func canonicalForm(name string) func(path string, content []byte) ([]byte, error) {
	switch {
	case strings.HasSuffix(name, ".go"):
		return func(_ string, content []byte) ([]byte, error) { return format.Source(content) }
	case strings.HasSuffix(name, ".bzl"), name == "BUILD.bazel", name == "MODULE.bazel":
		return func(path string, content []byte) ([]byte, error) {
			file, err := build.Parse(path, content)
			if err != nil {
				return nil, err
			}
			return build.Format(file), nil
		}
	}
	return nil
}
