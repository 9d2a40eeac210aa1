// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package treetest

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/tools/format"
	"ats.run/kms-enclave/tools/sourcetree"
)

// root is the source tree. Under Bazel the test's inputs are links into it.
func root(t *testing.T) string {
	t.Helper()
	path, err := filepath.EvalSymlinks("../../MODULE.bazel")
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}

// sources calls visit with the path below the root and the content of every source file with one of the
// endings, generated ones excepted.
func sources(t *testing.T, endings []string, visit func(path string, content []byte)) {
	t.Helper()
	wanted := func(name string) bool {
		return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(name, ending) })
	}
	err := sourcetree.Walk(root(t), wanted, func(path string, content []byte) error {
		if !bytes.Contains(content[:min(len(content), 300)], []byte("DO NOT EDIT.\n")) {
			visit(path, content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestGoAndBazelFilesAreInCanonicalForm(t *testing.T) {
	results, err := format.Check(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s cannot be read: %v", r.Path, r.Err)
			continue
		}
		t.Errorf("%s is not in canonical form; run: tools/bazel run //:fix", r.Path)
	}
}

func TestEverySourceFileNamesItsLicence(t *testing.T) {
	endings := []string{".go", ".ts", ".mjs", ".bzl", ".bazel", ".sh", ".css"}
	sources(t, endings, func(path string, content []byte) {
		head := content[:min(len(content), 400)]
		if !bytes.Contains(head, []byte("SPDX-License-Identifier: Apache-2.0")) {
			t.Errorf("%s: no line SPDX-License-Identifier: Apache-2.0 at its head", path)
		}
	})
}

// TestNoFileIsTooLong holds the budgets of CONTRIBUTING.md.
func TestNoFileIsTooLong(t *testing.T) {
	for ending, budget := range map[string]int{".go": 400, ".ts": 350, ".mjs": 350, ".bzl": 300, ".sh": 300} {
		sources(t, []string{ending}, func(path string, content []byte) {
			if lines := bytes.Count(content, []byte("\n")); lines > budget {
				t.Errorf("%s has %d lines; the budget for %s is %d: split it by what it does", path, lines, ending, budget)
			}
		})
	}
}

func TestEveryGoFolderHasOnePackageComment(t *testing.T) {
	comments := map[string][]string{}
	sources(t, []string{".go"}, func(path string, content []byte) {
		folder := filepath.Dir(path)
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		if _, seen := comments[folder]; !seen {
			comments[folder] = nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		if file.Doc != nil {
			comments[folder] = append(comments[folder], filepath.Base(path))
		}
	})
	for folder, files := range comments {
		if len(files) != 1 {
			t.Errorf("%s: package comment in %d files %v; expected exactly one", folder, len(files), files)
		}
	}
}

func TestPublicStarlarkFilesOnlyReExport(t *testing.T) {
	entries, err := filepath.Glob(filepath.Join(root(t), "tools/rules/*.bzl"))
	if err != nil || len(entries) == 0 {
		t.Fatalf("no public .bzl files found: %v", err)
	}
	for _, path := range entries {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(content, []byte("\n")); lines > 60 || bytes.Contains(content, []byte("\ndef ")) {
			t.Errorf("%s: public .bzl files re-export from private/; move the body there", filepath.Base(path))
		}
	}
}

// TestOnlyWhatOthersBuildOnIsPublic lets visibility say the same as the import policy: a target is public
// where another repository takes a release, a pin or a flag from it.
func TestOnlyWhatOthersBuildOnIsPublic(t *testing.T) {
	public := []string{"BUILD.bazel", "enclave/BUILD.bazel", "tools/rules/BUILD.bazel"}
	sources(t, []string{"BUILD.bazel"}, func(path string, content []byte) {
		if slices.Contains(public, path) || strings.HasPrefix(path, "third_party/") {
			return
		}
		if bytes.Contains(content, []byte("//visibility:public")) {
			t.Errorf("%s has a public target; write //:__subpackages__, or less, in its place", path)
		}
	})
}
