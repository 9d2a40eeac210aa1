// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package sourcetree walks the files of this repository that people write.
package sourcetree

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Walk calls visit with the path below root and the content of every regular file whose name wanted
// accepts, in lexical order. It passes over hidden folders, node_modules, testdata, and links, such as
// those that Bazel makes.
func Walk(root string, wanted func(name string) bool, visit func(path string, content []byte) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
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
		if !d.Type().IsRegular() || !wanted(name) {
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
		return visit(rel, content)
	})
}
