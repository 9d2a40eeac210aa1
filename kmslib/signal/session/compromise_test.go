// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// thief returns who has copied everything that a device has, and makes random
// numbers of its own.
func thief(d *sessiontest.Device) *sessiontest.Device {
	stolen := *d
	stolen.Store, stolen.World = d.Store.(*sessiontest.MemStore).Clone(), sessiontest.NewWorld(666)
	return &stolen
}

func TestACompromiseHealsAfterARoundTrip(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, policy, 2)
			p.start(t)
			exchange(t, p.alice, p.bob)
			eve := thief(p.bob)
			l := send(t, p.alice, p.bob, "to who has the keys")
			read(t, eve, l) // the test's eve knows how to read
			read(t, p.bob, l)
			for _, way := range [][2]*sessiontest.Device{{p.bob, p.alice}, {p.alice, p.bob}, {p.bob, p.alice}} {
				l := send(t, way[0], way[1], "healing")
				read(t, way[1], l)
				if way[1] == p.bob {
					eve.Receive(t.Context(), l) // she hears everything
				}
			}
			if _, err := eve.Receive(t.Context(), send(t, p.alice, p.bob, "after that")); err == nil {
				t.Error("a stolen store reads on")
			}
		})
	}
}

// fields of a message of package proto, by number.
func fieldsOf(t *testing.T, b []byte) map[int]proto.Field {
	t.Helper()
	fields := make(map[int]proto.Field)
	r := proto.NewReader(b)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		fields[f.Number] = f
	}
	ok(t, r.Err())
	return fields
}

// with returns a stored value, in which one field has other bytes.
func replaceField(t *testing.T, stored []byte, number int, with []byte) []byte {
	t.Helper()
	fields := fieldsOf(t, stored[1:])
	w := proto.NewWriter(len(stored)+len(with), stored[0])
	for n := range 64 {
		f, found := fields[n]
		switch {
		case !found:
		case n == number:
			w.Bytes(n, with)
		case f.IsBytes:
			w.Bytes(n, f.Bytes)
		default:
			w.Uint(n, f.Uint)
		}
	}
	return w.Finish()
}

// The fields of packages session and tripleratchet that hold the ratchets.
const (
	ratchetField = 1
	doubleField  = 5
	sparseField  = 6
)

// activeSession returns the key and the ratchet of the only session in a store.
func activeSession(t *testing.T, store *sessiontest.MemStore) (session.Key, []byte) {
	t.Helper()
	for k, stored := range store.Values() {
		if k.Kind == session.KindSession {
			return k, slices.Clone(fieldsOf(t, stored[1:])[ratchetField].Bytes)
		}
	}
	t.Fatal("no session")
	return session.Key{}, nil
}

// mixed returns who has the store of a device, but for one of its ratchets, of
// which there is only what another store has.
func mixed(t *testing.T, d *sessiontest.Device, number int, bytes []byte) *sessiontest.Device {
	t.Helper()
	eve := thief(d)
	store := eve.Store.(*sessiontest.MemStore)
	k, ratchet := activeSession(t, store)
	stored := replaceField(t, store.Values()[k], ratchetField, replaceField(t, ratchet, number, bytes))
	ok(t, store.Apply(t.Context(), []session.Change{{Key: k, Value: stored}}))
	return eve
}

// Who breaks Diffie-Hellman later, and has stolen everything once, has all secrets
// of the double ratchet at any time. The post-quantum ratchet alone heals that, one
// epoch after the theft; and the other way round.
func TestEachRatchetHealsWithoutTheOther(t *testing.T) {
	p := newPair(t, full, 1)
	p.start(t)
	for range 20 {
		exchange(t, p.alice, p.bob)
		exchange(t, p.bob, p.alice)
	}
	before := info(t, p.bob, p.alice).Epoch
	_, stolen := activeSession(t, p.bobStore)
	parts := fieldsOf(t, stolen[1:])
	followed := value[spqr.State](t)(spqr.Parse(parts[sparseField].Bytes))
	own := sessiontest.NewRandom(666)
	for info(t, p.bob, p.alice).Epoch < before+2 {
		// Eve hears every message and goes along with it as well as she can.
		l := send(t, p.alice, p.bob, "text")
		read(t, p.bob, l)
		m := value[*message.Signal](t)(message.ParseSignal(l.Body))
		if next, _, err := followed.Receive(m.PQRatchet); err == nil {
			followed = next
		}
		exchange(t, p.bob, p.alice)
		if next, _, _, err := followed.Send(own); err == nil {
			followed = next
		}
	}
	l := send(t, p.alice, p.bob, "after two epochs")
	_, now := activeSession(t, p.bobStore)
	same := fieldsOf(t, now[1:])
	for name, test := range map[string]struct {
		number int
		bytes  []byte
		reads  bool
	}{
		"both as they are":          {sparseField, same[sparseField].Bytes, true},
		"old post-quantum secrets":  {sparseField, parts[sparseField].Bytes, false},
		"those taken along":         {sparseField, followed.Marshal(), false},
		"old Diffie-Hellman secret": {doubleField, parts[doubleField].Bytes, false},
	} {
		t.Run(name, func(t *testing.T) {
			opened, err := mixed(t, p.bob, test.number, test.bytes).Receive(t.Context(), l)
			if test.reads != (err == nil) || test.reads && string(opened.Plaintext) != l.Text {
				t.Errorf("reads: %v", err)
			}
		})
	}
	read(t, p.bob, l)
}

// A store that is stolen does not open what its owner has read before.
func TestAStolenStoreDoesNotOpenTheReadMail(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, policy, 2)
			var letters []sessiontest.Letter
			ok(t, p.alice.Start(t.Context(), p.bob))
			for range 4 {
				letters = append(letters, send(t, p.alice, p.bob, strings.Repeat("x", 40)))
				read(t, p.bob, letters[len(letters)-1])
				exchange(t, p.bob, p.alice)
			}
			for i, l := range letters {
				if _, err := thief(p.bob).Receive(t.Context(), l); err == nil {
					t.Errorf("letter %d is opened", i)
				}
			}
		})
	}
}
