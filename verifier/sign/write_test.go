// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ats.run/kms-enclave/verifier/sign"
)

// tree returns the names of everything below a folder.
func tree(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if path != folder {
			name, _ := filepath.Rel(folder, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%s has %q, %v; want %q", name, got, err, want)
	}
}

var files = map[string][]byte{"a": []byte("one"), "b": []byte("two"), ".well-known/c/d": []byte("three")}

func TestFilesAreWrittenWithNothingBeside(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	if err := sign.Write(folder, files, false); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, folder); !slices.Equal(got, []string{".well-known", ".well-known/c", ".well-known/c/d", "a", "b"}) {
		t.Errorf("found %q", got)
	}
	wantContent(t, filepath.Join(folder, "b"), "two")
}

func TestExistingFileIsReplacedOnlyByForce(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "b"), "old")
	err := sign.Write(folder, files, false)
	wantFault(t, err, sign.Refused, "b:", "--force")
	wantFault(t, sign.CheckFree(folder, []string{"b"}, false), sign.Refused, "--force")
	if got := tree(t, folder); !slices.Equal(got, []string{"b"}) {
		t.Errorf("left %q", got)
	}
	wantContent(t, filepath.Join(folder, "b"), "old")
	if err := sign.Write(folder, files, true); err != nil {
		t.Fatal(err)
	}
	wantContent(t, filepath.Join(folder, "b"), "two")
	if got := tree(t, folder); len(got) != 5 {
		t.Errorf("left %q", got)
	}
}

func TestFolderInThePlaceOfAFileStays(t *testing.T) {
	for _, force := range []bool{false, true} {
		folder := t.TempDir()
		put(t, filepath.Join(folder, "a"), "old")
		if err := os.MkdirAll(filepath.Join(folder, "z", "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		before := tree(t, folder)
		err := sign.Write(folder, map[string][]byte{"b": nil, "m/n": nil, "z/in the way": nil}, force)
		wantFault(t, err, sign.Refused, "something else in its place")
		if after := tree(t, folder); !slices.Equal(before, after) {
			t.Errorf("found %q, want %q", after, before)
		}
	}
}

func TestFolderThatCannotBeWrittenIsToldAndLeftAlone(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "file"), "")
	err := sign.Write(filepath.Join(folder, "file"), files, false)
	wantFault(t, err, sign.Unavailable, "Nothing was written")
	wantFault(t, sign.CheckFree(filepath.Join(folder, "file"), []string{"a"}, false), sign.Unavailable)
	err = sign.Write(folder, map[string][]byte{"a": nil, "file/b": nil}, false)
	wantFault(t, err, sign.Unavailable, "file/b")
	if got := tree(t, folder); !slices.Equal(got, []string{"file"}) {
		t.Errorf("left %q", got)
	}
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	locked := filepath.Join(folder, "locked")
	if err := os.Mkdir(locked, 0o500); err != nil {
		t.Fatal(err)
	}
	wantFault(t, sign.Write(locked, files, false), sign.Unavailable, "permission denied")
	wantFault(t, sign.CheckFree(locked, []string{"a"}, false), sign.Unavailable, "permission denied")
}

func TestPathOutOfTheFolderIsRefused(t *testing.T) {
	folder := t.TempDir()
	if err := sign.Write(filepath.Join(folder, "in"), map[string][]byte{"../out": nil}, true); err == nil {
		t.Error("it was written")
	}
	if err := os.Symlink(folder, filepath.Join(folder, "in", "link")); err != nil {
		t.Fatal(err)
	}
	if err := sign.Write(filepath.Join(folder, "in"), map[string][]byte{"link/out": nil}, true); err == nil {
		t.Error("it was written through a link")
	}
	if _, err := os.Lstat(filepath.Join(folder, "out")); err == nil {
		t.Error("there is a file outside")
	}
}

func TestSecretIsReadableByItsOwnerAlone(t *testing.T) {
	folder := t.TempDir()
	if err := sign.WriteSecret(folder, "key", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(folder, "key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	wantFault(t, sign.WriteSecret(folder, "key", []byte("other")), sign.Refused, "one that is there already")
	wantContent(t, filepath.Join(folder, "key"), "secret")
}
