// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attachment_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/signal/attachment"
)

func TestEveryBitMatters(t *testing.T) {
	sealed := seal(t, content(t, 100))
	for i := range 8 * len(sealed) {
		changed := bytes.Clone(sealed)
		changed[i/8] ^= 1 << (i % 8)
		if got, err := open(t, changed); err != attachment.ErrAuthentication || len(got) > 0 {
			t.Errorf("bit %d: %d bytes, %v", i, len(got), err)
		}
	}
}

// A changed segment and all after it are withheld; what came before is genuine.
func TestNothingOfAnAlteredSegmentIsReturned(t *testing.T) {
	plaintext := content(t, firstRoom+2*room)
	sealed := seal(t, plaintext)
	for segment := range 3 {
		begin, end := segment*attachment.SegmentSize, (segment+1)*attachment.SegmentSize
		for _, i := range []int{begin, begin + headerSize, (begin + end) / 2, end - keys.TagSize, end - 1} {
			changed := bytes.Clone(sealed)
			changed[i] ^= 0x10
			genuine := plaintext[:max(0, segment*room-headerSize)]
			if got, err := open(t, changed); err != attachment.ErrAuthentication || !bytes.Equal(got, genuine) {
				t.Errorf("byte %d: %d bytes, want %d; %v", i, len(got), len(genuine), err)
			}
		}
	}
}

func TestTruncationIsDetected(t *testing.T) {
	const segment = attachment.SegmentSize
	sealed := seal(t, content(t, firstRoom+room+500))
	for _, test := range []struct {
		length int
		want   error
	}{
		{0, attachment.ErrTruncated}, {1, attachment.ErrTruncated}, {headerSize - 1, attachment.ErrTruncated},
		{headerSize, attachment.ErrTruncated}, {headerSize + keys.TagSize - 1, attachment.ErrTruncated},
		{headerSize + keys.TagSize, attachment.ErrAuthentication}, {segment - 1, attachment.ErrAuthentication},
		{segment, attachment.ErrTruncated}, {segment + 1, attachment.ErrTruncated},
		{segment + keys.TagSize, attachment.ErrAuthentication}, {2*segment - 1, attachment.ErrAuthentication},
		{2 * segment, attachment.ErrTruncated}, {2*segment + keys.TagSize - 1, attachment.ErrTruncated},
		{len(sealed) - 1, attachment.ErrAuthentication},
	} {
		got, err := open(t, sealed[:test.length])
		if err != test.want || len(got) > max(0, (test.length-1)/segment*room-headerSize) {
			t.Errorf("%d bytes: %d opened, %v; want %v", test.length, len(got), err, test.want)
		}
	}
}

func TestEveryTruncationOfASmallFileIsRefused(t *testing.T) {
	sealed := seal(t, content(t, 100))
	for n := range sealed {
		if got, err := open(t, sealed[:n]); err == nil || len(got) > 0 {
			t.Errorf("%d bytes: %d opened", n, len(got))
		}
		if got, err := open(t, sealed[n+1:]); err == nil || len(got) > 0 {
			t.Errorf("without %d bytes: %d opened", n+1, len(got))
		}
	}
}

