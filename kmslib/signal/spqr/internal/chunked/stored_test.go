// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chunked

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/braid"
)

func stored(s State) []byte {
	var w proto.Writer
	s.Store(&w)
	return w.Finish()
}

// samples returns a State of every phase, by number.
func samples(t testing.TB) map[uint64]State {
	all := map[uint64]State{}
	choose := rand.New(rand.NewPCG(1, 2))
	random := rand.NewChaCha8([32]byte{})
	agreed := braid.Secret{1, 2, 3}
	states := [2]State{New(true, &agreed), New(false, &agreed)}
	for range 3000 {
		from := choose.IntN(2)
		next, message, _, err := states[from].Send(random)
		if err != nil {
			t.Fatal(err)
		}
		states[from] = next
		if choose.IntN(2) == 0 {
			if states[1-from], _, err = states[1-from].Receive(&message); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range states {
			all[s.phase.record().number] = s
		}
	}
	if len(all) != ciphertext2SampledNumber {
		t.Fatalf("%d phases", len(all))
	}
	return all
}

func TestAStoredStateIsTheSameAgain(t *testing.T) {
	for number, s := range samples(t) {
		b := stored(s)
		again, err := Load(b)
		if err != nil {
			t.Errorf("state %d: %v", number, err)
			continue
		}
		clear(b) // what was loaded is a copy
		if !reflect.DeepEqual(again, s) {
			t.Errorf("state %d is another one", number)
		}
	}
}

// fields splits a message; join is its inverse.
func fields(b []byte) (list []proto.Field) {
	r := proto.NewReader(b)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		list = append(list, f)
	}
	return list
}

func join(list []proto.Field) []byte {
	var w proto.Writer
	for _, f := range list {
		if f.IsBytes {
			w.Bytes(f.Number, f.Bytes)
		} else {
			w.Uint(f.Number, f.Uint)
		}
	}
	return w.Finish()
}

func TestStatesWithAFieldTooFewOrManyAreRefused(t *testing.T) {
	for number, s := range samples(t) {
		list := fields(stored(s))
		refuse := func(what string, field int, changed []proto.Field) {
			t.Helper()
			if _, err := Load(join(changed)); err == nil {
				t.Errorf("state %d, field %d %s: no error", number, field, what)
			}
		}
		for i, f := range list {
			without := append(append([]proto.Field(nil), list[:i]...), list[i+1:]...)
			refuse("missing", f.Number, without)
			refuse("twice", f.Number, append(append([]proto.Field(nil), list[:i+1]...), list[i:]...))
			if !f.IsBytes {
				continue
			}
			for _, b := range [][]byte{append(bytes.Clone(f.Bytes), 0), f.Bytes[:max(len(f.Bytes)-1, 0)]} {
				if f.Number == chunksField && len(b) == 0 {
					continue // no chunks yet is fine
				}
				f.Bytes = b
				refuse("of another length", f.Number, append(append(append([]proto.Field(nil), list[:i]...), f), list[i+1:]...))
			}
		}
		for field := seedField; field <= chunksField; field++ {
			for _, size := range []int{0, 32, 64, 96, 160, 960, 1152} {
				f := proto.Field{Number: field, IsBytes: field != nextField, Bytes: make([]byte, size)}
				if !contains(list, field) {
					refuse("added", field, append(append([]proto.Field(nil), list...), f))
				}
			}
		}
		for other := range uint64(ciphertext2SampledNumber + 2) {
			if other != number {
				changed := append([]proto.Field(nil), list...)
				changed[0].Uint = other
				refuse("of another state", stateField, changed)
			}
		}
		changed := append([]proto.Field(nil), list...)
		changed[1].Uint = 0
		refuse("0", epochField, changed)
		changed[1].Uint = 1 << 63
		refuse("too great", epochField, changed)
		refuse("before the state", epochField, append([]proto.Field{list[1], list[0]}, list[2:]...))
		refuse("unknown", chunksField+1, append(append([]proto.Field(nil), list...), proto.Field{Number: chunksField + 1}))
	}
}

func contains(list []proto.Field, number int) bool {
	for _, f := range list {
		if f.Number == number {
			return true
		}
	}
	return false
}

func TestChunksOfACompleteOrImpossibleMessageAreRefused(t *testing.T) {
	list := fields(stored(samples(t)[noHeaderReceivedNumber]))
	last := &list[len(list)-1]
	for n, good := range []bool{true, true, true, false, false} {
		last.Bytes = make([]byte, n*chunkSize)
		for i := range n {
			last.Bytes[i*chunkSize] = byte(i)
		}
		if _, err := Load(join(list)); (err == nil) != good {
			t.Errorf("%d chunks: %v", n, err)
		}
	}
	last.Bytes = make([]byte, 2*chunkSize)
	if _, err := Load(join(list)); err == nil {
		t.Error("a chunk twice: no error")
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(stored(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Load(b)
		if err != nil {
			return
		}
		again, err := Load(stored(s))
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Errorf("stored differently again: %v", err)
		}
		_, message, _, err := s.Send(rand.NewChaCha8([32]byte{}))
		if err != nil {
			t.Fatal(err)
		}
		for kind := range message.Kind + 7 {
			message.Kind = kind % 7
			s.Receive(&message)
		}
	})
}
