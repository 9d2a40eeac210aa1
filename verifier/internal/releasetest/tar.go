// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasetest

import (
	"archive/tar"
	"bytes"
	"testing"
)

// Tar returns the files as a tar, sorted by name.
func (r Release) Tar(t testing.TB) []byte {
	t.Helper()
	var entries []Entry
	for _, name := range r.Names() {
		entries = append(entries, Plain(name, r[name]))
	}
	return Archive(t, entries...)
}

// Entry is one entry of a tar.
type Entry struct {
	Header  tar.Header
	Content []byte
}

// Plain returns the entry of a plain file.
func Plain(name string, content []byte) Entry {
	return Entry{tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content)), Format: tar.FormatUSTAR,
	}, content}
}

// Archive returns a tar of entries, written by the standard library.
func Archive(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.Content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
