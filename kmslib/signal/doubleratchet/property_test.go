// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package doubleratchet

import (
	"bytes"
	crand "crypto/rand"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// flight is a message on its way.
type flight struct {
	h    Header
	seed [32]byte
}

// party is one side of a simulated session.
type party struct {
	State
	inbox []flight
	read  []flight
}

// A session under loss, reordering and duplicates: whatever arrives is read
// exactly once, as long as its ratchet key is kept, and nothing else is.
func TestMessagesAreReadExactlyOnceInAnyOrder(t *testing.T) {
	for range 20 {
		seed := rand.Uint64()
		t.Run("", func(t *testing.T) {
			t.Logf("seed %d", seed)
			simulate(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func simulate(t *testing.T, random *rand.Rand) {
	alice, bob := pair(t)
	parties := [2]*party{{State: alice}, {State: bob}}
	for range 400 {
		i := random.IntN(2)
		me, peer := parties[i], parties[1-i]
		switch action := random.IntN(10); {
		case action < 4:
			for range 1 + random.IntN(6) {
				h, seed := send(t, &me.State)
				if random.IntN(20) > 0 { // else lost
					peer.inbox = append(peer.inbox, flight{h, seed})
				}
			}
		case action < 8:
			if n := len(me.inbox); n > 0 {
				at := random.IntN(n)
				if random.IntN(2) == 0 {
					at = 0
				}
				deliver(t, me, at)
			}
		case action < 9:
			if n := len(me.read); n > 0 {
				again := me.read[random.IntN(n)].h
				if knows(me.State, again) {
					refuse(t, me.State, again, ErrDuplicate)
				}
			}
		default:
			b := me.Marshal()
			parsed, err := Parse(b)
			if err != nil || !bytes.Equal(parsed.Marshal(), b) {
				t.Fatalf("stored and read: %v", err)
			}
			clear(b)
			me.State = parsed
		}
	}
	for _, me := range parties {
		for len(me.inbox) > 0 {
			deliver(t, me, 0)
		}
	}
}

// deliver hands the message at to its receiver.
func deliver(t *testing.T, me *party, at int) {
	t.Helper()
	m := me.inbox[at]
	me.inbox = slices.Delete(me.inbox, at, at+1)
	seen := slices.ContainsFunc(me.read, func(r flight) bool { return r.h.RatchetKey == m.h.RatchetKey })
	if seen && !knows(me.State, m.h) {
		// Forgotten: it gives another seed, and the caller drops what follows.
		if _, seed, err := me.Receive(m.h, crand.Reader); err == nil && seed == m.seed {
			t.Fatal("a message on a forgotten ratchet key is read")
		} else if err != nil && !errors.Is(err, ErrTooFar) {
			t.Fatal(err)
		}
		return
	}
	receive(t, &me.State, m.h, m.seed)
	refuse(t, me.State, m.h, ErrDuplicate)
	me.read = append(me.read, m)
}

// knows says whether the ratchet key of h is one of those that are kept.
func knows(s State, h Header) bool {
	return slices.ContainsFunc(s.box.Expose().receiving, func(r receiver) bool { return r.theirs == h.RatchetKey })
}
