// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"crypto/rand"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
)

func TestModesAgreeOnWhatBothHave(t *testing.T) {
	for _, c := range []struct {
		name       string
		version    pqxdh.Version
		alice, bob Mode
		field      bool // messages have a pq_ratchet field in the end
		epochs     bool // and secrets are agreed on
	}{
		{"X3DH", pqxdh.X3DH, Classic, Classic, false, false},
		{"PQXDH alone", pqxdh.PQXDH, Classic, Classic, false, false},
		{"today", pqxdh.PQXDH, Required, Required, true, true},
		{"both negotiate", pqxdh.PQXDH, Negotiated, Negotiated, true, true},
		{"initiator negotiates", pqxdh.PQXDH, Negotiated, Required, true, true},
		{"responder negotiates", pqxdh.PQXDH, Required, Negotiated, true, true},
		{"initiator falls back", pqxdh.PQXDH, Negotiated, Classic, false, false},
		{"responder falls back", pqxdh.PQXDH, Classic, Negotiated, false, false},
		{"initiator with one chain", pqxdh.PQXDH, ChainOnly, Required, true, false},
		{"responder with one chain", pqxdh.PQXDH, Required, ChainOnly, true, false},
		{"both with one chain", pqxdh.PQXDH, ChainOnly, ChainOnly, true, false},
		{"initiator negotiates with one chain", pqxdh.PQXDH, Negotiated, ChainOnly, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			alice, bob := agree(t, c.version).sessions(t, c.alice, c.bob)
			for range 120 {
				exchange(t, &alice, &bob)
			}
			for name, s := range map[string]*State{"alice": &alice, "bob": &bob} {
				m := parse(t, encrypt(t, s, ""))
				if (len(m.PQRatchet) > 0) != c.field || s.PostQuantum() != c.field || (s.Epoch() > 0) != c.epochs || s.Version() != c.version {
					t.Errorf("%s: field of %d bytes, post-quantum %v, epoch %d", name, len(m.PQRatchet), s.PostQuantum(), s.Epoch())
				}
			}
		})
	}
}

func TestPostQuantumTellsWhenBothHaveSalted(t *testing.T) {
	alice, bob := agree(t, pqxdh.PQXDH).sessions(t, Negotiated, Negotiated)
	want := func(a, b bool) {
		t.Helper()
		if alice.PostQuantum() != a || bob.PostQuantum() != b {
			t.Errorf("alice %v, bob %v; want %v, %v", alice.PostQuantum(), bob.PostQuantum(), a, b)
		}
	}
	want(false, false)
	decrypt(t, &bob, encrypt(t, &alice, "no salt yet"), "no salt yet")
	want(false, false)
	decrypt(t, &alice, encrypt(t, &bob, "salted"), "salted")
	want(false, false)
	b := encrypt(t, &alice, "salted too")
	want(true, false)
	decrypt(t, &bob, b, "salted too")
	want(true, true)
}

func TestNegotiationIsDecidedByTheFirstAuthenticMessage(t *testing.T) {
	alice, bob := agree(t, pqxdh.PQXDH).sessions(t, Negotiated, Classic)
	b := encrypt(t, &alice, "offer")
	decrypt(t, &bob, b, "offer")
	answer := encrypt(t, &bob, "no")
	// A forged message without the field decides nothing.
	forged := append([]byte(nil), answer...)
	forged[len(forged)-1] ^= 1
	refuse(t, alice, forged, ErrAuthentication)
	if m := parse(t, encrypt(t, &alice, "offer again")); len(m.PQRatchet) == 0 {
		t.Error("a forged message ended the offer")
	}
	decrypt(t, &alice, answer, "no")
	if m := parse(t, encrypt(t, &alice, "classic")); len(m.PQRatchet) != 0 {
		t.Error("the offer goes on")
	}
}

