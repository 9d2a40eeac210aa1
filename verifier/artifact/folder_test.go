// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
)

func TestFolderAndTarOfTheSameFilesReadTheSame(t *testing.T) {
	files := releasetest.Load(t)
	archive := filepath.Join(t.TempDir(), "release.tar")
	if err := os.WriteFile(archive, files.Tar(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{files.Folder(t), archive} {
		set, err := artifact.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if problems := set.Problems(); len(problems) > 0 || !slices.Equal(set.Names(), files.Names()) {
			t.Fatalf("problems %q, names %q", problems, set.Names())
		}
		for name, want := range files {
			if got, _ := set.Content(name); !bytes.Equal(got, want) {
				t.Errorf("content of %s differs", name)
			}
		}
	}
}

func TestEntryOfAFolderThatIsNoPlainFileIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(t *testing.T, folder string) error
		entry string
		found string
	}{
		{"folder", func(_ *testing.T, folder string) error { return os.Mkdir(filepath.Join(folder, "x"), 0o700) }, "x", "an empty folder"},
		{"folder with a space in its name", put("b c/x"), "b c", "a folder of another name, or too deep"},
		{"folder too deep", put("1/2/3/4/5/x"), "1/2/3/4/5", "a folder of another name, or too deep"},
		{"file that is no plain file in a folder", func(_ *testing.T, folder string) error {
			if err := os.Mkdir(filepath.Join(folder, "b"), 0o700); err != nil {
				return err
			}
			return os.Symlink("../a", filepath.Join(folder, "b", "x"))
		}, "b/x", "a symbolic link"},
		{"symbolic link to a folder", func(_ *testing.T, folder string) error { return os.Symlink("/tmp", filepath.Join(folder, "x")) }, "x", "a symbolic link"},
		{"folder whose name differs in case from a file", put("A/x"), "a", "also A"},
		{"symbolic link to a file inside", func(_ *testing.T, folder string) error { return os.Symlink("a", filepath.Join(folder, "x")) }, "x", "a symbolic link"},
		{"symbolic link to nowhere", func(_ *testing.T, folder string) error { return os.Symlink("/nowhere", filepath.Join(folder, "x")) }, "x", "a symbolic link"},
		{"socket", listen, "x", "a socket"},
		{"space in the name", func(_ *testing.T, folder string) error {
			return os.WriteFile(filepath.Join(folder, "a b"), nil, 0o600)
		}, "a b", "another name"},
		{"name that differs in case", func(_ *testing.T, folder string) error {
			return os.WriteFile(filepath.Join(folder, "A"), nil, 0o600)
		}, "a", "also A"},
		{"file too large", func(_ *testing.T, folder string) error { return sparse(filepath.Join(folder, "x"), artifact.MaxFile+1) }, "x", strconv.Itoa(artifact.MaxFile+1) + " bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := releasetest.Release{"a": []byte("one")}.Folder(t)
			if err := c.make(t, folder); err != nil {
				t.Fatal(err)
			}
			set, err := artifact.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			problems := set.Problems()
			if len(problems) != 1 || problems[0].Name != c.entry || problems[0].Found != c.found || !set.Refused(c.entry) {
				t.Errorf("problems %q, want %s on %s", problems, c.found, c.entry)
			}
		})
	}
}

// put returns what makes a file at a path.
func put(path string) func(*testing.T, string) error {
	return func(_ *testing.T, folder string) error {
		name := filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		return os.WriteFile(name, []byte("x"), 0o600)
	}
}

func TestFilesInFoldersAreRead(t *testing.T) {
	files := releasetest.Release{"a": []byte("one"), ".well-known/x/y/b.json": []byte("two"), ".well-known/c": {}, "1/2/3/4/5": []byte("five")}
	folder, err := artifact.Open(files.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	for what, set := range map[string]*artifact.Set{"folder": folder, "tar": readTar(t, files.Tar(t))} {
		if problems := set.Problems(); len(problems) > 0 || !slices.Equal(set.Names(), files.Names()) {
			t.Errorf("%s: problems %q, names %q", what, problems, set.Names())
		}
	}
}

func TestEntriesInFoldersCount(t *testing.T) {
	files := make(releasetest.Release)
	for i := range artifact.MaxFiles {
		files["f"+strconv.Itoa(i%3)+"/"+strconv.Itoa(i)] = nil
	}
	set, err := artifact.Open(files.Folder(t))
	if err != nil || len(set.Problems()) != 1 || set.Problems()[0].Found != "more" {
		t.Errorf("error %v, problems %q", err, set.Problems())
	}
}

func TestFolderWithTooManyEntriesIsRefused(t *testing.T) {
	files := make(releasetest.Release)
	for i := range artifact.MaxFiles + 1 {
		files["f"+strconv.Itoa(i)] = nil
	}
	set, err := artifact.Open(files.Folder(t))
	if err != nil || len(set.Problems()) != 1 || set.Problems()[0].Found != "more" {
		t.Errorf("error %v, problems %q", err, set.Problems())
	}
}

func TestFilesTooLargeTogetherAreRefused(t *testing.T) {
	folder := t.TempDir()
	for i := range artifact.MaxTotal/artifact.MaxFile + 1 {
		// One byte less each, so that only the sum is too large.
		if err := sparse(filepath.Join(folder, "f"+strconv.Itoa(i)), artifact.MaxFile-1); err != nil {
			t.Fatal(err)
		}
	}
	set, err := artifact.Open(folder)
	if err != nil || len(set.Problems()) != 1 || !strings.Contains(set.Problems()[0].Expected, "in all files") {
		t.Errorf("error %v, problems %q", err, set.Problems())
	}
}

func TestPathThatIsNotThereIsAnError(t *testing.T) {
	_, err := artifact.Open(filepath.Join(t.TempDir(), "nowhere"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestDeviceInPlaceOfAReleaseIsAnError(t *testing.T) {
	if _, err := artifact.Open(os.DevNull); err == nil {
		t.Error("a device was read")
	}
}

// listen makes a socket in folder, by a relative path, since the path of a
// socket must be short.
func listen(t *testing.T, folder string) error {
	t.Chdir(folder)
	socket, err := net.Listen("unix", "x")
	if err != nil {
		return err
	}
	t.Cleanup(func() { socket.Close() })
	return nil
}

// sparse makes a file of that size that takes no room.
func sparse(path string, size int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Truncate(size)
}
