// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package releasetest makes releases for tests: a small but complete one, the
// real one where the environment names it, and altered ones whose statements
// are brought up to date as far as the test asks.
package releasetest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
)

// Variable names the environment variable with the path of a release folder
// that Load takes instead of the small release: absolute, or relative to the
// working directory or to the runfiles of a Bazel test.
const Variable = "KMS_RELEASE"

// Release is the files of a release by name.
type Release map[string][]byte

// Load returns the release that the environment names, or else Build.
func Load(t testing.TB) Release {
	t.Helper()
	path := os.Getenv(Variable)
	if path == "" {
		return Build(t)
	}
	files, err := Read(locate(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Read returns the files of a folder and of those in it.
func Read(folder string) (Release, error) {
	files := make(Release)
	return files, files.read(folder, "")
}

// read reads a folder, whose path in the release is prefix.
func (r Release) read(folder, prefix string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		info, err := os.Stat(path) // Bazel may hand out links: follow them
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = r.read(path, prefix+entry.Name()+"/")
		} else {
			r[prefix+entry.Name()], err = os.ReadFile(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func locate(t testing.TB, path string) string {
	runfiles := os.Getenv("TEST_SRCDIR")
	candidates := []string{
		path,
		filepath.Join(runfiles, path),
		filepath.Join(runfiles, os.Getenv("TEST_WORKSPACE"), path),
	}
	for _, candidate := range candidates {
		if info, err := os.Stat(candidate); err == nil && info.IsDir() {
			return candidate
		}
	}
	t.Fatalf("%s=%s is no folder; tried %s", Variable, path, strings.Join(candidates, ", "))
	return ""
}

// Clone returns a copy that shares no content.
func (r Release) Clone() Release {
	c := make(Release, len(r))
	for name, content := range r {
		c[name] = slices.Clone(content)
	}
	return c
}

// Names returns the names of the files, sorted.
func (r Release) Names() []string {
	var names []string
	for name := range r {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Manifest returns the manifest, parsed.
func (r Release) Manifest(t testing.TB) *release.Manifest {
	t.Helper()
	m, err := release.Parse(r[release.ManifestPath])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Named returns the name of the file with the given role; the first if there
// are more.
func (r Release) Named(t testing.TB, role release.Role) string {
	t.Helper()
	for _, f := range r.Manifest(t).Files {
		if f.Role == role {
			return f.Path
		}
	}
	t.Fatalf("no file with role %s", role)
	return ""
}

// Digest returns the release digest.
func (r Release) Digest() string { return release.Digest(r[release.ManifestPath]) }

// Folder writes the files to a new folder and returns its path.
func (r Release) Folder(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	r.WriteTo(t, folder)
	return folder
}

// WriteTo writes the files to an existing folder.
func (r Release) WriteTo(t testing.TB, folder string) {
	t.Helper()
	for name, content := range r {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
