// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"bytes"
	stdhmac "crypto/hmac"
	"crypto/sha256"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

var start = [Size]byte([]byte("0123456789abcdef0123456789abcdef"))

// std is HMAC-SHA256(key, b) of the standard library.
func std(key []byte, b byte) []byte {
	h := stdhmac.New(sha256.New, key)
	h.Write([]byte{b})
	return h.Sum(nil)
}

// seeds returns the seeds of the messages 0 to n-1, derived by the standard
// library.
func seeds(n int) [][]byte {
	key, all := start[:], make([][]byte, n)
	for i := range all {
		all[i], key = std(key, 1), std(key, 2)
	}
	return all
}

func encode(c Chain) []byte {
	var w proto.Writer
	c.Write(&w)
	return w.Finish()
}

func seek(t *testing.T, c Chain, counter uint32) (Chain, []byte) {
	t.Helper()
	before := encode(c)
	next, seed, err := c.Seek(counter)
	if err != nil {
		t.Fatalf("message %d: %v", counter, err)
	}
	if !bytes.Equal(encode(c), before) {
		t.Fatalf("message %d changed the old chain", counter)
	}
	return next, seed[:]
}

func TestStepGivesSeedsInOrder(t *testing.T) {
	c := New(&start, 0)
	for i, want := range seeds(50) {
		next, seed, err := c.Step()
		if err != nil || !bytes.Equal(seed[:], want) || c.Index() != uint32(i) {
			t.Fatalf("seed %d = %x, %v; want %x", i, seed, err, want)
		}
		c = next
	}
}

func TestSeekGivesEachSeedOnceInAnyOrder(t *testing.T) {
	want := seeds(300)
	random := rand.New(rand.NewPCG(1, 2))
	c := New(&start, 0)
	for _, i := range random.Perm(len(want)) {
		var seed []byte
		if c, seed = seek(t, c, uint32(i)); !bytes.Equal(seed, want[i]) {
			t.Fatalf("seed %d = %x, want %x", i, seed, want[i])
		}
		if _, _, err := c.Seek(uint32(i)); !errors.Is(err, ErrDuplicate) {
			t.Fatalf("message %d again: %v", i, err)
		}
		parsed, err := Parse(encode(c))
		if err != nil || !bytes.Equal(encode(parsed), encode(c)) {
			t.Fatalf("stored and read: %v", err)
		}
		c = parsed
	}
	if c.Skipped() != 0 || c.Index() != 300 {
		t.Errorf("%d seeds are left at %d", c.Skipped(), c.Index())
	}
}

func TestSeekInOrderSharesTheSkippedSeeds(t *testing.T) {
	c, _ := seek(t, New(&start, 0), 100)
	next, _ := seek(t, c, 101)
	if &c.skipped[0] != &next.skipped[0] {
		t.Error("seeds were copied, though none changed")
	}
}

func TestSkippedSeedsAreBounded(t *testing.T) {
	want := seeds(3*MaxSkipped + 2)
	c, _ := seek(t, New(&start, 0), 1500)
	c, _ = seek(t, c, 2502)
	// 0 to 1499 and 1501 to 2501 were skipped: the first 501 are gone.
	if c.Skipped() != MaxSkipped {
		t.Errorf("%d seeds are kept", c.Skipped())
	}
	for _, i := range []uint32{0, 500} {
		if _, _, err := c.Seek(i); !errors.Is(err, ErrDuplicate) {
			t.Errorf("message %d: %v", i, err)
		}
	}
	for _, i := range []uint32{501, 1499, 1501, 2501} {
		if _, seed := seek(t, c, i); !bytes.Equal(seed, want[i]) {
			t.Errorf("message %d has another seed", i)
		}
	}
	c, _ = seek(t, c, 3*MaxSkipped+1)
	if c.Skipped() != MaxSkipped || len(encode(c)) > MaxEncoded {
		t.Errorf("%d seeds are kept in %d bytes", c.Skipped(), len(encode(c)))
	}
	if _, seed := seek(t, c, 3*MaxSkipped); !bytes.Equal(seed, want[3*MaxSkipped]) {
		t.Error("the newest skipped message has another seed")
	}
	if _, _, err := c.Seek(2 * MaxSkipped); !errors.Is(err, ErrDuplicate) {
		t.Errorf("a message beyond the bound: %v", err)
	}
	if _, seed := seek(t, c, 2*MaxSkipped+1); !bytes.Equal(seed, want[2*MaxSkipped+1]) {
		t.Error("the oldest skipped message has another seed")
	}
}

