// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package doubleratchet

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
)

func fill(b byte) *[32]byte { return (*[32]byte)(bytes.Repeat([]byte{b}, 32)) }

func generate(t testing.TB) curve.KeyPair {
	t.Helper()
	pair, err := curve.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// pair returns both parties of a session.
func pair(t testing.TB) (alice, bob State) {
	t.Helper()
	prekey := generate(t)
	alice, err := NewInitiator(fill(0x11), fill(0x22), prekey.Public, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return alice, NewResponder(fill(0x11), fill(0x22), prekey)
}

func send(t testing.TB, s *State) (Header, [32]byte) {
	t.Helper()
	before := s.Marshal()
	next, h, seed, err := s.Send()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Marshal(), before) {
		t.Fatal("Send changed the old state")
	}
	*s = next
	return h, seed
}

func receive(t testing.TB, s *State, h Header, want [32]byte) {
	t.Helper()
	before := s.Marshal()
	next, seed, err := s.Receive(h, rand.Reader)
	if err != nil || seed != want {
		t.Fatalf("message %d: seed %x, %v; want %x", h.Counter, seed, err, want)
	}
	if !bytes.Equal(s.Marshal(), before) {
		t.Fatal("Receive changed the old state")
	}
	*s = next
}

func refuse(t testing.TB, s State, h Header, want error) {
	t.Helper()
	before := s.Marshal()
	if _, seed, err := s.Receive(h, rand.Reader); !errors.Is(err, want) || seed != [32]byte{} {
		t.Errorf("message %d: error = %v, want %v", h.Counter, err, want)
	}
	if !bytes.Equal(s.Marshal(), before) {
		t.Error("a refused message changed the state")
	}
}

// exchange sends one message each way, after which both have new ratchet keys.
func exchange(t testing.TB, a, b *State) {
	t.Helper()
	h, seed := send(t, a)
	receive(t, b, h, seed)
	h, seed = send(t, b)
	receive(t, a, h, seed)
}

// reference is the profile's key derivation by the standard library.
type reference struct{ t *testing.T }

func (r reference) step(root []byte, private []byte, public curve.PublicKey) (nextRoot, chainKey []byte) {
	r.t.Helper()
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		r.t.Fatal(err)
	}
	p, err := ecdh.X25519().NewPublicKey(public[1:])
	if err != nil {
		r.t.Fatal(err)
	}
	shared, err := k.ECDH(p)
	if err != nil {
		r.t.Fatal(err)
	}
	both, err := hkdf.Key(sha256.New, shared, root, "WhisperRatchet", 64)
	if err != nil {
		r.t.Fatal(err)
	}
	return both[:32], both[32:]
}

func (reference) hmac(key []byte, b byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte{b})
	return h.Sum(nil)
}

