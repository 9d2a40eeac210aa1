// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
	"ats.run/kms-enclave/kmslib/vault"
)

// The devices of the tests. alice is the account in the vault.
var (
	alice = session.Address{Name: "alice-of-the-vault", Device: 1}
	bob   = session.Address{Name: "bob-who-writes", Device: 2}
	carol = session.Address{Name: "carol-who-comes", Device: 3}
	dave  = session.Address{Name: "dave-who-changes", Device: 4}
	erin  = session.Address{Name: "erin-who-is-new", Device: 5}

	group = [16]byte{1, 2, 3}
)

// own is the account of an origin in a vault. Its methods are each one step.
type own struct {
	vault  *vault.Vault
	origin string
}

// do runs a step with its entry.
func (o own) do(ctx context.Context, method string, step func(*session.Account) error) error {
	return o.vault.SignalChange(ctx, from(o.origin, method), func(a *session.Account) (string, error) { return "", step(a) })
}

func (o own) create(ctx context.Context) error {
	return o.do(ctx, "signal.identity.create", func(a *session.Account) error {
		_, err := a.CreateIdentity(ctx, session.IdentityOptions{Address: alice})
		return err
	})
}

func (o own) publish(ctx context.Context, n int) (p session.PreKeys, err error) {
	err = o.do(ctx, "signal.prekeys.publish", func(a *session.Account) (err error) {
		p, err = a.PublishPreKeys(ctx, n)
		return err
	})
	return p, err
}

func (o own) start(ctx context.Context, with *sessiontest.Device) error {
	b := with.NewBundle()
	return o.do(ctx, "signal.session.start", func(a *session.Account) error {
		_, err := a.StartSession(ctx, with.Address, b)
		return err
	})
}

func (o own) send(ctx context.Context, to session.Address, text string) (sessiontest.Letter, error) {
	l := sessiontest.Letter{From: alice, To: to, Text: text}
	err := o.do(ctx, "signal.encrypt", func(a *session.Account) error {
		e, err := a.Encrypt(ctx, to, []byte(text))
		l.Type, l.Body = e.Type, e.Body
		return err
	})
	return l, err
}

func (o own) read(ctx context.Context, l sessiontest.Letter) (opened session.Opened, err error) {
	err = o.do(ctx, "signal.decrypt", func(a *session.Account) (err error) {
		opened, err = a.Decrypt(ctx, l.From, l.Type, l.Body)
		return err
	})
	if err == nil && string(opened.Plaintext) != l.Text {
		err = errors.New("another text came out")
	}
	return opened, err
}

func (o own) count(ctx context.Context) (n session.PreKeyCount, err error) {
	err = o.vault.SignalRead(ctx, from(o.origin, "signal.prekeys.count"), func(a *session.Account) (err error) {
		n, err = a.CountPreKeys(ctx)
		return err
	})
	return n, err
}

func (o own) sessions(ctx context.Context) (all []session.SessionInfo, err error) {
	err = o.vault.SignalRead(ctx, from(o.origin, "signal.session.list"), func(a *session.Account) (err error) {
		all, err = a.Sessions(ctx)
		return err
	})
	return all, err
}

// must fails the test if there is an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// get fails the test if there is an error, and returns the value.
func get[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

var seed uint64

// newPeer returns a device in a store of its own, with prekeys for many sessions.
func newPeer(t testing.TB, address session.Address) *sessiontest.Device {
	t.Helper()
	seed++
	w := sessiontest.NewWorld(seed)
	w.Now = now
	return get[*sessiontest.Device](t)(w.NewDevice(t.Context(), address, session.Policy{}, 10, new(sessiontest.MemStore)))
}

// like returns the same device in a copy of its store.
func like(d *sessiontest.Device) *sessiontest.Device {
	copied := *d
	copied.Store = d.Store.(*sessiontest.MemStore).Clone()
	return &copied
}

// signalUp makes Ada's Signal account for the origin app, with a session with bob
// in which both have written.
func signalUp(t testing.TB, v *vault.Vault) (own, *sessiontest.Device) {
	t.Helper()
	o := own{v, app}
	must(t, o.create(t.Context()))
	get[session.PreKeys](t)(o.publish(t.Context(), 3))
	b := newPeer(t, bob)
	must(t, o.start(t.Context(), b))
	talk(t, o, b)
	return o, b
}

// talk exchanges a message each way.
func talk(t testing.TB, o own, with *sessiontest.Device) {
	t.Helper()
	l := get[sessiontest.Letter](t)(o.send(t.Context(), with.Address, "from the vault"))
	get[session.Opened](t)(with.Read(t.Context(), l))
	l = get[sessiontest.Letter](t)(with.Send(t.Context(), alice, "to the vault"))
	get[session.Opened](t)(o.read(t.Context(), l))
}

// messageKey returns what is different for each message key of a sender.
func messageKey(t testing.TB, l sessiontest.Letter) string {
	t.Helper()
	if l.Type == message.PreKeyType {
		return signalKey(get[*message.PreKey](t)(message.ParsePreKey(l.Body)).Message)
	}
	return signalKey(get[*message.Signal](t)(message.ParseSignal(l.Body)))
}

func signalKey(m *message.Signal) string {
	return string(m.RatchetKey[:]) + " " + string(rune(m.Counter))
}
