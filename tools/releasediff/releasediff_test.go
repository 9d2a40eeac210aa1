// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasediff

import (
	"os"
	"path/filepath"
	"testing"
)

// folder writes files into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCompareFindsTheDifferingBytes(t *testing.T) {
	for _, c := range []struct {
		name, a, b  string
		first, last int
	}{
		{"equal", "same", "same", 0, 0},
		{"one byte", "0123456789", "0123x56789", 4, 5},
		{"a run", "0123456789", "01xx4xx789", 2, 7},
		{"longer", "0123", "012345", 4, 6},
		{"empty", "", "01", 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, err := Compare(folder(t, map[string]string{"f": c.a}), folder(t, map[string]string{"f": c.b}))
			if err != nil {
				t.Fatal(err)
			}
			if len(files) != 1 || files[0].Equal() != (c.a == c.b) || files[0].First != c.first || files[0].Last != c.last {
				t.Errorf("Compare = %+v, want one file that differs in [%d, %d)", files, c.first, c.last)
			}
		})
	}
}

func TestCompareReportsAFileThatOnlyOneFolderHas(t *testing.T) {
	files, err := Compare(folder(t, map[string]string{"f": "x", "sub/g": "y"}), folder(t, map[string]string{"f": "x"}))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || !files[0].Equal() || files[1].Path != "sub/g" || files[1].Equal() || files[1].B != "" {
		t.Errorf("Compare = %+v, want f equal and sub/g missing from the second", files)
	}
}

func TestCompareRefusesAnEmptyFolder(t *testing.T) {
	if _, err := Compare(t.TempDir(), folder(t, map[string]string{"f": "x"})); err == nil {
		t.Error("Compare of an empty folder = nil error; two empty builds must not count as equal")
	}
}

func TestLeaksNamesFileTextAndOffset(t *testing.T) {
	leaks, err := Leaks(folder(t, map[string]string{"a": "built in /build/here", "b": "clean"}), []string{"/build/", "absent"})
	if err != nil {
		t.Fatal(err)
	}
	if len(leaks) != 1 || leaks[0] != (Leak{Path: "a", Text: "/build/", Offset: 9}) {
		t.Errorf("Leaks = %+v, want /build/ in a at 9", leaks)
	}
}

// Mistake M20 (docs/mistakes.md).
func TestCompareOfNothingIsAnError(t *testing.T) {
	if files, err := Compare(t.TempDir(), t.TempDir()); err == nil {
		t.Errorf("Compare of two empty folders = %v, want an error", files)
	}
}
