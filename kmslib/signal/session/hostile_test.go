// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// largest returns the length of the largest value in a store.
func largest(store *sessiontest.MemStore) (size int) {
	for _, stored := range store.Values() {
		size = max(size, len(stored))
	}
	return size
}

// skip encrypts messages that never arrive.
func skip(t testing.TB, from, to *sessiontest.Device, count int) {
	t.Helper()
	do(t, from, func(ctx context.Context, a *session.Account) error {
		for range count {
			if _, err := a.Encrypt(ctx, to.Address, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// A peer that leaves gaps, in chain after chain, cannot make a session larger than
// a bound; what was skipped can still be read, as far as it is kept.
func TestGapsOfAHostilePeerAreBounded(t *testing.T) {
	p := newPair(t, full, 1)
	p.start(t)
	for range 9 {
		skip(t, p.bob, p.alice, 700)
		exchange(t, p.bob, p.alice)
		exchange(t, p.alice, p.bob)
	}
	size := largest(p.aliceStore)
	t.Logf("the largest value has %d bytes", size)
	if size > 256<<10 || size > session.MaxRatchet {
		t.Errorf("the largest value has %d bytes", size)
	}
	kept := send(t, p.bob, p.alice, "late")
	exchange(t, p.bob, p.alice)
	read(t, p.alice, kept)
}

func TestALongJumpIsRefusedBeforeItIsMade(t *testing.T) {
	p := newPair(t, full, 1)
	p.start(t)
	l := send(t, p.bob, p.alice, "text")
	for counter, want := range map[uint32]error{
		1<<32 - 1: session.ErrTooFar, 26_000: session.ErrTooFar, 20_000: session.ErrAuthentication,
	} {
		m := value[*message.Signal](t)(message.ParseSignal(l.Body))
		forged := message.Signal{Version: m.Version, RatchetKey: m.RatchetKey, Counter: counter, Ciphertext: m.Ciphertext, PQRatchet: m.PQRatchet}
		letter := l
		letter.Body = forged.Append(m.MAC)
		refuse(t, p.alice, letter, want)
	}
	read(t, p.alice, l)
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	p := newPair(t, full, 1)
	ok(t, p.alice.Start(t.Context(), p.bob))
	first := send(t, p.alice, p.bob, "first")
	for name, test := range map[string]struct {
		kind message.Type
		body []byte
		want error
	}{
		"empty":                     {message.PreKeyType, nil, session.ErrSyntax},
		"cut":                       {message.PreKeyType, first.Body[:100], session.ErrSyntax},
		"version 2":                 {message.PreKeyType, append([]byte{0x24}, first.Body[1:]...), session.ErrUnsupported},
		"version 5":                 {message.PreKeyType, append([]byte{0x55}, first.Body[1:]...), session.ErrUnsupported},
		"version 3 by the policy":   {message.PreKeyType, withVersion(t, first.Body, 3, 3), session.ErrUnsupported},
		"another version inside":    {message.PreKeyType, withVersion(t, first.Body, 4, 3), session.ErrSyntax},
		"of an unknown device":      {message.Whisper, innerOf(t, first.Body), session.ErrNoSession},
		"as a message of a session": {message.Whisper, first.Body[:20], session.ErrSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			refuse(t, p.bob, sessiontest.Letter{From: p.alice.Address, Type: test.kind, Body: test.body}, test.want)
		})
	}
	for _, kind := range []message.Type{0, 1, 4, message.SenderKeyType, 9} {
		_, err := p.bob.Receive(t.Context(), sessiontest.Letter{From: p.alice.Address, Type: kind, Body: first.Body})
		isInput(t, err, "type")
	}
	_, err := p.alice.Send(t.Context(), p.bob.Address, string(make([]byte, session.MaxPlaintext+1)))
	isInput(t, err, "plaintext")
	l := send(t, p.alice, p.bob, string(make([]byte, session.MaxPlaintext)))
	read(t, p.bob, l)
}

func innerOf(t *testing.T, body []byte) []byte {
	t.Helper()
	m := value[*message.PreKey](t)(message.ParsePreKey(body)).Message
	return m.Append(m.MAC)
}

// withVersion returns a message that says these versions.
func withVersion(t *testing.T, body []byte, outer, inner uint8) []byte {
	t.Helper()
	m := value[*message.PreKey](t)(message.ParsePreKey(body))
	m.Message = &message.Signal{Version: inner, RatchetKey: m.Message.RatchetKey, Ciphertext: m.Message.Ciphertext, MAC: m.Message.MAC}
	m.Version, m.HasKyber = outer, outer == 4
	return m.Marshal()
}

// Each byte of a message of an acknowledged session matters.
func TestEveryByteOfAMessageIsAuthenticated(t *testing.T) {
	p := newPair(t, full, 1)
	p.start(t)
	l := send(t, p.alice, p.bob, "text")
	for i := range l.Body {
		forged := l
		forged.Body = append([]byte(nil), l.Body...)
		forged.Body[i] ^= 1
		a := session.Open(p.bobStore, p.bob.Env())
		if _, err := a.Decrypt(t.Context(), forged.From, forged.Type, forged.Body); err == nil || len(a.Changes()) > 0 {
			t.Errorf("byte %d of %d: error %v", i, len(l.Body), err)
		}
	}
	read(t, p.bob, l)
}

// Far messages are for the session in use and the one before it: others would have
// to compute the keys of all that are missing, only to refuse.
func TestFarMessagesAreForTheLatestSessions(t *testing.T) {
	p := newPair(t, full, 4)
	var letters []sessiontest.Letter
	for range 3 {
		p.start(t)
		skip(t, p.bob, p.alice, session.FarAhead+1)
		letters = append(letters, send(t, p.bob, p.alice, "far"))
	}
	refuse(t, p.alice, letters[0], session.ErrAuthentication)
	read(t, p.alice, letters[1])
	read(t, p.alice, letters[2])
}
