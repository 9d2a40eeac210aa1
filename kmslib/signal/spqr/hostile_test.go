// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// kinds are the states that everyPhase has: one of each phase, and others that
// matter.
var kinds = append(phaseNames[1:len(phaseNames):len(phaseNames)],
	"new initiator", "new responder", "negotiating", "chain only", "missing messages")

var phases map[string]spqr.State

// everyPhase returns a state of every kind.
func everyPhase(t testing.TB) map[string]spqr.State {
	if phases != nil {
		return phases
	}
	states := map[string]spqr.State{
		"new initiator": spqr.New(spqr.Initiator, &agreed, spqr.Required),
		"new responder": spqr.New(spqr.Responder, &agreed, spqr.Required),
		"negotiating":   spqr.New(spqr.Initiator, &agreed, spqr.Negotiated),
		"chain only":    spqr.New(spqr.Responder, &agreed, spqr.ChainOnly),
	}
	s := simulate(t, 1, spqr.Required, spqr.Required)
	s.watch = func(to int, _ flight, after spqr.State) {
		states[phase(t, after)] = after
		states[phase(t, s.parties[1-to].state)] = s.parties[1-to].state
	}
	s.bursts(150, 6, 0.1, 0, 0)
	s.bursts(50, 40, 0.1, 0, 0)
	for range 500 {
		s.send(0)
	}
	s.deliver(1, s.send(0))
	states["missing messages"] = s.parties[1].state
	if len(states) != len(kinds) {
		t.Fatalf("%d kinds of states", len(states))
	}
	phases = states
	return states
}

func TestMalformedFieldsAreRefusedInEveryPhase(t *testing.T) {
	good := append([]byte{1, 1, 1, 1, 0}, make([]byte, 32)...)
	for _, s := range everyPhase(t) {
		for i := range good {
			refused(t, s, good[:i], spqr.ErrSyntax)
		}
		for _, field := range [][]byte{nil, {0, 1, 1, 0}, {1, 0, 1, 0}, {1, 1, 1, 7}, {1, 2, 0, 0}, {1, 0x81, 0, 1, 0}} {
			refused(t, s, field, spqr.ErrSyntax)
		}
	}
}

func TestEpochsThatCannotBeAreRefused(t *testing.T) {
	for name, s := range everyPhase(t) {
		for _, ahead := range []uint64{2, 3, 1 << 40, 1<<63 - 1} {
			field := binary.AppendUvarint([]byte{1}, s.Epoch()+1+ahead)
			refused(t, s, append(field, 1, 0), spqr.ErrEpoch)
		}
		next := append(binary.AppendUvarint([]byte{1}, s.Epoch()+2), 1, 0)
		if name != "ciphertext2Sampled" {
			refused(t, s, next, spqr.ErrEpoch)
		} else if after, key, err := s.Receive(next); err != nil || key == nil || phase(t, after) != "keysUnsampled" {
			t.Errorf("the next epoch does not begin: %v", err)
		}
	}
}

func TestJumpsAreBoundedInEveryPhase(t *testing.T) {
	for _, s := range everyPhase(t) {
		field := binary.AppendUvarint([]byte{1}, s.Epoch()+1)
		refused(t, s, append(binary.AppendUvarint(field, 1<<32-1), 0), spqr.ErrTooFar)
	}
}

func TestMessagesOfEarlierEpochsChangeNothingButTheirKey(t *testing.T) {
	s := simulate(t, 5, spqr.Required, spqr.Required)
	for s.parties[0].state.Epoch() < 3 {
		s.exchange()
	}
	var late []flight
	for range 4 {
		late = append(late, s.send(1))
	}
	for s.parties[0].state.Epoch() < 4 || s.parties[1].state.Epoch() < 4 {
		s.exchange()
	}
	before, beforeEpoch := phase(t, s.parties[0].state), s.parties[0].state.Epoch()
	s.deliver(0, late[2])
	s.again(0, late[2])
	if phase(t, s.parties[0].state) != before || s.parties[0].state.Epoch() != beforeEpoch {
		t.Error("a late message moved the exchange")
	}
	for s.parties[0].state.Epoch() < 6 || s.parties[1].state.Epoch() < 6 {
		s.exchange()
	}
	s.exchange()
	refused(t, s.parties[0].state, late[1].field, spqr.ErrDuplicate)
}

