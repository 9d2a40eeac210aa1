// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package format brings Go and Bazel files into their one canonical form: gofmt's and buildifier's.
package format

import (
	"bytes"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// Result is one file that is not in canonical form.
type Result struct {
	Path string // below the root
	Want []byte // its canonical bytes; nil if it cannot be read as what its name says
	Err  error
}

// Check returns the Go and Bazel files under root that are not in canonical form. It passes over what git
// would not track: bazel-* links, hidden folders, node_modules and testdata.
func Check(root string) ([]Result, error) {
	var results []Result
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		canonical := canonicalForm(name)
		if canonical == nil {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want, err := canonical(rel, content)
		if err != nil {
			results = append(results, Result{Path: rel, Err: err})
		} else if !bytes.Equal(content, want) {
			results = append(results, Result{Path: rel, Want: want})
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
