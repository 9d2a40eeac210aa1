// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
)

// readTar returns what is in a tar that can be read without an error.
func readTar(t *testing.T, data []byte) *artifact.Set {
	t.Helper()
	set, err := artifact.ReadTar(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestTarOfPlainFilesIsRead(t *testing.T) {
	files := releasetest.Release{"a": []byte("one"), "b.js": {}, "_c": bytes.Repeat([]byte("x"), 1024)}
	set := readTar(t, files.Tar(t))
	if problems := set.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	if names := set.Names(); !slices.Equal(names, files.Names()) {
		t.Fatalf("names %q, want %q", names, files.Names())
	}
	for name, want := range files {
		if got, ok := set.Content(name); !ok || !bytes.Equal(got, want) {
			t.Errorf("content of %s differs", name)
		}
	}
}

// entry returns an entry of another kind than a plain file.
func entry(kind byte, name string) releasetest.Entry {
	return releasetest.Entry{Header: tar.Header{
		Typeflag: kind, Name: name, Linkname: "a", Mode: 0o644, Format: tar.FormatUSTAR,
	}}
}

func TestTarTrickIsRefused(t *testing.T) {
	a := releasetest.Plain("a", []byte("one"))
	for _, c := range []struct {
		name    string
		archive []byte
		subject string
		found   string
	}{
		{"name twice", releasetest.Archive(t, a, releasetest.Plain("a", []byte("two"))), "a", "a second time"},
		{"name twice, equal", releasetest.Archive(t, a, a), "a", "a second time"},
		{"empty file twice", releasetest.Archive(t, releasetest.Plain("e", nil), releasetest.Plain("e", nil)), "e", "a second time"},
		{"names that differ in case", releasetest.Archive(t, a, releasetest.Plain("A", nil)), "A", "also a"},
		{"absolute path", releasetest.Archive(t, releasetest.Plain("/a", nil)), "/a", "another name"},
		{"path out of the folder", releasetest.Archive(t, releasetest.Plain("../a", nil)), "../a", "another name"},
		{"path with a dot", releasetest.Archive(t, releasetest.Plain("./a", nil)), "./a", "another name"},
		{"path too deep", releasetest.Archive(t, releasetest.Plain("1/2/3/4/5/6", nil)), "1/2/3/4/5/6", "another name"},
		{"path out of a folder", releasetest.Archive(t, releasetest.Plain("b/../a", nil)), "b/../a", "another name"},
		{"empty segment", releasetest.Archive(t, releasetest.Plain("b//a", nil)), "b//a", "another name"},
		{"slash at the end", repaired(patched(t, 1, '/')), "a/", "another name"},
		{"file and then folder", releasetest.Archive(t, a, releasetest.Plain("a/b", nil)), "a/b", "a name for both"},
		{"folder and then file", releasetest.Archive(t, releasetest.Plain("a/b", nil), a), "a", "a name for both"},
		{"folders that differ in case", releasetest.Archive(t, releasetest.Plain("b/a", nil), releasetest.Plain("B/c", nil)), "B/c", "also b"},
		{"backslash", releasetest.Archive(t, releasetest.Plain(`b\a`, nil)), `b\a`, "another name"},
		{"escape sequence", releasetest.Archive(t, releasetest.Plain("\x1b[2J", nil)), "\x1b[2J", "another name"},
		{"folder", releasetest.Archive(t, entry(tar.TypeDir, "b/")), "b/", "a folder"},
		{"symbolic link", releasetest.Archive(t, entry(tar.TypeSymlink, "b")), "b", "a symbolic link"},
		{"hard link", releasetest.Archive(t, a, entry(tar.TypeLink, "b")), "b", "a hard link"},
		{"device", releasetest.Archive(t, entry(tar.TypeChar, "b")), "b", "a device"},
		{"pipe", releasetest.Archive(t, entry(tar.TypeFifo, "b")), "b", "a pipe"},
		{"pax time", releasetest.Archive(t, pax()), "PaxHeaders.0/a", "a pax extension"},
		{"GNU long name", releasetest.Archive(t, longName()), "(tar)", "another magic number"},
		{"mode with setuid", releasetest.Archive(t, setuid()), "(tar)", "another mode"},
		{"no end", files(t)[:512], "(tar)", "its end before that"},
		{"one block of zeros", append(files(t)[:1024], make([]byte, 512)...), "(tar)", "its end before that"},
		{"empty", nil, "(tar)", "its end before that"},
		{"no tar", []byte(strings.Repeat("no tar at all ", 100)), "(tar)", "another magic number"},
		{"bytes after the end", append(files(t), 'x'), "(tar)", "other bytes"},
		{"second tar after the end", append(files(t), files(t)...), "(tar)", "other bytes"},
		{"zeros without end", append(files(t), make([]byte, artifact.MaxPadding+512)...), "(tar)", "more"},
		{"data in the padding", patched(t, 512+3, 'x'), "(tar)", "other bytes"},
		{"wrong checksum", patched(t, 149, '7'), "(tar)", "a wrong one"},
		{"bytes after the NUL of the name", repaired(patched(t, 50, 'x')), "(tar)", "other bytes in a header"},
		{"prefix", repaired(patched(t, 345, 'x')), "(tar)", "other bytes in a header"},
		{"bytes after the header", repaired(patched(t, 511, 'x')), "(tar)", "other bytes in a header"},
		{"link name on a plain file", repaired(patched(t, 157, 'x')), "(tar)", "one"},
		{"old type", repaired(patched(t, 156, 0)), "a", "the old type NUL"},
		{"unknown type", repaired(patched(t, 156, 'Z')), "a", "an unknown type of entry"},
		{"size in base 256", repaired(patched(t, 124, 0x80)), "(tar)", "something else"},
		{"huge size", repaired(patched(t, 124, '7')), "a", "7516192771 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := readTar(t, c.archive).Problems()
			found := slices.ContainsFunc(problems, func(p artifact.Problem) bool {
				return p.Name == c.subject && strings.Contains(p.Found, c.found) && p.Expected != ""
			})
			if !found {
				t.Errorf("problems %q, want %s on %q", problems, c.found, c.subject)
			}
		})
	}
}

func TestTarWithTooManyEntriesIsRefused(t *testing.T) {
	var entries []releasetest.Entry
	for i := range artifact.MaxFiles + 1 {
		entries = append(entries, releasetest.Plain("f"+strings.Repeat("x", i%50)+string(rune('a'+i/50)), nil))
	}
	problems := readTar(t, releasetest.Archive(t, entries...)).Problems()
	if len(problems) != 1 || problems[0].Found != "more" {
		t.Errorf("problems %q", problems)
	}
}

func TestEveryTruncationOfATarIsRefused(t *testing.T) {
	whole := files(t)
	for size := range len(whole) {
		if len(readTar(t, whole[:size]).Problems()) == 0 {
			t.Errorf("a tar cut to %d bytes is accepted", size)
		}
	}
}

func TestErrorOfTheReaderIsNoProblemOfTheTar(t *testing.T) {
	broken := errors.New("disk on fire")
	reader := io.MultiReader(bytes.NewReader(files(t)[:700]), iotest.ErrReader(broken))
	if _, err := artifact.ReadTar(reader); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

// files is a small tar of one file with three bytes.
func files(t *testing.T) []byte {
	return releasetest.Archive(t, releasetest.Plain("a", []byte("one")))
}

// patched returns the small tar with one byte changed.
func patched(t *testing.T, at int, to byte) []byte {
	archive := files(t)
	archive[at] = to
	return archive
}

// repaired makes the checksum of the first header right.
func repaired(archive []byte) []byte {
	copy(archive[148:156], "        ")
	sum := 0
	for _, c := range archive[:512] {
		sum += int(c)
	}
	for i := range 6 {
		archive[148+i] = byte('0' + sum>>(3*(5-i))&7)
	}
	archive[154], archive[155] = 0, ' '
	return archive
}

func pax() releasetest.Entry {
	e := releasetest.Plain("a", []byte("one"))
	e.Header.Format = tar.FormatPAX
	e.Header.PAXRecords = map[string]string{"KMS.note": "odd"}
	return e
}

func longName() releasetest.Entry {
	e := releasetest.Plain(strings.Repeat("a", 200), nil)
	e.Header.Format = tar.FormatGNU
	return e
}

func setuid() releasetest.Entry {
	e := releasetest.Plain("a", nil)
	e.Header.Mode = 0o4755
	return e
}