func TestSeedsAreThoseOfTheProfile(t *testing.T) {
	r := reference{t}
	prekey := generate(t)
	alice, err := NewInitiator(fill(0x11), fill(0x22), prekey.Public, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	bob := NewResponder(fill(0x11), fill(0x22), prekey)

	// The responder may send before it has received: on the agreement's chain.
	h, seed := send(t, &bob)
	if h != (Header{RatchetKey: prekey.Public}) || !bytes.Equal(seed[:], r.hmac(fill(0x22)[:], 1)) {
		t.Errorf("responder's first message: %+v", h)
	}
	receive(t, &alice, h, seed)

	root, chainKey := r.step(fill(0x11)[:], prekey.Private.Bytes(), alice.RatchetKey())
	for i := range uint32(3) {
		h, seed := send(t, &alice)
		if h != (Header{RatchetKey: alice.RatchetKey(), Counter: i}) || !bytes.Equal(seed[:], r.hmac(chainKey, 1)) {
			t.Errorf("initiator's message %d: %+v", i, h)
		}
		chainKey = r.hmac(chainKey, 2)
		receive(t, &bob, h, seed)
	}
	_, chainKey = r.step(root, bob.box.Expose().ours.Private.Bytes(), alice.RatchetKey())
	if h, seed = send(t, &bob); h.RatchetKey == prekey.Public || h.Counter != 0 || !bytes.Equal(seed[:], r.hmac(chainKey, 1)) {
		t.Errorf("responder's answer: %+v", h)
	}
	receive(t, &alice, h, seed)
}

func TestPreviousIsTheLastCounterOfTheChainBefore(t *testing.T) {
	alice, bob := pair(t)
	for _, n := range []int{1, 4} { // messages on a chain
		var h Header
		for range n {
			var seed [32]byte
			h, seed = send(t, &alice)
			receive(t, &bob, h, seed)
		}
		back, seed := send(t, &bob)
		receive(t, &alice, back, seed)
		if next, _, _, err := alice.Send(); err != nil {
			t.Error(err)
		} else if _, after, _, _ := alice.Send(); after.Previous != h.Counter || next.RatchetKey() == h.RatchetKey {
			t.Errorf("after %d messages: previous = %d", n, after.Previous)
		}
	}
	// A chain on which nothing was sent has 0 too, like one with one message.
	alice, bob = pair(t)
	h, seed := send(t, &bob)
	receive(t, &alice, h, seed)
	if h, _ := send(t, &alice); h.Previous != 0 {
		t.Errorf("previous = %d", h.Previous)
	}
}

func TestMessagesOnOldRatchetKeysAreReadFiveTurnsLong(t *testing.T) {
	alice, bob := pair(t)
	type late struct {
		h    Header
		seed [32]byte
	}
	var all []late
	for range MaxReceiving {
		h, seed := send(t, &alice)
		all = append(all, late{h, seed})
		exchange(t, &alice, &bob)
	}
	if n := len(bob.box.Expose().receiving); n != MaxReceiving {
		t.Fatalf("%d chains are kept", n)
	}
	for _, m := range all {
		kept := bob
		receive(t, &kept, m.h, m.seed)
	}
	exchange(t, &alice, &bob)
	// The first is forgotten: it looks like a new ratchet key, with other seeds.
	if _, seed, err := bob.Receive(all[0].h, rand.Reader); err == nil && seed == all[0].seed {
		t.Error("a message on a forgotten ratchet key is read")
	}
	for _, m := range all[1:] {
		receive(t, &bob, m.h, m.seed)
		refuse(t, bob, m.h, ErrDuplicate)
	}
}

func TestJumpsAreBoundedOnKnownAndOnNewChains(t *testing.T) {
	alice, bob := pair(t)
	h, seed := send(t, &alice)
	fresh := h
	fresh.Counter = chain.MaxForward + 1
	refuse(t, bob, fresh, ErrTooFar)
	receive(t, &bob, h, seed)
	h.Counter = 1 + chain.MaxForward + 1
	refuse(t, bob, h, ErrTooFar)
	h.Counter = math.MaxUint32
	refuse(t, bob, h, ErrTooFar)
	h.Counter = 1 + chain.MaxForward
	if _, _, err := bob.Receive(h, rand.Reader); err != nil {
		t.Error(err)
	}
	h, seed = send(t, &alice)
	receive(t, &bob, h, seed)
}

func TestSkippedSeedsAreBoundedTogether(t *testing.T) {
	alice, bob := pair(t)
	var kept [][2]any // of each chain the message before the one received
	for range MaxReceiving + 1 {
		var before, last Header
		var seedBefore, seed [32]byte
		for range 1501 {
			before, seedBefore = last, seed
			next, h, s, err := alice.Send()
			if err != nil {
				t.Fatal(err)
			}
			alice, last, seed = next, h, s
		}
		receive(t, &bob, last, seed)
		kept = append(kept, [2]any{before, seedBefore})
		h, s := send(t, &bob)
		receive(t, &alice, h, s)
		if n := total(bob); n > MaxSkipped || len(bob.Marshal()) > MaxEncoded {
			t.Fatalf("%d seeds in %d bytes", n, len(bob.Marshal()))
		}
	}
	if total(bob) != MaxSkipped {
		t.Errorf("%d seeds are kept", total(bob))
	}
	for i, m := range kept[len(kept)-3:] {
		if i == 0 {
			first := m[0].(Header)
			first.Counter = 0
			refuse(t, bob, first, ErrDuplicate)
		}
		receive(t, &bob, m[0].(Header), m[1].([32]byte))
	}
	refuse(t, bob, kept[1][0].(Header), ErrDuplicate)
}

func total(s State) int {
	n := 0
	for _, r := range s.box.Expose().receiving {
		n += r.chain.Skipped()
	}
	return n
}

func TestRatchetKeysThatGiveNoSecretAreRefused(t *testing.T) {
	_, bob := pair(t)
	small := [][]byte{
		make([]byte, 32), append([]byte{1}, make([]byte, 31)...),
		append(append([]byte{0xec}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f), // -1
		append(append([]byte{0xed}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f), // p
		append(append([]byte{0xee}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f), // p + 1
	}
	for _, u := range small {
		refuse(t, bob, Header{RatchetKey: curve.PublicKey(append([]byte{5}, u...))}, ErrKey)
	}
	refuse(t, bob, Header{}, ErrKey)
	if _, err := NewInitiator(fill(1), fill(2), curve.PublicKey(append([]byte{5}, small[0]...)), rand.Reader); !errors.Is(err, ErrKey) {
		t.Errorf("error = %v", err)
	}
}

func TestAHostileHeaderChangesNothing(t *testing.T) {
	alice, bob := pair(t)
	exchange(t, &alice, &bob)
	for _, counter := range []uint32{0, 1, 100} {
		before := bob.Marshal()
		// Whoever does not know the keys gets seeds of no use, and a state that
		// the caller drops.
		if _, _, err := bob.Receive(Header{RatchetKey: generate(t).Public, Counter: counter}, rand.Reader); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(bob.Marshal(), before) {
			t.Error("the state was changed")
		}
	}
	exchange(t, &alice, &bob)
	exchange(t, &bob, &alice)
}

func TestRandomFailsWithItsSource(t *testing.T) {
	alice, bob := pair(t)
	broken := errors.New("broken")
	h, seed := send(t, &alice)
	if _, _, err := bob.Receive(h, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	receive(t, &bob, h, seed)
	if _, err := NewInitiator(fill(1), fill(2), generate(t).Public, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
}

func TestSendingEndsWithItsCounters(t *testing.T) {
	alice, _ := pair(t)
	spent := *alice.box.Expose()
	spent.sending = chain.New(fill(3), math.MaxUint32)
	if _, _, _, err := wrap(&spent).Send(); !errors.Is(err, ErrSpent) {
		t.Errorf("error = %v", err)
	}
}
