// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// edges are all ways from one state to another (package chunked).
var edges = map[[2]string]bool{
	{"keysUnsampled", "keysSampled"}:                        true,
	{"keysSampled", "headerSent"}:                           true,
	{"headerSent", "ciphertext1Received"}:                   true,
	{"ciphertext1Received", "keySentCiphertext1Received"}:   true,
	{"keySentCiphertext1Received", "noHeaderReceived"}:      true,
	{"noHeaderReceived", "headerReceived"}:                  true,
	{"headerReceived", "ciphertext1Sampled"}:                true,
	{"ciphertext1Sampled", "keyReceivedCiphertext1Sampled"}: true,
	{"ciphertext1Sampled", "ciphertext1Acknowledged"}:       true,
	{"ciphertext1Sampled", "ciphertext2Sampled"}:            true,
	{"keyReceivedCiphertext1Sampled", "ciphertext2Sampled"}: true,
	{"ciphertext1Acknowledged", "ciphertext2Sampled"}:       true,
	{"ciphertext2Sampled", "keysUnsampled"}:                 true,
}

// walked adds the edges that the parties of s went, and fails at any other.
func (s *simulation) walked(into map[[2]string]bool) {
	for i, p := range s.parties {
		for j := 1; j < len(p.phases); j++ {
			edge := [2]string{p.phases[j-1], p.phases[j]}
			if into[edge] = true; !edges[edge] {
				s.t.Errorf("%s went from %s to %s", name(i), edge[0], edge[1])
			}
		}
	}
}

// reached fails unless both parties reached an epoch.
func (s *simulation) reached(epoch uint64) {
	for i, p := range s.parties {
		if p.state.Epoch() < epoch {
			s.t.Errorf("%s is at epoch %d in %s, want %d", name(i), p.state.Epoch(), phase(s.t, p.state), epoch)
		}
	}
}

func TestTurnsHealOncePerEpoch(t *testing.T) {
	for _, store := range []bool{false, true} {
		s := simulate(t, 1, spqr.Required, spqr.Required)
		s.store = store
		started, messages := map[uint64]int{}, 0
		s.watch = func(int, flight, spqr.State) {
			messages++
			if e := s.parties[0].state.Epoch(); started[e] == 0 {
				started[e] = messages
			}
		}
		for range 300 {
			s.exchange()
		}
		s.reached(6)
		for e := uint64(1); e < 5; e++ {
			if n := started[e+1] - started[e]; n < 70 || n > 100 {
				t.Errorf("epoch %d took %d messages", e, n)
			}
		}
	}
}

// TestTheWireIsThatOfSignalsClients compares the kinds of messages, in turns,
// with a trace of the official client: Hdr ×3, Ct1 and Ek, EkCt1Ack after 30 Ct1,
// Ct2 ×5 and Ct1Ack, roles exchanged at epoch + 1.
func TestTheWireIsThatOfSignalsClients(t *testing.T) {
	s := simulate(t, 2, spqr.Required, spqr.Required)
	var kinds [2][]byte
	for s.parties[0].state.Epoch() < 1 {
		for i := range s.parties {
			f := s.send(i)
			s.deliver(1-i, f)
			_, _, kind := parts(f.field)
			kinds[i] = append(kinds[i], kind)
		}
	}
	want := [2][]byte{
		slices.Concat(times(3, 1), times(29, 2), times(7, 3), times(4, 4)),
		slices.Concat(times(2, 0), times(30, 5), times(6, 0), times(5, 6)),
	}
	for i := range kinds {
		if !bytes.Equal(kinds[i], want[i]) {
			t.Errorf("%s sent %d, want %d", name(i), kinds[i], want[i])
		}
	}
}

func times(n int, kind byte) []byte { return bytes.Repeat([]byte{kind}, n) }

// TestEveryStateAndEdgeIsReached goes all ways with all kinds of delivery. Keys of
// every message that arrives are compared on the way.
func TestEveryStateAndEdgeIsReached(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	walked := map[[2]string]bool{}
	for n, c := range []struct {
		name               string
		rounds, most       int
		loss, repeat, late float64
	}{
		{"turns", 900, 1, 0, 0, 0},
		{"bursts", 300, 12, 0, 0, 0},
		{"long bursts", 80, 100, 0, 0, 0},
		{"losses", 900, 8, 0.4, 0, 0},
		{"disorder", 600, 6, 0, 0.1, 0.5},
		{"everything", 900, 9, 0.3, 0.2, 0.3},
		{"everything, stored", 500, 9, 0.3, 0.2, 0.3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Logf("-seed %d", seed)
			s := simulate(t, seed+uint64(n), spqr.Required, spqr.Required)
			s.store = c.name == "everything, stored"
			s.bursts(c.rounds, c.most, c.loss, c.repeat, c.late)
			s.reached(5)
			s.walked(walked)
			t.Logf("epochs %d, messages %d and %d", s.parties[0].state.Epoch(), s.parties[0].receive, s.parties[1].receive)
		})
	}
	t.Run("the last chunk acknowledges", func(t *testing.T) {
		s := simulate(t, 3, spqr.Required, spqr.Required)
		for phase(t, s.parties[0].state) != "headerSent" {
			s.exchange()
		}
		var chunks int // of the key that arrived
		for phase(t, s.parties[0].state) == "headerSent" {
			s.deliver(0, s.send(1))
			f := s.send(0)
			if _, _, kind := parts(f.field); kind == 2 && chunks < 35 {
				s.deliver(1, f)
				chunks++
			}
			for ; chunks < 35; chunks++ {
				s.deliver(1, s.send(0))
			}
		}
		s.deliver(1, s.send(0))
		if got := phase(t, s.parties[1].state); got != "ciphertext2Sampled" {
			t.Errorf("after that it is in %s", got)
		}
		s.walked(walked)
	})
	for edge := range edges {
		if !walked[edge] {
			t.Errorf("nobody went from %s to %s", edge[0], edge[1])
		}
	}
}
