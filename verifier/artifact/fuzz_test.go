// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/internal/releasetest"
)

// FuzzReadTar holds the reader against the one of the standard library: what
// is accepted must be read by both, with the same names and contents.
func FuzzReadTar(f *testing.F) {
	a := releasetest.Plain("a", []byte("one"))
	f.Add(releasetest.Archive(f, a))
	f.Add(releasetest.Archive(f, a, releasetest.Plain("b", nil)))
	f.Add(releasetest.Archive(f, a, a))
	f.Add(releasetest.Archive(f, pax()))
	f.Add(releasetest.Archive(f, longName()))
	f.Add(releasetest.Archive(f, entry(tar.TypeDir, "b/")))
	f.Add([]byte{})
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := artifact.ReadTar(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("an error from memory: %v", err)
		}
		if len(set.Problems()) > 0 {
			return
		}
		other := readStandard(t, data)
		if len(other) != len(set.Names()) {
			t.Fatalf("%d files, the standard library reads %d", len(set.Names()), len(other))
		}
		for name, want := range other {
			if got, ok := set.Content(name); !ok || !bytes.Equal(got, want) {
				t.Errorf("content of %q differs from what the standard library reads", name)
			}
		}
	})
}

func readStandard(t *testing.T, data []byte) map[string][]byte {
	files := make(map[string][]byte)
	r := tar.NewReader(bytes.NewReader(data))
	for {
		header, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatalf("accepted, but refused by the standard library: %v", err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := files[header.Name]; twice || header.Typeflag != tar.TypeReg {
			t.Fatalf("%q is there twice or no plain file", header.Name)
		}
		files[header.Name] = content
	}
}
