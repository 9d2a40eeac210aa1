// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// prefix fails unless the field begins with version 1, epoch, index, kind.
func prefix(t *testing.T, what string, f flight, want ...byte) {
	t.Helper()
	if want = append([]byte{1}, want...); !bytes.HasPrefix(f.field, want) || (f.key == nil) != (want[2] == 0) {
		t.Errorf("%s: field %x, key %t; want %x", what, f.field, f.key != nil, want)
	}
}

// TestFirstMessages are the wire facts: 01 01 01 01 00 ‖ 32 bytes is the first of
// the initiator, 01 01 01 00 the answer. The keys follow from the agreement's key
// alone; they were computed with Python's hmac module.
func TestFirstMessages(t *testing.T) {
	s := simulate(t, 1, spqr.Required, spqr.Required)
	first := s.send(0)
	if prefix(t, "first", first, 1, 1, 1, 0); len(first.field) != 37 || hex.EncodeToString(first.key) != "4e95e19749223cd40e0790a3f65f4265a51834cdc72602a6eab133b015ed48d9" {
		t.Errorf("first: %d bytes, key %x", len(first.field), first.key)
	}
	s.deliver(1, first)
	answer := s.send(1)
	if prefix(t, "answer", answer, 1, 1, 0); len(answer.field) != 4 || hex.EncodeToString(answer.key) != "68a3239cc4fcb46bb4ce02eabb6d0656df3887c66ac6c8c12b49d89f80ebd844" {
		t.Errorf("answer: %x, key %x", answer.field, answer.key)
	}
	s.deliver(0, answer)
	prefix(t, "second", s.send(0), 1, 2, 1, 1)
}

func TestAnInitiatorThatNegotiatesHasNoKeysBeforeTheAnswer(t *testing.T) {
	for _, responder := range []spqr.Mode{spqr.Required, spqr.Negotiated, spqr.ChainOnly} {
		s := simulate(t, 1, spqr.Negotiated, responder)
		early := []flight{s.send(0), s.send(0), s.send(0), s.send(0)}
		for i, f := range early {
			prefix(t, "early", f, 1, 0, 1, byte(i))
		}
		s.deliver(1, early[0])
		s.deliver(1, early[0]) // what has no key cannot be told from a copy here
		s.deliver(1, early[2])
		answer := s.send(1)
		prefix(t, "answer", answer, 1, 1, 0)
		s.deliver(0, answer)
		s.deliver(1, early[1])
		salted := s.send(0)
		prefix(t, "salted", salted, 1, 1, 1, 4)
		s.deliver(1, salted)
		s.deliver(1, early[3]) // late
		for range 500 {
			s.exchange()
		}
		if responder != spqr.ChainOnly {
			s.reached(5)
		}
	}
}

// TestTheExchangeGoesOnWhileNegotiating: 3 messages without a key bring the whole
// header.
func TestTheExchangeGoesOnWhileNegotiating(t *testing.T) {
	s := simulate(t, 1, spqr.Negotiated, spqr.Required)
	for range 3 {
		s.deliver(1, s.send(0))
	}
	prefix(t, "answer", s.send(1), 1, 1, 5, 0)
}

func TestAResponderHasKeysAtOnce(t *testing.T) {
	for _, mode := range []spqr.Mode{spqr.Required, spqr.Negotiated, spqr.ChainOnly} {
		s := simulate(t, 1, spqr.Required, mode)
		prefix(t, "responder", s.send(1), 1, 1, 0)
	}
}

// TestAPeerThatOnlyChains gets on with every other in both roles, without ever
// leaving epoch 0.
func TestAPeerThatOnlyChains(t *testing.T) {
	for i, modes := range [][2]spqr.Mode{
		{spqr.ChainOnly, spqr.Required},
		{spqr.Required, spqr.ChainOnly},
		{spqr.ChainOnly, spqr.ChainOnly},
		{spqr.ChainOnly, spqr.Negotiated},
		{spqr.Negotiated, spqr.ChainOnly},
	} {
		s := simulate(t, uint64(i), modes[0], modes[1])
		s.exchange()
		s.bursts(200, 6, 0.2, 0, 0.2)
		for i := range s.parties {
			f := s.send(i)
			epoch, _, kind := parts(f.field)
			if s.parties[i].state.Epoch() != 0 || epoch != 1 || modes[i] == spqr.ChainOnly && kind != 0 {
				t.Errorf("%v: %s sends %x", modes, name(i), f.field[:4])
			}
		}
	}
}

// refused fails unless Receive refuses a field and keeps the state.
func refused(t *testing.T, s spqr.State, field []byte, want error) {
	t.Helper()
	next, key, err := s.Receive(field)
	if !errors.Is(err, want) || key != nil || !bytes.Equal(next.Marshal(), s.Marshal()) {
		t.Errorf("field %x: key %t, %v; want %v", field[:min(len(field), 4)], key != nil, err, want)
	}
}

// ignored fails unless Receive takes a field that has no key and changes nothing.
func ignored(t *testing.T, s spqr.State, field []byte) {
	t.Helper()
	next, key, err := s.Receive(field)
	if err != nil || key != nil || !bytes.Equal(next.Marshal(), s.Marshal()) {
		t.Errorf("field %x: key %t, %v; want neither", field, key != nil, err)
	}
}

func TestOnlyPeersThatMayNegotiateLeaveTheKeyOut(t *testing.T) {
	none, later := []byte{1, 1, 0, 0}, []byte{2, 77}
	for _, c := range []struct {
		role  spqr.Role
		mode  spqr.Mode
		takes bool
	}{
		{spqr.Initiator, spqr.Required, false},
		{spqr.Initiator, spqr.Negotiated, true},
		{spqr.Initiator, spqr.ChainOnly, false},
		{spqr.Responder, spqr.Required, true},
		{spqr.Responder, spqr.Negotiated, true},
		{spqr.Responder, spqr.ChainOnly, true},
	} {
		s := spqr.New(c.role, &agreed, c.mode)
		if !c.takes {
			refused(t, s, none, spqr.ErrDowngrade)
			refused(t, s, later, spqr.ErrDowngrade)
			continue
		}
		ignored(t, s, later)
		next, key, err := s.Receive(none)
		if err != nil || key != nil {
			t.Errorf("%+v: key %t, %v", c, key != nil, err)
		}
		peer := spqr.New(spqr.Initiator+spqr.Responder-c.role, &agreed, spqr.ChainOnly)
		_, salted, want, err := peer.Send(nil)
		if err != nil {
			t.Fatal(err)
		}
		next, key, err = next.Receive(salted)
		if err != nil || !bytes.Equal(key, want) {
			t.Errorf("%+v: %v", c, err)
		}
		refused(t, next, later, spqr.ErrDowngrade)
		if c.role == spqr.Initiator {
			refused(t, next, none, spqr.ErrDowngrade)
		} else if _, key, err := next.Receive(none); err != nil || key != nil { // it may be late
			t.Errorf("%+v: key %t, %v", c, key != nil, err)
		}
	}
}

func TestALaterVersionDoesNotEndTheNegotiation(t *testing.T) {
	s := simulate(t, 1, spqr.Negotiated, spqr.Required)
	ignored(t, s.parties[0].state, []byte{2})
	prefix(t, "still", s.send(0), 1, 0, 1, 0)
}

func TestAnyMessageOfThePeerEndsTheNegotiation(t *testing.T) {
	s := simulate(t, 1, spqr.Negotiated, spqr.Required)
	s.deliver(0, flight{field: []byte{1, 1, 0, 0}})
	prefix(t, "after that", s.send(0), 1, 1, 1, 0)
}
