// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package format

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckReportsWhatIsNotCanonicalAndWhatCannotBeRead(t *testing.T) {
	root := t.TempDir()
	for name, content := range map[string]string{
		"good.go":                  "package good\n",
		"spaces.go":                "package   spaces\n",
		"broken.go":                "package",
		"BUILD.bazel":              "filegroup(name='x',srcs=['b','a'])\n",
		"rule.bzl":                 "def f():\n    pass\n",
		"notes.txt":                "x  =  1",
		"testdata/spaces.go":       "package   spaces\n",
		".hidden/spaces.go":        "package   spaces\n",
		"node_modules/x/spaces.go": "package   spaces\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	results, err := Check(root)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range results {
		if r.Err != nil {
			got[r.Path] = "unreadable"
		} else {
			got[r.Path] = string(r.Want)
		}
	}
	want := map[string]string{
		"spaces.go":   "package spaces\n",
		"broken.go":   "unreadable",
		"BUILD.bazel": "filegroup(\n    name = \"x\",\n    srcs = [\n        \"a\",\n        \"b\",\n    ],\n)\n",
	}
	for path, form := range want {
		if got[path] != form {
			t.Errorf("%s: %q, want %q", path, got[path], form)
		}
	}
	if len(got) != len(want) {
		t.Errorf("Check reported %v", got)
	}
}