func TestDropErasesTheOldest(t *testing.T) {
	c, _ := seek(t, New(&start, 0), 10)
	fewer := c.Drop(4)
	if fewer.Skipped() != 6 || c.Skipped() != 10 || fewer.counter(0) != 4 || c.Drop(99).Skipped() != 0 {
		t.Errorf("%d of %d seeds are left", fewer.Skipped(), c.Skipped())
	}
}

func TestForwardJumpsAreBounded(t *testing.T) {
	c := New(&start, 7)
	if _, _, err := c.Seek(7 + MaxForward + 1); !errors.Is(err, ErrTooFar) {
		t.Errorf("error = %v", err)
	}
	if _, err := c.Skip(7 + MaxForward + 1); !errors.Is(err, ErrTooFar) {
		t.Errorf("error = %v", err)
	}
	c, _ = seek(t, c, 7+MaxForward)
	if c.Index() != 7+MaxForward+1 {
		t.Errorf("at %d", c.Index())
	}
}

func TestSkipKeepsWhatItPasses(t *testing.T) {
	want := seeds(21)
	c, err := New(&start, 0).Skip(20)
	if err != nil || c.Index() != 20 || c.Skipped() != 20 {
		t.Fatalf("at %d with %d seeds, %v", c.Index(), c.Skipped(), err)
	}
	if same, err := c.Skip(5); err != nil || !bytes.Equal(encode(same), encode(c)) {
		t.Errorf("skipping back changed the chain, %v", err)
	}
	for _, i := range []uint32{3, 20} {
		if _, seed := seek(t, c, i); !bytes.Equal(seed, want[i]) {
			t.Errorf("message %d has another seed", i)
		}
	}
}

func TestCountersDoNotWrap(t *testing.T) {
	c := New(&start, math.MaxUint32-1)
	c, _ = seek(t, c, math.MaxUint32-1)
	if _, _, err := c.Step(); !errors.Is(err, ErrSpent) {
		t.Errorf("error = %v", err)
	}
	if _, _, err := c.Seek(math.MaxUint32); !errors.Is(err, ErrTooFar) {
		t.Errorf("error = %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	entry := func(counter byte) []byte { return append([]byte{0, 0, 0, counter}, make([]byte, Size)...) }
	write := func(index uint64, skipped ...[]byte) []byte {
		var w proto.Writer
		w.Bytes(1, start[:])
		w.Uint(2, index)
		w.Bytes(3, bytes.Join(skipped, nil))
		return w.Finish()
	}
	if c, err := Parse(write(9, entry(3), entry(8))); err != nil || c.Skipped() != 2 {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing":             {},
		"index too great":     write(math.MaxUint32 + 1),
		"seed cut":            write(9, entry(3), []byte{0}),
		"seed twice":          write(9, entry(3), entry(3)),
		"seeds out of order":  write(9, entry(4), entry(3)),
		"seed not yet passed": write(9, entry(9)),
		"too many seeds":      write(9, make([]byte, (MaxSkipped+1)*entrySize)),
		"another field":       append(write(9), 0x20, 0),
	} {
		if _, err := Parse(b); !errors.Is(err, proto.ErrSyntax) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	c, _, _ := New(&start, 0).Seek(3)
	f.Add(encode(c))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(encode(c))
		if err != nil || !bytes.Equal(encode(again), encode(c)) {
			t.Fatalf("not read back: %v", err)
		}
		c.Seek(c.Index() + 5)
	})
}

func BenchmarkFarthestJump(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(&start, 0).Seek(MaxForward)
	}
}