func TestSegmentsStayInTheirPlace(t *testing.T) {
	const segment = attachment.SegmentSize
	plaintext := content(t, firstRoom+3*room)
	sealed, other := seal(t, plaintext), seal(t, plaintext)
	part := func(b []byte, i int) []byte { return b[i*segment : (i+1)*segment] }
	for name, b := range map[string][]byte{
		"exchanged":         slices.Concat(part(sealed, 0), part(sealed, 2), part(sealed, 1), part(sealed, 3)),
		"repeated":          slices.Concat(part(sealed, 0), part(sealed, 1), part(sealed, 1), part(sealed, 2), part(sealed, 3)),
		"missing":           slices.Concat(part(sealed, 0), part(sealed, 1), part(sealed, 3)),
		"of another file":   slices.Concat(part(sealed, 0), part(other, 1), part(sealed, 2), part(sealed, 3)),
		"after the last":    slices.Concat(sealed, part(sealed, 3)),
		"a byte after":      append(bytes.Clone(sealed), 0),
		"header of another": slices.Concat(other[:headerSize], sealed[headerSize:]),
	} {
		got, err := open(t, b)
		if err != attachment.ErrAuthentication && !(name == "a byte after" && err != nil) || !bytes.HasPrefix(plaintext, got) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestAnotherKeyOrAssociatedDataDoesNotOpen(t *testing.T) {
	sealed := seal(t, content(t, 100))
	otherKey := bytes.Clone(key)
	otherKey[31] ^= 1
	for name, o := range map[string]*attachment.Opener{
		"key":                newOpener(t, otherKey, associated),
		"associated data":    newOpener(t, key, []byte("group/8")),
		"no associated data": newOpener(t, key, nil),
	} {
		if got, err := run(t, o, sealed, whole); err != attachment.ErrAuthentication || len(got) > 0 {
			t.Errorf("another %s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestKeysOfAnotherLengthAreRefused(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33, 64} {
		_, err1 := attachment.NewSealer(t.Context(), ops, make([]byte, n), nil, rand.Reader)
		_, err2 := attachment.NewOpener(t.Context(), ops, make([]byte, n), nil)
		if err1 != attachment.ErrKey || err2 != attachment.ErrKey {
			t.Errorf("%d bytes: %v, %v", n, err1, err2)
		}
	}
}

func TestSealerFailsWithItsSource(t *testing.T) {
	broken := errors.New("broken")
	if _, err := attachment.NewSealer(t.Context(), ops, key, nil, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	if _, err := attachment.NewSealer(t.Context(), ops, key, nil, bytes.NewReader(make([]byte, 38))); err == nil {
		t.Error("began with too little randomness")
	}
}

func TestArgumentsMayBeReusedAtOnce(t *testing.T) {
	keyCopy, dataCopy := bytes.Clone(key), bytes.Clone(associated)
	o, err := attachment.NewOpener(t.Context(), ops, keyCopy, dataCopy)
	if err != nil {
		t.Fatal(err)
	}
	clear(keyCopy)
	clear(dataCopy)
	plaintext := content(t, 50)
	sealed := seal(t, plaintext)
	if _, err := o.Write(t.Context(), sealed); err != nil {
		t.Fatal(err)
	}
	clear(sealed)
	if got, err := o.Close(t.Context()); err != nil || !bytes.Equal(got, plaintext) {
		t.Errorf("opened %d bytes: %v", len(got), err)
	}
}

func TestTooLargePiecesChangeNothing(t *testing.T) {
	plaintext := content(t, 1000)
	s, o := newSealer(t, associated), newOpener(t, key, associated)
	long := make([]byte, attachment.MaxChunk+1)
	if _, err := s.Write(t.Context(), long); err != attachment.ErrTooLarge {
		t.Errorf("Sealer: %v", err)
	}
	if _, err := o.Write(t.Context(), long); err != attachment.ErrTooLarge {
		t.Errorf("Opener: %v", err)
	}
	sealed, err := run(t, s, plaintext, whole)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := run(t, o, sealed, whole); err != nil || !bytes.Equal(got, plaintext) {
		t.Errorf("opened %d bytes: %v", len(got), err)
	}
}

func TestFilesUpToTheLimitPassAndNoLonger(t *testing.T) {
	s, o := newSealer(t, nil), newOpener(t, key, nil)
	chunk, opened := make([]byte, attachment.MaxChunk), 0
	pass := func(sealed []byte) {
		for len(sealed) > 0 {
			n := min(len(sealed), attachment.MaxChunk)
			plaintext, err := o.Write(t.Context(), sealed[:n])
			if err != nil {
				t.Fatal(err)
			}
			opened, sealed = opened+len(plaintext), sealed[n:]
		}
	}
	for range attachment.MaxSize / attachment.MaxChunk {
		sealed, err := s.Write(t.Context(), chunk)
		if err != nil {
			t.Fatal(err)
		}
		pass(sealed)
	}
	if _, err := s.Write(t.Context(), chunk[:1]); err != attachment.ErrTooLarge {
		t.Errorf("a byte above the limit: %v", err)
	}
	sealed, err := s.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pass(sealed)
	if _, err := o.Write(t.Context(), chunk[:1]); err != attachment.ErrTooLarge {
		t.Errorf("a sealed byte above the limit: %v", err)
	}
	plaintext, err := o.Close(t.Context())
	if err != nil || opened+len(plaintext) != attachment.MaxSize {
		t.Errorf("opened %d bytes: %v", opened+len(plaintext), err)
	}
}

func TestNothingFollowsTheEndOrAFailure(t *testing.T) {
	closed := newSealer(t, nil)
	if _, err := closed.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	failed := newOpener(t, key, nil)
	if _, err := failed.Close(t.Context()); err != attachment.ErrTruncated {
		t.Fatal(err)
	}
	forged := newOpener(t, key, nil)
	var err error
	for range 2 {
		if _, err = forged.Write(t.Context(), make([]byte, attachment.MaxChunk)); err != nil {
			break
		}
	}
	if err != attachment.ErrAuthentication {
		t.Fatal(err)
	}
	for name, c := range map[string]coder{"closed Sealer": closed, "failed Opener": failed, "Opener of a forgery": forged} {
		got, err1 := c.Write(t.Context(), []byte{1})
		rest, err2 := c.Close(t.Context())
		if err1 != attachment.ErrClosed || err2 != attachment.ErrClosed || got != nil || rest != nil {
			t.Errorf("%s: %v, %v", name, err1, err2)
		}
	}
}

// A nonce is used once: after a failed Seal the same segment is not sealed again.
func TestFailureOfTheOpsEndsTheStream(t *testing.T) {
	s, o := newSealer(t, nil), newOpener(t, key, associated)
	sealed := seal(t, content(t, 100))
	if _, err := o.Write(t.Context(), sealed); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]coder{"Sealer": s, "Opener": o} {
		if got, err := c.Close(cancelled); !errors.Is(err, context.Canceled) || got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if _, err := c.Close(t.Context()); err != attachment.ErrClosed {
			t.Errorf("%s goes on after a failure: %v", name, err)
		}
	}
	s = newSealer(t, nil)
	if _, err := s.Write(t.Context(), make([]byte, attachment.MaxChunk)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(cancelled, make([]byte, attachment.MaxChunk)); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if _, err := s.Write(t.Context(), nil); err != attachment.ErrClosed {
		t.Errorf("goes on after a failure: %v", err)
	}
}

// nonces notes the nonces under which segments are sealed.
type nonces struct {
	keystest.Ops
	seen  map[string]bool
	twice bool
}

func (n *nonces) Seal(ctx context.Context, key keys.Handle, nonce, aad, plaintext []byte) ([]byte, error) {
	n.twice = n.twice || n.seen[string(nonce)]
	n.seen[string(nonce)] = true
	return n.Ops.Seal(ctx, key, nonce, aad, plaintext)
}

func TestNoNonceIsUsedTwice(t *testing.T) {
	counting := &nonces{seen: map[string]bool{}}
	s, err := attachment.NewSealer(t.Context(), counting, key, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, s, make([]byte, firstRoom+4*room), whole); err != nil {
		t.Fatal(err)
	}
	if counting.twice || len(counting.seen) != 5 {
		t.Errorf("%d nonces, twice: %v", len(counting.seen), counting.twice)
	}
}

func TestNothingPrintsTheContentOrTheKey(t *testing.T) {
	s, o := newSealer(t, associated), newOpener(t, key, associated)
	if _, err := s.Write(t.Context(), []byte("PLAINTEXT OF A FILE")); err != nil {
		t.Fatal(err)
	}
	for _, value := range []any{s, *s, o, *o} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, value)
			for _, form := range []string{"PLAIN", "504c4149", "80 76 65", "7 7 7 7", "07070707", "0x7, 0x7"} {
				if strings.Contains(text, form) {
					t.Errorf("%s of %T: %s", verb, value, text)
				}
			}
		}
	}
}
