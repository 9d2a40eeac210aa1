// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command format rewrites Go and Bazel files of the source tree into canonical form. It is part of
// tools/bazel run //:fix.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"ats.run/kms-enclave/tools/format"
)

func main() {
	root := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	if root == "" {
		fmt.Fprintln(os.Stderr, "format: run it as tools/bazel run //:fix")
		os.Exit(64)
	}
	if err := run(root); err != nil {
		fmt.Fprintln(os.Stderr, "format:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	results, err := format.Check(root)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return fmt.Errorf("%s: %w", r.Path, r.Err)
		}
		if err := os.WriteFile(filepath.Join(root, r.Path), r.Want, 0o644); err != nil {
			return err
		}
		fmt.Println("formatted", r.Path)
	}
	return nil
}
