// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"sort"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/internal/shortmac"
)

// Size is that of keys and seeds, in bytes.
const Size = 32

// MaxForward is how many messages one message may be ahead. It bounds the work
// that a hostile counter makes: about 27,000 HMACs. Signal's clients have the
// same.
const MaxForward = 25_000

// MaxSkipped is how many seeds a Chain keeps; older ones are erased first. It
// bounds the stored form, to 72 kB. Signal's clients have the same.
const MaxSkipped = 2_000

// MaxEncoded bounds the length of the stored form, in bytes.
const MaxEncoded = MaxSkipped*entrySize + 64

// entrySize is the length of a seed that is kept, with its counter.
const entrySize = 4 + Size

// Errors that callers tell apart with errors.Is.
var (
	ErrDuplicate = errors.New("the seed of this message was given out before, or erased")
	ErrTooFar    = errors.New("the message is too far ahead")
	ErrSpent     = errors.New("the chain has no more counters")
)

// Chain is a symmetric-key ratchet. Its zero value is not usable.
type Chain struct {
	key     [Size]byte
	index   uint32
	skipped []byte // the stored form; never changed, so that Chains can share it
}

// New returns the chain that has key for the message index.
func New(key *[Size]byte, index uint32) Chain { return Chain{key: *key, index: index} }

// Key returns a copy of the key for the message Index. The caller clears it.
func (c Chain) Key() [Size]byte { return c.key }

// Index returns the counter of the next message.
func (c Chain) Index() uint32 { return c.index }

// Skipped returns how many seeds are kept.
func (c Chain) Skipped() int { return len(c.skipped) / entrySize }

// Drop returns the chain without its n oldest seeds, or all if it has less.
func (c Chain) Drop(n int) Chain {
	c.skipped = bytes.Clone(c.skipped[entrySize*min(n, c.Skipped()):])
	return c
}

// Step returns the seed of the message Index, and the chain after it. The error
// is ErrSpent.
func (c Chain) Step() (Chain, [Size]byte, error) {
	if c.index == math.MaxUint32 {
		return Chain{}, [Size]byte{}, ErrSpent
	}
	seed := hmac(&c.key, 1)
	c.forward()
	return c, seed, nil
}

// Seek returns the seed of the message counter, and the chain that cannot give
// it again. The error is ErrDuplicate or ErrTooFar.
func (c Chain) Seek(counter uint32) (Chain, [Size]byte, error) {
	switch {
	case counter < c.index:
		return c.take(counter)
	case counter == math.MaxUint32 || counter-c.index > MaxForward:
		return Chain{}, [Size]byte{}, ErrTooFar
	}
	return c.skip(counter).Step()
}

// Skip returns the chain whose next message is index, with the seeds of those
// before. The error is ErrTooFar; a chain that is there already stays as it is.
func (c Chain) Skip(index uint32) (Chain, error) {
	if index <= c.index {
		return c, nil
	}
	if index-c.index > MaxForward {
		return Chain{}, ErrTooFar
	}
	return c.skip(index), nil
}

// skip moves forward to index, which is in reach, and keeps the seeds before.
func (c Chain) skip(index uint32) Chain {
	gap := int(index - c.index)
	if gap == 0 {
		return c
	}
	kept := min(gap, MaxSkipped)
	old := c.skipped[max(0, len(c.skipped)-(MaxSkipped-kept)*entrySize):]
	skipped := append(make([]byte, 0, len(old)+kept*entrySize), old...)
	for c.index < index {
		if index-c.index <= MaxSkipped { // else its seed would be erased at once
			seed := hmac(&c.key, 1)
			skipped = binary.BigEndian.AppendUint32(skipped, c.index)
			skipped = append(skipped, seed[:]...)
		}
		c.forward()
	}
	c.skipped = skipped
	return c
}

// take takes a seed out of those that are kept.
func (c Chain) take(counter uint32) (Chain, [Size]byte, error) {
	i := sort.Search(c.Skipped(), func(i int) bool { return c.counter(i) >= counter })
	if i == c.Skipped() || c.counter(i) != counter {
		return Chain{}, [Size]byte{}, ErrDuplicate
	}
	at := i * entrySize
	seed := [Size]byte(c.skipped[at+4 : at+entrySize])
	rest := append(make([]byte, 0, len(c.skipped)-entrySize), c.skipped[:at]...)
	c.skipped = append(rest, c.skipped[at+entrySize:]...)
	return c, seed, nil
}

// counter returns that of the seed i.
func (c *Chain) counter(i int) uint32 { return binary.BigEndian.Uint32(c.skipped[i*entrySize:]) }

func (c *Chain) forward() {
	c.key = hmac(&c.key, 2)
	c.index++
}

// hmac returns HMAC-SHA256(key, b).
func hmac(key *[Size]byte, b byte) [Size]byte { return shortmac.Sum(key, []byte{b}) }

// EncodedSize is at least the length of the stored form, in bytes.
func (c Chain) EncodedSize() int { return len(c.skipped) + MaxEncoded - MaxSkipped*entrySize }

// Write writes the stored form.
func (c Chain) Write(w *proto.Writer) {
	w.Bytes(1, c.key[:])
	w.Uint(2, uint64(c.index))
	w.Bytes(3, c.skipped)
}

// Parse reads what Write wrote, and copies it. The error is a
// *proto.SyntaxError.
func Parse(b []byte) (Chain, error) {
	var c Chain
	r := proto.NewStrictReader(b)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			copy(c.key[:], r.Bytes(f, Size, Size))
		case 2:
			c.index = uint32(r.Uint(f, math.MaxUint32))
		case 3:
			c.skipped = r.Bytes(f, 0, MaxSkipped*entrySize)
		default:
			r.Unknown(f)
		}
	}
	r.Require(1, 2, 3)
	if !c.ordered() {
		r.Refuse(3, "expected seeds in order")
	}
	if err := r.Err(); err != nil {
		return Chain{}, err
	}
	c.skipped = bytes.Clone(c.skipped)
	return c, nil
}

// ordered says whether the seeds that are kept are whole, ascend and are below
// the index.
func (c *Chain) ordered() bool {
	least := uint32(0)
	for i := range c.Skipped() {
		n := c.counter(i)
		if n < least || n >= c.index {
			return false
		}
		least = n + 1
	}
	return len(c.skipped)%entrySize == 0
}
