// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/session"
)

func TestStoredValuesAreReadBackAsTheyAre(t *testing.T) {
	for k, stored := range lived(t).aliceStore.Values() {
		if again, err := session.Parsers[k.Kind](bytes.Clone(stored)); err != nil || !bytes.Equal(again, stored) {
			t.Errorf("%s: %v, or other bytes", k.Kind, err)
		}
	}
}

func TestStoredValuesAreReadStrictly(t *testing.T) {
	seen := make(map[session.Kind]bool)
	for k, stored := range lived(t).aliceStore.Values() {
		if seen[k.Kind] {
			continue
		}
		seen[k.Kind] = true
		refused := func(what string, b []byte) {
			t.Helper()
			if _, err := session.Parsers[k.Kind](bytes.Clone(b)); err == nil {
				t.Errorf("%s: %s is accepted", k.Kind, what)
			}
		}
		refused("nothing", nil)
		refused("another format", append([]byte{2}, stored[1:]...))
		refused("a format alone", stored[:1])
		var unknown proto.Writer
		unknown.Uint(40, 1)
		refused("an unknown field", append(bytes.Clone(stored), unknown.Finish()...))
		for cut := 2; cut < len(stored); cut += max(1, len(stored)/97) {
			if again, err := session.Parsers[k.Kind](bytes.Clone(stored[:cut])); err == nil && !bytes.Equal(again, stored[:cut]) {
				t.Errorf("%s: cut at %d of %d, it is read as something else", k.Kind, cut, len(stored))
			}
		}
		for number, f := range fieldsOf(t, stored[1:]) {
			var again proto.Writer
			if f.IsBytes {
				again.Bytes(number, f.Bytes)
			} else {
				again.Uint(number, f.Uint)
			}
			if repeated := k.Kind == session.KindPeer && number == 2 || k.Kind == session.KindIdentity && number == 13; !repeated {
				refused("a field twice", append(bytes.Clone(stored), again.Finish()...))
			}
			if f.IsBytes {
				refused("a field that is empty", replaceField(t, stored, number, nil))
			}
		}
	}
	if len(seen) != len(session.Kinds()) {
		t.Errorf("values of %d kinds", len(seen))
	}
}

// A value that cannot be read is kept: whatever is done, nothing is written in its
// place. What erases on purpose may erase it.
func TestWhatCannotBeReadIsKept(t *testing.T) {
	erases := map[string][]session.Kind{
		"delete": session.Kinds(), "leave group": {session.KindSenderKey}, "close": {session.KindPeer, session.KindSession},
	}
	p, all := operations(t)
	refused := make(map[session.Kind]bool)
	for k := range p.aliceStore.Values() {
		for _, damage := range [][]byte{{}, {1}, {2, 0}, []byte("damaged")} {
			store := p.aliceStore.Clone()
			ok(t, store.Apply(t.Context(), []session.Change{{Key: k, Value: damage}}))
			for name, operation := range all {
				a := session.Open(store, p.alice.Env())
				err := operation(t.Context(), a)
				var state *session.StateError
				if errors.As(err, &state) && state.Kind == k.Kind {
					refused[k.Kind] = true
				} else if err != nil && !errors.Is(err, session.ErrNoIdentity) {
					t.Errorf("%s with damaged %s: %v", name, k.Kind, err)
				}
				for _, c := range a.Changes() {
					if c.Key == k && (c.Value != nil || !slices.Contains(erases[name], k.Kind)) {
						t.Errorf("%s changes the damaged %s", name, k.Kind)
					}
				}
			}
		}
	}
	for _, kind := range session.Kinds() {
		if !refused[kind] && kind != session.KindReplay {
			t.Errorf("no operation refuses a damaged %s", kind)
		}
	}
}

// A device whose record or session is damaged is reached again once its sessions
// are closed.
func TestClosingRecoversFromDamage(t *testing.T) {
	for _, kind := range []session.Kind{session.KindPeer, session.KindSession} {
		p := newPair(t, full, 3)
		p.start(t)
		for k := range p.aliceStore.Values() {
			if k.Kind == kind {
				ok(t, p.aliceStore.Apply(t.Context(), []session.Change{{Key: k, Value: []byte("damaged")}}))
			}
		}
		l := send(t, p.bob, p.alice, "text")
		_, err := p.alice.Receive(t.Context(), l)
		var state *session.StateError
		if !errors.As(err, &state) || state.Kind != kind {
			t.Errorf("with a damaged %s: %v", kind, err)
		}
		ok(t, p.alice.Do(t.Context(), func(a *session.Account) error { return a.CloseSession(t.Context(), p.bob.Address) }))
		for k := range p.aliceStore.Values() {
			if k.Kind == session.KindPeer || k.Kind == session.KindSession {
				t.Errorf("%s is left", k.Kind)
			}
		}
		ok(t, p.alice.Start(t.Context(), p.bob))
		exchange(t, p.alice, p.bob)
		exchange(t, p.bob, p.alice)
	}
}

// A session that is damaged does not keep others from reading.
func TestADamagedSessionIsPassedOver(t *testing.T) {
	p := newPair(t, full, 3)
	p.start(t)
	l := send(t, p.bob, p.alice, "in the archived one")
	p.start(t)
	active := info(t, p.alice, p.bob).ID
	key := session.Key{Kind: session.KindSession, Name: p.bob.Address.String() + "/" + active}
	ok(t, p.aliceStore.Apply(t.Context(), []session.Change{{Key: key, Value: []byte("damaged")}}))
	read(t, p.alice, l)
	if info(t, p.alice, p.bob).ID == active {
		t.Error("the damaged session is still the active one")
	}
	if value, err := p.aliceStore.Get(t.Context(), key); err != nil || string(value) != "damaged" {
		t.Error("the damaged session is not kept")
	}
}
