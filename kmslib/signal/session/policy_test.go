// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// What two policies make of each other: the level of the session, 0 for none.
func TestPoliciesMeet(t *testing.T) {
	lenient := session.Policy{Oldest: session.X3DH}
	offers := session.Policy{Oldest: session.PQXDH}
	chain := session.Policy{ChainOnly: true}
	for _, test := range []struct {
		name               string
		initiator, respond session.Policy
		level              session.Level
	}{
		{"X3DH with X3DH", x3dh, x3dh, session.X3DH},
		{"X3DH with lenient", x3dh, lenient, session.X3DH},
		{"X3DH with PQXDH", x3dh, classic, 0},
		{"X3DH with triple ratchet", x3dh, full, 0},
		{"PQXDH with PQXDH", classic, classic, session.PQXDH},
		{"PQXDH with lenient", classic, lenient, session.PQXDH},
		{"PQXDH with offers", classic, offers, session.PQXDH},
		{"PQXDH with triple ratchet", classic, full, 0},
		{"PQXDH with X3DH", classic, x3dh, 0},
		{"offers with PQXDH", offers, classic, session.PQXDH},
		{"offers with offers", offers, offers, session.TripleRatchet},
		{"offers with triple ratchet", offers, full, session.TripleRatchet},
		{"triple ratchet with offers", full, offers, session.TripleRatchet},
		{"triple ratchet with triple ratchet", full, full, session.TripleRatchet},
		{"triple ratchet with chain only", full, chain, session.TripleRatchet},
		{"chain only with triple ratchet", chain, full, session.TripleRatchet},
		{"chain only with chain only", chain, chain, session.TripleRatchet},
		{"lenient with lenient", lenient, lenient, session.TripleRatchet},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := sessiontest.NewWorld(1)
			alice := newDevice(t, w, "alice", 1, test.initiator, 2, new(sessiontest.MemStore))
			bob := newDevice(t, w, "bob", 1, test.respond, 2, new(sessiontest.MemStore))
			b := bob.NewBundle()
			b.HasKyber = b.HasKyber && test.respond.Newest != session.X3DH // as old clients do
			if err := alice.StartFrom(t.Context(), bob.Address, b); err != nil {
				is(t, err, session.ErrUnsupported)
				if test.level != 0 {
					t.Fatal(err)
				}
				return
			}
			l := send(t, alice, bob, "first")
			if test.level == 0 {
				refuse(t, bob, l, session.ErrUnsupported)
				return
			}
			read(t, bob, l)
			for range 3 {
				exchange(t, bob, alice)
				exchange(t, alice, bob)
			}
			for _, i := range []session.SessionInfo{info(t, alice, bob), info(t, bob, alice)} {
				version := uint8(4)
				if test.level == session.X3DH {
					version = 3
				}
				if i.Version != version || i.PostQuantum != (test.level == session.TripleRatchet) {
					t.Errorf("%+v, want level %d", i, test.level)
				}
			}
		})
	}
}

func TestABundleWithoutAKyberPreKeyIsForX3DHOnly(t *testing.T) {
	p := newPair(t, full, 1)
	b := p.bob.NewBundle()
	b.HasKyber = false
	is(t, p.alice.StartFrom(t.Context(), p.bob.Address, b), session.ErrUnsupported)
}

func TestPostQuantumSecretsAreRenewed(t *testing.T) {
	p := newPair(t, full, 1)
	p.start(t)
	for range 120 {
		exchange(t, p.alice, p.bob)
		exchange(t, p.bob, p.alice)
	}
	for _, i := range []session.SessionInfo{info(t, p.alice, p.bob), info(t, p.bob, p.alice)} {
		if i.Epoch < 2 || !i.PostQuantum {
			t.Errorf("after 240 messages: %+v", i)
		}
	}
}

// A peer cannot leave the post-quantum part out later.
func TestALaterDowngradeIsRefused(t *testing.T) {
	for name, policy := range map[string]session.Policy{"required": full, "negotiated": {Oldest: session.PQXDH}} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, policy, 1)
			p.start(t)
			l := send(t, p.bob, p.alice, "with")
			m := value[*message.Signal](t)(message.ParseSignal(l.Body))
			without := message.Signal{Version: m.Version, RatchetKey: m.RatchetKey, Counter: m.Counter, Previous: m.Previous, Ciphertext: m.Ciphertext}
			forged := l
			forged.Body = without.Append(m.MAC)
			refuse(t, p.alice, forged, session.ErrUnsupported)
			read(t, p.alice, l)
		})
	}
}

