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

// retry returns the request for a letter.
func retry(t testing.TB, d *sessiontest.Device, l sessiontest.Letter) sessiontest.Letter {
	t.Helper()
	e := with(t, d, func(ctx context.Context, a *session.Account) (session.Envelope, error) {
		return a.RetryRequest(ctx, l.From, l.Type, l.Body, 1234)
	})
	return sessiontest.Letter{From: d.Address, To: l.From, Type: e.Type, Body: e.Body}
}

func TestALostSessionIsFoundOutByARetryRequest(t *testing.T) {
	for name, acknowledged := range map[string]bool{"acknowledged": true, "not acknowledged": false} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, classic, 4)
			ok(t, p.alice.Start(t.Context(), p.bob))
			exchange(t, p.alice, p.bob)
			if acknowledged {
				exchange(t, p.bob, p.alice)
			}
			do(t, p.bob, func(ctx context.Context, a *session.Account) error { return a.CloseSession(ctx, p.alice.Address) })
			l := send(t, p.alice, p.bob, "not read")
			if _, err := p.bob.Receive(t.Context(), l); err == nil {
				t.Fatal("read in a session that was lost")
			}
			before := p.bobStore.Clone()
			request := retry(t, p.bob, l)
			if !p.bobStore.Equal(before) {
				t.Error("a request changed something")
			}
			opened := value[session.Opened](t)(p.alice.Receive(t.Context(), request))
			if opened.Retry == nil || opened.Retry.Timestamp != 1234 || !opened.Retry.Stale || opened.Plaintext != nil || opened.Type != message.PlaintextType {
				t.Fatalf("the request is read as %+v, %+v", opened, opened.Retry)
			}
			_, err := p.alice.Send(t.Context(), p.bob.Address, "again")
			is(t, err, session.ErrNoSession)
			ok(t, p.alice.Start(t.Context(), p.bob))
			exchange(t, p.alice, p.bob)
			opened = value[session.Opened](t)(p.alice.Receive(t.Context(), request)) // a second time
			if opened.Retry.Stale {
				t.Error("an old request ends the new session")
			}
			exchange(t, p.alice, p.bob)
		})
	}
}

func TestARequestForAnOlderChainOrAnotherDeviceEndsNothing(t *testing.T) {
	p := newPair(t, classic, 4)
	p.start(t)
	l := send(t, p.alice, p.bob, "older")
	older := retry(t, p.bob, l)
	read(t, p.bob, l)
	exchange(t, p.bob, p.alice)
	otherDevice := send(t, p.alice, p.bob, "newer")
	otherDevice.From.Device++
	requests := map[string]sessiontest.Letter{
		"older": older, "other device": retry(t, p.bob, otherDevice),
		"garbage": retry(t, p.bob, sessiontest.Letter{From: p.alice.Address, Type: message.Whisper, Body: []byte("garbage")}),
		"group":   retry(t, p.bob, sessiontest.Letter{From: p.alice.Address, Type: message.SenderKeyType}),
	}
	for name, request := range requests {
		opened := value[session.Opened](t)(p.alice.Receive(t.Context(), request))
		if opened.Retry.Stale || opened.Retry.Timestamp != 1234 {
			t.Errorf("%s: %+v", name, opened.Retry)
		}
	}
	exchange(t, p.alice, p.bob)
}

func TestARequestFromSomebodyUnknownIsHarmless(t *testing.T) {
	p := newPair(t, classic, 4)
	l := sessiontest.Letter{From: p.alice.Address, Type: message.PreKeyType, Body: []byte{0x44}}
	opened := value[session.Opened](t)(p.alice.Receive(t.Context(), retry(t, p.bob, l)))
	if opened.Retry.Stale {
		t.Error("there is no session to end")
	}
	err := p.bob.Do(t.Context(), func(a *session.Account) error {
		_, err := a.RetryRequest(t.Context(), p.alice.Address, message.PlaintextType, nil, 0)
		return err
	})
	isInput(t, err, "type")
	refuse(t, p.alice, sessiontest.Letter{From: p.bob.Address, Type: message.PlaintextType, Body: []byte("?")}, session.ErrSyntax)
}
