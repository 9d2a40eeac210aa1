// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// x3dh, classic and full are the policies that leave nothing to negotiate.
var (
	x3dh    = session.Policy{Oldest: session.X3DH, Newest: session.X3DH}
	classic = session.Policy{Oldest: session.PQXDH, Newest: session.PQXDH}
	full    = session.Policy{}
)

var policies = map[string]session.Policy{
	"X3DH": x3dh, "PQXDH": classic, "triple ratchet": full,
	"negotiated": {Oldest: session.PQXDH}, "chain only": {ChainOnly: true},
}

// pair is two devices whose stores are in memory.
type pair struct {
	*sessiontest.World
	alice, bob           *sessiontest.Device
	aliceStore, bobStore *sessiontest.MemStore
}

// newPair makes two devices with one-time prekeys, so many of each kind, and no
// session yet.
func newPair(t testing.TB, policy session.Policy, oneTime int) *pair {
	t.Helper()
	p := &pair{World: sessiontest.NewWorld(1), aliceStore: new(sessiontest.MemStore), bobStore: new(sessiontest.MemStore)}
	p.alice = newDevice(t, p.World, "alice", 1, policy, oneTime, p.aliceStore)
	p.bob = newDevice(t, p.World, "bob", 2, policy, oneTime, p.bobStore)
	return p
}

func newDevice(t testing.TB, w *sessiontest.World, name string, device uint32, policy session.Policy, oneTime int, store sessiontest.Store) *sessiontest.Device {
	t.Helper()
	d, err := w.NewDevice(t.Context(), session.Address{Name: name, Device: device}, policy, oneTime, store)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start begins a session from alice to bob and lets both write once.
func (p *pair) start(t testing.TB) {
	t.Helper()
	ok(t, p.alice.Start(t.Context(), p.bob))
	exchange(t, p.alice, p.bob)
	exchange(t, p.bob, p.alice)
}

func exchange(t testing.TB, from, to *sessiontest.Device) session.Opened {
	t.Helper()
	return value[session.Opened](t)(from.Exchange(t.Context(), to, "a text of "+from.Address.String()))
}

func send(t testing.TB, from, to *sessiontest.Device, text string) sessiontest.Letter {
	t.Helper()
	return value[sessiontest.Letter](t)(from.Send(t.Context(), to.Address, text))
}

func read(t testing.TB, d *sessiontest.Device, l sessiontest.Letter) session.Opened {
	t.Helper()
	return value[session.Opened](t)(d.Read(t.Context(), l))
}

// refuse expects that a device refuses a letter, and nothing changes.
func refuse(t testing.TB, d *sessiontest.Device, l sessiontest.Letter, want error) {
	t.Helper()
	a := session.Open(d.Store, d.Env())
	_, err := a.Decrypt(t.Context(), l.From, l.Type, l.Body)
	is(t, err, want)
	if n := len(a.Changes()); n > 0 {
		t.Fatalf("a refused message left %d changes", n)
	}
}

// ok fails the test if there is an error.
func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test unless the error is want.
func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

// value returns a function that takes a value and an error, which fails the test.
func value[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// do runs a unit of work that must succeed.
func do(t testing.TB, d *sessiontest.Device, work func(context.Context, *session.Account) error) {
	t.Helper()
	ok(t, d.Do(t.Context(), func(a *session.Account) error { return work(t.Context(), a) }))
}

// with runs a unit of work and returns its value.
func with[T any](t testing.TB, d *sessiontest.Device, work func(context.Context, *session.Account) (T, error)) T {
	t.Helper()
	var result T
	do(t, d, func(ctx context.Context, a *session.Account) (err error) {
		result, err = work(ctx, a)
		return err
	})
	return result
}

// isInput fails the test unless the error is an InputError about a field.
func isInput(t testing.TB, err error, field string) {
	t.Helper()
	var input *session.InputError
	if !errors.As(err, &input) || input.Field != field {
		t.Fatalf("error %v, want an InputError about %s", err, field)
	}
}