func TestBundlesAreVerified(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*pqxdh.Bundle)
		want   error
	}{
		"signature":       {func(b *pqxdh.Bundle) { b.SignedPreKeySignature[3] ^= 1 }, session.ErrBundle},
		"short signature": {func(b *pqxdh.Bundle) { b.SignedPreKeySignature = b.SignedPreKeySignature[:63] }, session.ErrBundle},
		"Kyber signature": {func(b *pqxdh.Bundle) { b.KyberPreKeySignature[3] ^= 1 }, session.ErrBundle},
		"signed prekey":   {func(b *pqxdh.Bundle) { b.SignedPreKey[5] ^= 1 }, session.ErrBundle},
		"identity":        {func(b *pqxdh.Bundle) { b.IdentityKey[5] ^= 1 }, session.ErrBundle},
		"small one-time":  {func(b *pqxdh.Bundle) { b.PreKey = [33]byte{5} }, session.ErrSyntax},
		"no one-time key": {func(b *pqxdh.Bundle) { b.PreKey = [33]byte{} }, session.ErrSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, full, 1)
			b := p.bob.NewBundle()
			test.change(b)
			before := p.aliceStore.Clone()
			is(t, p.alice.StartFrom(t.Context(), p.bob.Address, b), test.want)
			if !p.aliceStore.Equal(before) {
				t.Error("a refused bundle left something")
			}
		})
	}
	p := newPair(t, full, 1)
	isInput(t, p.alice.StartFrom(t.Context(), p.bob.Address, nil), "bundle")
	p = newPair(t, session.Policy{Oldest: session.X3DH, Newest: session.X3DH}, 1)
	b := p.bob.NewBundle()
	b.KyberPreKeySignature[3] ^= 1
	is(t, p.alice.StartFrom(t.Context(), p.bob.Address, b), session.ErrBundle)
}

func TestPoliciesThatMakeNoSenseAreRefused(t *testing.T) {
	w := sessiontest.NewWorld(1)
	for _, policy := range []session.Policy{
		{Oldest: session.TripleRatchet, Newest: session.PQXDH}, {Newest: session.PQXDH}, {Newest: 4}, {Oldest: 9},
		{Oldest: session.PQXDH, Newest: session.PQXDH, ChainOnly: true},
	} {
		a := session.Open(new(sessiontest.MemStore), session.Env{Random: w.Random})
		_, err := a.CreateIdentity(t.Context(), session.IdentityOptions{Address: session.Address{Name: "a", Device: 1}, Policy: policy})
		isInput(t, err, "policy")
	}
}

func TestAnIdentityIsMadeOnceAndDeletedWhole(t *testing.T) {
	p := newPair(t, full, 2)
	p.start(t)
	create := func(o session.IdentityOptions) (created session.Identity, err error) {
		err = p.alice.Do(t.Context(), func(a *session.Account) error {
			created, err = a.CreateIdentity(t.Context(), o)
			return err
		})
		return created, err
	}
	options := session.IdentityOptions{Address: session.Address{Name: "alice", Device: 3}, RegistrationID: 77}
	_, err := create(options)
	is(t, err, session.ErrExists)
	first := p.alice.Published.Identity
	if first.RegistrationID < 1 || first.RegistrationID > session.MaxRegistrationID || first.Created != p.Now ||
		first.Policy != (session.Policy{Oldest: session.TripleRatchet, Newest: session.TripleRatchet}) {
		t.Errorf("identity %+v", first)
	}
	if same := with(t, p.alice, func(ctx context.Context, a *session.Account) (session.Identity, error) { return a.Identity(ctx) }); same != first {
		t.Errorf("identity %+v, was %+v", same, first)
	}
	do(t, p.alice, func(ctx context.Context, a *session.Account) error {
		if _, err := a.CreateGroup(ctx, [16]byte{1}); err != nil {
			return err
		}
		return a.DeleteIdentity(ctx)
	})
	if left := len(p.aliceStore.Values()); left != 0 {
		t.Errorf("%d values are left", left)
	}
	is(t, p.alice.Do(t.Context(), func(a *session.Account) error { return a.DeleteIdentity(t.Context()) }), session.ErrNoIdentity)
	second, err := create(options)
	if err != nil || second.Key == first.Key || second.RegistrationID != 77 {
		t.Errorf("second identity %+v, %v", second, err)
	}
	options.RegistrationID = session.MaxRegistrationID + 1
	_, err = create(options)
	isInput(t, err, "registrationId")
	for _, address := range []session.Address{{Name: "", Device: 1}, {Name: "a b", Device: 1}, {Name: "é", Device: 1}, {Name: "a"}, {Name: "a", Device: 128}} {
		_, err = create(session.IdentityOptions{Address: address})
		isInput(t, err, "address")
	}
}
