// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"bytes"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

func stored(c Chain) []byte {
	var w proto.Writer
	c.Store(&w)
	return w.Finish()
}

// samples returns Chains of every shape.
func samples(t testing.TB) []Chain {
	fresh := New(true, &agreed)
	skipping, _, _ := fresh.Receive(0, 7)
	two := skipping.Add(&first)
	late, _, _, _ := two.Send(1)
	three := late.Add(&first)
	full, _, err := three.Receive(2, MaxSkipped+50)
	if err != nil {
		t.Fatal(err)
	}
	return []Chain{fresh, New(false, &agreed), skipping, two, late, three, full}
}

func TestAStoredChainGoesOn(t *testing.T) {
	for i, c := range samples(t) {
		again, err := Load(stored(c), c.initiator)
		if err != nil {
			t.Errorf("sample %d: %v", i, err)
			continue
		}
		if !bytes.Equal(stored(again), stored(c)) {
			t.Errorf("sample %d is stored differently again", i)
		}
		at := c.Newest()
		_, index, key, _ := c.Send(at)
		_, indexAgain, keyAgain, err := again.Send(at)
		if index != indexAgain || key != keyAgain || err != nil {
			t.Errorf("sample %d sends message %d, %v", i, indexAgain, err)
		}
		for _, index := range []uint32{1, 3, 90, 9000} {
			_, want, wantErr := c.Receive(c.first, index)
			if _, got, err := again.Receive(c.first, index); got != want || err != wantErr {
				t.Errorf("sample %d, message %d: %v, want %v", i, index, err, wantErr)
			}
		}
	}
}

func TestMalformedChainsAreRefused(t *testing.T) {
	key := make([]byte, kdf.Size)
	numbered := func(number byte) []byte { return append([]byte{0, 0, 0, number}, key...) }
	epochOf := func(fields ...[]byte) []byte {
		var w proto.Writer
		for i, b := range fields {
			if b != nil {
				w.Bytes(i+1, b)
			}
		}
		return w.Finish()
	}
	whole := epochOf(numbered(0), numbered(9))
	old := epochOf(nil, numbered(9))
	chainOf := func(sending uint64, epochs ...[]byte) []byte {
		var w proto.Writer
		w.Uint(1, sending)
		w.Bytes(2, key)
		for _, e := range epochs {
			w.Bytes(3, e)
		}
		return w.Finish()
	}
	for name, b := range map[string][]byte{
		"good": chainOf(1, old, whole, whole),
		"also": chainOf(0, epochOf(numbered(0), numbered(9), append(numbered(1), numbered(8)...))),
	} {
		if _, err := Load(b, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"nothing":                         nil,
		"no epoch":                        chainOf(0),
		"epochs end before the sending":   chainOf(1, old),
		"epochs far ahead of the sending": chainOf(0, whole, whole, whole),
		"too many epochs":                 chainOf(1, old, whole, whole, whole),
		"no sending chain":                chainOf(0, old),
		"a sending chain that is over":    chainOf(1, whole, whole),
		"no receiving chain":              chainOf(0, epochOf(numbered(0))),
		"a short chain":                   chainOf(0, epochOf(numbered(0), numbered(9)[1:])),
		"a long chain":                    chainOf(0, epochOf(numbered(0), append(numbered(9), 0))),
		"half a key":                      chainOf(0, epochOf(numbered(0), numbered(9), append(numbered(1), 1, 2))),
		"no keys":                         chainOf(0, epochOf(numbered(0), numbered(9), []byte{})),
		"a key of message 0":              chainOf(0, epochOf(numbered(0), numbered(9), numbered(0))),
		"keys twice":                      chainOf(0, epochOf(numbered(0), numbered(9), append(numbered(3), numbered(3)...))),
		"a key beyond":                    chainOf(0, epochOf(numbered(0), numbered(9), numbered(9))),
		"too many keys":                   chainOf(0, epochOf(numbered(0), numbered(9), make([]byte, (MaxSkipped+1)*halfSize))),
		"an unknown field":                append(chainOf(0, whole), 0x20, 0),
		"an unknown field of an epoch":    chainOf(0, append(bytes.Clone(whole), 0x20, 0)),
		"epochs before what they follow":  append(epochOf(nil, nil, whole), chainOf(0)...),
	} {
		if _, err := Load(b, true); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	good := chainOf(1, old, whole)
	for i := range good {
		if _, err := Load(good[:i], true); err == nil {
			t.Errorf("the first %d bytes: no error", i)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, c := range samples(f)[:6] {
		f.Add(stored(c), uint64(0), uint32(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, at uint64, index uint32) {
		c, err := Load(b, true)
		if err != nil {
			return
		}
		again, err := Load(stored(c), true)
		if err != nil || !bytes.Equal(stored(again), stored(c)) {
			t.Errorf("stored differently again: %v", err)
		}
		c.Receive(at, index)
		c.Send(at)
		c.Add(&first)
	})
}
