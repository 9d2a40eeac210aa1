// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attachment_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	mathrand "math/rand/v2"
	"testing"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/signal/attachment"
)

const (
	headerSize = 40
	room       = attachment.SegmentSize - keys.TagSize // of every segment but the first
	firstRoom  = room - headerSize
)

// lengths of files around all limits.
var lengths = []int{
	0, 1, 15, 16, 17, 1000, firstRoom - 1, firstRoom, firstRoom + 1, attachment.SegmentSize,
	firstRoom + room - 1, firstRoom + room, firstRoom + room + 1, firstRoom + 2*room,
}

var ops keys.Ops = keystest.Ops{}

// key and associated are those of the tests that need no other.
var key, associated = bytes.Repeat([]byte{7}, attachment.KeySize), []byte("group/7")

func content(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(rand.Reader, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// coder is a Sealer or an Opener.
type coder interface {
	Write(ctx context.Context, b []byte) ([]byte, error)
	Close(ctx context.Context) ([]byte, error)
}

// run passes b through c in pieces that size gives, and returns what came out,
// also after an error.
func run(t testing.TB, c coder, b []byte, size func() int) ([]byte, error) {
	t.Helper()
	var out []byte
	for len(b) > 0 {
		n := min(size(), len(b))
		piece, err := c.Write(t.Context(), b[:n])
		if err != nil {
			return out, err
		}
		if len(piece) > 2*attachment.SegmentSize+headerSize {
			t.Errorf("one Write returns %d bytes", len(piece))
		}
		out, b = append(out, piece...), b[n:]
	}
	piece, err := c.Close(t.Context())
	return append(out, piece...), err
}

func whole() int { return attachment.MaxChunk }

func newSealer(t testing.TB, associated []byte) *attachment.Sealer {
	t.Helper()
	s, err := attachment.NewSealer(t.Context(), ops, key, associated, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newOpener(t testing.TB, key, associated []byte) *attachment.Opener {
	t.Helper()
	o, err := attachment.NewOpener(t.Context(), ops, key, associated)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func seal(t testing.TB, plaintext []byte) []byte {
	t.Helper()
	sealed, err := run(t, newSealer(t, associated), plaintext, whole)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func open(t testing.TB, sealed []byte) ([]byte, error) {
	t.Helper()
	return run(t, newOpener(t, key, associated), sealed, whole)
}

// tink returns the implementation that defines the format.
func tink(t testing.TB) *subtle.AESGCMHKDF {
	t.Helper()
	primitive, err := subtle.NewAESGCMHKDF(key, "SHA256", 32, attachment.SegmentSize, 0)
	if err != nil {
		t.Fatal(err)
	}
	return primitive
}

func TestTinkOpensWhatWeSeal(t *testing.T) {
	for _, n := range lengths {
		plaintext := content(t, n)
		sealed := seal(t, plaintext)
		r, err := tink(t).NewDecryptingReader(bytes.NewReader(sealed), associated)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("Tink opens %d of %d bytes: %v", len(got), n, err)
		}
	}
}

func TestWeOpenWhatTinkSeals(t *testing.T) {
	for _, n := range lengths {
		plaintext := content(t, n)
		var sealed bytes.Buffer
		w, err := tink(t).NewEncryptingWriter(&sealed, associated)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(plaintext); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := open(t, sealed.Bytes()); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("opened %d of %d bytes that Tink sealed: %v", len(got), n, err)
		}
		if want := attachment.SealedSize(int64(n)); int64(sealed.Len()) != want {
			t.Errorf("Tink makes %d bytes of %d, want %d", sealed.Len(), n, want)
		}
	}
}

func TestTheSizesOfThePiecesDoNotMatter(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(1, 2))
	for _, n := range lengths {
		plaintext := content(t, n)
		seed := content(t, 39) // salt and prefix
		var first []byte
		for name, size := range map[string]func() int{
			"whole": whole,
			"short": func() int { return 1 + random.IntN(100_000) },
			"mixed": func() int { return 1 + random.IntN(attachment.MaxChunk) },
			"even":  func() int { return room },
			"odd":   func() int { return room + 1 },
		} {
			s, err := attachment.NewSealer(t.Context(), ops, key, associated, bytes.NewReader(seed))
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := run(t, s, plaintext, size)
			if err != nil || int64(len(sealed)) != attachment.SealedSize(int64(n)) {
				t.Fatalf("%d bytes in %s pieces: %d sealed, %v", n, name, len(sealed), err)
			}
			if first == nil {
				first = sealed
			} else if !bytes.Equal(sealed, first) {
				t.Errorf("%d bytes in %s pieces are sealed in another way", n, name)
			}
			got, err := run(t, newOpener(t, key, associated), sealed, size)
			if err != nil || !bytes.Equal(got, plaintext) {
				t.Errorf("%d bytes in %s pieces are opened as %d: %v", n, name, len(got), err)
			}
		}
	}
}

func TestSingleBytesPassThrough(t *testing.T) {
	plaintext := content(t, 300)
	one := func() int { return 1 }
	sealed, err := run(t, newSealer(t, associated), plaintext, one)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := run(t, newOpener(t, key, associated), sealed, one); err != nil || !bytes.Equal(got, plaintext) {
		t.Errorf("opened %d bytes: %v", len(got), err)
	}
}

// Nothing is held back but the current segment, and an Opener never runs ahead
// of what can be authentic.
func TestAtMostOneSegmentIsHeldBack(t *testing.T) {
	s, o := newSealer(t, nil), newOpener(t, key, nil)
	written, sealedLength, opened := 0, 0, 0
	for range 60 {
		piece := make([]byte, 100_000)
		sealed, err := s.Write(t.Context(), piece)
		if err != nil {
			t.Fatal(err)
		}
		written, sealedLength = written+len(piece), sealedLength+len(sealed)
		if held := written - sealedLength; held > attachment.SegmentSize {
			t.Fatalf("the Sealer holds %d bytes", held)
		}
		if len(sealed) == 0 {
			continue
		}
		for len(sealed) > 0 {
			n := min(len(sealed), attachment.MaxChunk)
			plaintext, err := o.Write(t.Context(), sealed[:n])
			if err != nil {
				t.Fatal(err)
			}
			opened, sealed = opened+len(plaintext), sealed[n:]
		}
		if held := sealedLength - opened; held > attachment.SegmentSize+headerSize+7*keys.TagSize {
			t.Fatalf("the Opener holds %d bytes", held)
		}
	}
}

func TestFilesUnderOneKeyAreUnrelated(t *testing.T) {
	plaintext := content(t, 64)
	a, b := seal(t, plaintext), seal(t, plaintext)
	if bytes.Equal(a[1:33], b[1:33]) || bytes.Equal(a[33:40], b[33:40]) || bytes.Equal(a[40:], b[40:]) {
		t.Error("two files have salt, prefix or ciphertext in common")
	}
}

func FuzzOpener(f *testing.F) {
	f.Add([]byte{}, uint16(1))
	f.Add(seal(f, []byte("plaintext")), uint16(7))
	f.Add(make([]byte, 56), uint16(56))
	genuine := seal(f, []byte("plaintext of this process"))
	f.Fuzz(func(t *testing.T, sealed []byte, size uint16) {
		got, err := run(t, newOpener(t, key, associated), sealed, func() int { return 1 + int(size) })
		if err != nil && len(got) > 0 && len(sealed) <= attachment.SegmentSize {
			t.Errorf("returned %d bytes before %v", len(got), err)
		}
		if err == nil && attachment.SealedSize(int64(len(got))) != int64(len(sealed)) {
			t.Errorf("%d bytes are opened as %d", len(sealed), len(got))
		}
		if n := min(len(sealed), len(genuine)); n > headerSize { // the tail of one, the header of another
			if _, err := open(t, append(bytes.Clone(genuine[:headerSize]), sealed[headerSize:]...)); err == nil && !bytes.Equal(sealed[headerSize:], genuine[headerSize:]) {
				t.Error("a forgery is opened")
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	plaintext := make([]byte, 8<<20)
	b.SetBytes(int64(len(plaintext)))
	b.ReportAllocs()
	for b.Loop() {
		s := newSealer(b, nil)
		for p := plaintext; len(p) > 0; p = p[attachment.MaxChunk:] {
			if _, err := s.Write(b.Context(), p[:attachment.MaxChunk]); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := s.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	sealed := seal(b, make([]byte, 8<<20))
	b.SetBytes(8 << 20)
	b.ReportAllocs()
	for b.Loop() {
		o := newOpener(b, key, associated)
		for p := sealed; len(p) > 0; {
			n := min(len(p), attachment.MaxChunk)
			if _, err := o.Write(b.Context(), p[:n]); err != nil {
				b.Fatal(err)
			}
			p = p[n:]
		}
		if _, err := o.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