// TestWrongChunksAreCaughtByTheMAC lets a party that has the session's keys, since
// nobody else gets this far, send one chunk that is not of its message.
func TestWrongChunksAreCaughtByTheMAC(t *testing.T) {
	for _, kind := range []byte{1, 2, 3, 5, 6} {
		s := simulate(t, uint64(kind), spqr.Required, spqr.Required)
		caught, changed := false, false
		for range 100 {
			for i := range s.parties {
				f := s.send(i)
				if _, _, k := parts(f.field); k == kind && !changed {
					f.field, changed = bytes.Clone(f.field), true
					f.field[len(f.field)-1] ^= 1
				}
				next, key, err := s.parties[1-i].state.Receive(f.field)
				if errors.Is(err, spqr.ErrAuthentication) {
					caught = true
					continue
				}
				if err != nil || !bytes.Equal(key, f.key) {
					t.Fatal(err)
				}
				s.parties[1-i].state = next
			}
		}
		if !caught || s.parties[0].state.Epoch() != 0 || s.parties[1].state.Epoch() != 0 {
			t.Errorf("kind %d: nothing was caught", kind)
		}
	}
}

func TestStatesHoldNoMoreThanTheyNeed(t *testing.T) {
	s := simulate(t, 6, spqr.Required, spqr.Required)
	for i := range 2000 {
		s.exchange()
		if i%2 == 0 { // one way only, so that the other side collects
			s.deliver(0, s.send(1))
		}
		for j, p := range s.parties {
			if n := len(p.state.Marshal()); n > 2700 {
				t.Fatalf("%s stores %d bytes in %s", name(j), n, phase(t, p.state))
			}
		}
	}
}

func TestWithoutRandomnessNothingIsSent(t *testing.T) {
	broken := errors.New("broken")
	for name, s := range everyPhase(t) {
		next, field, key, err := s.Send(iotest.ErrReader(broken))
		needs := name == "keysUnsampled" || name == "headerReceived" || name == "new initiator" || name == "negotiating"
		if needs != errors.Is(err, broken) || needs != (field == nil) || needs && (key != nil || !bytes.Equal(next.Marshal(), s.Marshal())) {
			t.Errorf("%s: field %t, %v", name, field != nil, err)
		}
	}
}

func TestTheZeroStateHasErrors(t *testing.T) {
	var s spqr.State
	if _, _, _, err := s.Send(nil); err == nil {
		t.Error("Send: no error")
	}
	if _, _, err := s.Receive([]byte{1, 1, 1, 0}); err == nil {
		t.Error("Receive: no error")
	}
	if s.Epoch() != 0 || s.Marshal() != nil {
		t.Error("it has something")
	}
}

func FuzzReceive(f *testing.F) {
	var states []spqr.State
	byName := everyPhase(f)
	for _, name := range kinds {
		states = append(states, byName[name])
		for kind := range byte(7) {
			field := binary.AppendUvarint([]byte{1}, byName[name].Epoch()+1)
			f.Add(uint8(len(states)-1), append(append(field, 9, kind, 200, 1), make([]byte, 32)...))
		}
	}
	f.Add(uint8(0), []byte{2})
	f.Fuzz(func(t *testing.T, which uint8, field []byte) {
		s := states[int(which)%len(states)]
		before := s.Marshal()
		next, key, err := s.Receive(field)
		if !bytes.Equal(s.Marshal(), before) {
			t.Fatal("the old state changed")
		}
		if err != nil {
			if key != nil || !bytes.Equal(next.Marshal(), before) {
				t.Error("an error with a step")
			}
			return
		}
		if key != nil && len(key) != spqr.KeySize {
			t.Errorf("a key of %d bytes", len(key))
		}
		again, err := spqr.Parse(next.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := again.Receive(field); key != nil && !errors.Is(err, spqr.ErrDuplicate) {
			t.Errorf("the same field again: %v", err)
		}
	})
}
