// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/safetynumber"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// expectContact expects what a device knows of bob.
func expectContact(t *testing.T, d *sessiontest.Device, state session.ContactState, key, previous curve.PublicKey) {
	t.Helper()
	c := with(t, d, func(ctx context.Context, a *session.Account) (session.Contact, error) { return a.Contact(ctx, "bob") })
	if c.Name != "bob" || c.State != state || c.Key != key || c.Previous != previous {
		t.Fatalf("contact %+v, want %s with %x after %x", c, state, key[1:5], previous[1:5])
	}
}

// reinstall gives bob a new identity.
func (p *pair) reinstall(t *testing.T) *sessiontest.Device {
	t.Helper()
	p.bobStore = new(sessiontest.MemStore)
	return newDevice(t, p.World, "bob", 2, classic, 5, p.bobStore)
}

func accept(ctx context.Context, a *session.Account, key curve.PublicKey) error {
	return a.AcceptContact(ctx, "bob", key)
}

func TestAChangedIdentityIsReportedOnReceiptAndRefusedOnSending(t *testing.T) {
	p := newPair(t, classic, 5)
	var none curve.PublicKey
	expectContact(t, p.alice, session.StateUnknown, none, none)
	p.start(t)
	first := p.bob.Published.Identity.Key
	expectContact(t, p.alice, session.StateFirstUse, first, none)
	do(t, p.alice, func(ctx context.Context, a *session.Account) error { return a.VerifyContact(ctx, "bob", first, true) })
	expectContact(t, p.alice, session.StateVerified, first, none)
	late := send(t, p.bob, p.alice, "late")

	p.bob = p.reinstall(t)
	second := p.bob.Published.Identity.Key
	ok(t, p.bob.Start(t.Context(), p.alice))
	if opened := exchange(t, p.bob, p.alice); !opened.IdentityChanged || !opened.NewSession {
		t.Errorf("a message under another key: %+v", opened)
	}
	expectContact(t, p.alice, session.StateChanged, second, first)
	if opened := exchange(t, p.bob, p.alice); !opened.IdentityChanged {
		t.Error("the second message under another key is not marked")
	}
	if i := info(t, p.alice, p.bob); !i.IdentityChanged {
		t.Errorf("the session is not marked: %+v", i)
	}
	_, err := p.alice.Send(t.Context(), p.bob.Address, "secret")
	is(t, err, session.ErrIdentityChanged)
	for name, key := range map[string]curve.PublicKey{"none": none, "another": p.alice.Published.Identity.Key} {
		err = p.alice.Do(t.Context(), func(a *session.Account) error { return accept(t.Context(), a, key) })
		if is(t, err, session.ErrKeyMismatch); name == "none" {
			continue
		}
		err = p.alice.Do(t.Context(), func(a *session.Account) error { return a.VerifyContact(t.Context(), "bob", key, true) })
		is(t, err, session.ErrKeyMismatch)
	}

	do(t, p.alice, func(ctx context.Context, a *session.Account) error { return accept(ctx, a, second) })
	expectContact(t, p.alice, session.StateFirstUse, second, first)
	exchange(t, p.alice, p.bob)
	if opened := exchange(t, p.bob, p.alice); opened.IdentityChanged {
		t.Error("a message under the accepted key is marked")
	}
	active := info(t, p.alice, p.bob).ID
	if opened := read(t, p.alice, late); !opened.IdentityChanged {
		t.Error("a late message under the former key is not marked")
	}
	if info(t, p.alice, p.bob).ID != active {
		t.Error("a session under the former key became the active one")
	}
}

func TestABundleWithAnotherIdentityIsNotSentTo(t *testing.T) {
	p := newPair(t, classic, 5)
	p.start(t)
	first := p.bob.Published.Identity.Key
	other := p.reinstall(t)
	ok(t, p.alice.Start(t.Context(), other))
	expectContact(t, p.alice, session.StateChanged, other.Published.Identity.Key, first)
	_, err := p.alice.Send(t.Context(), other.Address, "secret")
	is(t, err, session.ErrIdentityChanged)

	// The person chooses the former one: it is sent in no session with the new.
	do(t, p.alice, func(ctx context.Context, a *session.Account) error { return accept(ctx, a, first) })
	expectContact(t, p.alice, session.StateFirstUse, first, other.Published.Identity.Key)
	_, err = p.alice.Send(t.Context(), p.bob.Address, "secret")
	is(t, err, session.ErrNoSession)
	exchange(t, p.bob, p.alice)
	exchange(t, p.alice, p.bob)
}