func TestMessagesWithoutTheRatchetAreADowngradeOnceItIsThere(t *testing.T) {
	a := agree(t, pqxdh.PQXDH)
	for name, mode := range map[string]Mode{"required": Required, "one chain": ChainOnly} {
		old, bob := a.sessions(t, Classic, mode)
		refuse(t, bob, encrypt(t, &old, "from an old client, "+name), ErrDowngrade)
	}
	alice, bob := a.sessions(t, Negotiated, Negotiated)
	exchange(t, &alice, &bob)
	exchange(t, &alice, &bob)
	// The same parties' ratchet, whose sender now leaves the field out.
	v := *alice.box.Expose()
	v.mode = Classic
	without := wrap(&v)
	refuse(t, bob, encrypt(t, &without, "downgraded"), ErrDowngrade)
	decrypt(t, &bob, encrypt(t, &alice, "go on"), "go on")
}

func TestWhatWasWrittenBeforeTheAnswerIsReadLate(t *testing.T) {
	for _, mode := range []Mode{Negotiated, Required, ChainOnly} {
		alice, bob := agree(t, pqxdh.PQXDH).sessions(t, Negotiated, mode)
		first, late, last := encrypt(t, &alice, "first"), encrypt(t, &alice, "late"), encrypt(t, &alice, "last")
		negotiating := alice.box.Expose().sparse
		decrypt(t, &bob, first, "first")
		decrypt(t, &alice, encrypt(t, &bob, "answer"), "answer")
		decrypt(t, &bob, encrypt(t, &alice, "salted"), "salted")
		decrypt(t, &bob, late, "late")
		refuse(t, bob, late, ErrDuplicate)
		restored, err := Parse(bob.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		decrypt(t, &restored, last, "last")
		// Under a later ratchet key, no honest initiator leaves the salt out.
		v := *alice.box.Expose()
		v.sparse = negotiating
		without := wrap(&v)
		refuse(t, bob, encrypt(t, &without, "downgraded"), ErrDowngrade)
		decrypt(t, &bob, encrypt(t, &alice, "go on"), "go on")
	}
}

func TestAClassicSessionCannotReadSaltedMessages(t *testing.T) {
	alice, bob := agree(t, pqxdh.PQXDH).sessions(t, Required, Classic)
	refuse(t, bob, encrypt(t, &alice, "salted"), ErrAuthentication)
}

func TestModesNeedTheirAgreement(t *testing.T) {
	old, today := agree(t, pqxdh.X3DH), agree(t, pqxdh.PQXDH)
	start := func(version pqxdh.Version, a agreement, mode Mode) error {
		p := Parties{a.alice.Public, a.bob.Public}
		_, err := NewInitiator(version, p, a.initiator, a.prekey.Public, mode, rand.Reader)
		_, other := NewResponder(version, p, a.responder, a.prekey, mode)
		if (err == nil) != (other == nil) {
			t.Errorf("initiator: %v, responder: %v", err, other)
		}
		return err
	}
	for _, mode := range []Mode{0, Negotiated, Required, ChainOnly, ChainOnly + 1} {
		if err := start(pqxdh.X3DH, old, mode); !errors.Is(err, ErrMode) {
			t.Errorf("X3DH with mode %d: %v", mode, err)
		}
	}
	for name, err := range map[string]error{
		"no mode":             start(pqxdh.PQXDH, today, 0),
		"unknown mode":        start(pqxdh.PQXDH, today, ChainOnly+1),
		"version 5":           start(5, today, Required),
		"X3DH's secrets":      start(pqxdh.PQXDH, old, Classic),
		"PQXDH's secrets":     start(pqxdh.X3DH, today, Classic),
		"secrets of no party": start(pqxdh.PQXDH, agreement{alice: old.alice, bob: old.bob, prekey: old.prekey}, Required),
	} {
		if !errors.Is(err, ErrMode) {
			t.Errorf("%s: %v", name, err)
		}
	}
	today.initiator.Wipe()
	today.responder.Wipe()
	if err := start(pqxdh.PQXDH, today, Required); !errors.Is(err, ErrMode) {
		t.Errorf("wiped secrets: %v", err)
	}
	nobody := agree(t, pqxdh.PQXDH)
	nobody.bob.Public = curve.PublicKey{}
	if err := start(pqxdh.PQXDH, nobody, Required); !errors.Is(err, curve.ErrKey) {
		t.Errorf("no identity: %v", err)
	}
}
