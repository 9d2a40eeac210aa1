// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package versions

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test's inputs: programs of this repository, and what "go list -m all" says in go.work's folder.
const (
	programsVariable = "KMS_PROGRAMS"
	listVariable     = "KMS_GO_LIST"
)

func TestProgramsLinkTheVersionsThatGoSelects(t *testing.T) {
	selected := selection(t)
	seen := 0
	for _, program := range strings.Fields(os.Getenv(programsVariable)) {
		info, err := buildinfo.ReadFile(input(program))
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		for _, dep := range info.Deps {
			want, ok := selected[dep.Path]
			if !ok {
				if !strings.HasPrefix(dep.Path, "ats.run/kms-enclave") {
					t.Errorf("%s links %s, which go list -m all does not have", program, dep.Path)
				}
				continue
			}
			seen++
			if dep.Version != want {
				t.Errorf("%s links %s %s, but Go selects %s: run go work sync", program, dep.Path, dep.Version, want)
			}
		}
	}
	if seen == 0 {
		t.Fatal("no program names a module: the test compared nothing")
	}
}

// input returns where Bazel laid one of the test's inputs.
func input(path string) string { return filepath.Join(os.Getenv("TEST_SRCDIR"), path) }

// selection reads lines of a module path and its version.
func selection(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(input(os.Getenv(listVariable)))
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			versions[path] = version
		}
	}
	return versions
}