func TestComingBackToTheTrustedKeyEndsAChange(t *testing.T) {
	p := newPair(t, classic, 5)
	p.start(t)
	first := p.bob.Published.Identity.Key
	other, third := p.reinstall(t), p.reinstall(t)
	ok(t, p.alice.Start(t.Context(), other))
	ok(t, p.alice.Start(t.Context(), third))
	expectContact(t, p.alice, session.StateChanged, third.Published.Identity.Key, first)
	ok(t, p.bob.Start(t.Context(), p.alice))
	if opened := exchange(t, p.bob, p.alice); opened.IdentityChanged {
		t.Error("the trusted key is marked as changed")
	}
	expectContact(t, p.alice, session.StateFirstUse, first, third.Published.Identity.Key)
	exchange(t, p.alice, p.bob)
}

func TestVerificationIsGivenAndTakenByThePerson(t *testing.T) {
	p := newPair(t, classic, 5)
	p.start(t)
	var none curve.PublicKey
	first := p.bob.Published.Identity.Key
	verify := func(verified bool) {
		t.Helper()
		do(t, p.alice, func(ctx context.Context, a *session.Account) error {
			return a.VerifyContact(ctx, "bob", first, verified)
		})
	}
	for range 2 {
		verify(true)
		expectContact(t, p.alice, session.StateVerified, first, none)
	}
	do(t, p.alice, func(ctx context.Context, a *session.Account) error { return accept(ctx, a, first) })
	expectContact(t, p.alice, session.StateVerified, first, none)
	for range 2 {
		verify(false)
		expectContact(t, p.alice, session.StateFirstUse, first, none)
	}
	other := p.reinstall(t)
	ok(t, p.alice.Start(t.Context(), other))
	second := other.Published.Identity.Key
	verify(false) // nothing to take: the change stays
	expectContact(t, p.alice, session.StateChanged, second, first)
	do(t, p.alice, func(ctx context.Context, a *session.Account) error { return a.VerifyContact(ctx, "bob", second, true) })
	expectContact(t, p.alice, session.StateVerified, second, first)
}

// Who only knows the public key of an identity cannot begin a session under it.
func TestAClaimedIdentityIsNotBelieved(t *testing.T) {
	p := newPair(t, classic, 5)
	mallory := newDevice(t, p.World, "mallory", 1, classic, 1, new(sessiontest.MemStore))
	ok(t, mallory.Start(t.Context(), p.alice))
	l := send(t, mallory, p.alice, "I am Bob")
	m := value[*message.PreKey](t)(message.ParsePreKey(l.Body))
	m.IdentityKey = p.bob.Published.Identity.Key
	l.From, l.Body = p.bob.Address, m.Marshal()
	refuse(t, p.alice, l, session.ErrAuthentication)
	expectContact(t, p.alice, session.StateUnknown, curve.PublicKey{}, curve.PublicKey{})
}

func TestSafetyNumbersOfBothSidesAreEqual(t *testing.T) {
	p := newPair(t, classic, 5)
	number := func(d *sessiontest.Device, of string) (safetynumber.Number, error) {
		var n safetynumber.Number
		err := d.Do(t.Context(), func(a *session.Account) (err error) {
			n, err = a.SafetyNumber(t.Context(), of)
			return err
		})
		return n, err
	}
	_, err := number(p.alice, "bob")
	is(t, err, session.ErrNotFound)
	p.start(t)
	alices := value[safetynumber.Number](t)(number(p.alice, "bob"))
	bobs := value[safetynumber.Number](t)(number(p.bob, "alice"))
	if len(alices.Digits()) != 60 || alices.Digits() != bobs.Digits() {
		t.Errorf("%s and %s", alices.Digits(), bobs.Digits())
	}
	same, err := alices.Matches(bobs.Scannable(2))
	if err != nil || !same {
		t.Errorf("the scanned form: %t, %v", same, err)
	}
}

func TestNamesMayShareAKey(t *testing.T) {
	p := newPair(t, classic, 5)
	p.start(t)
	ok(t, p.alice.StartFrom(t.Context(), session.Address{Name: "robert", Device: 1}, p.bob.NewBundle()))
	contacts := with(t, p.alice, func(ctx context.Context, a *session.Account) ([]session.Contact, error) { return a.Contacts(ctx) })
	if len(contacts) != 2 || contacts[0].Key != contacts[1].Key || contacts[1].State != session.StateFirstUse {
		t.Errorf("contacts %+v", contacts)
	}
}
