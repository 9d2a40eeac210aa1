// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr_test

import (
	"math/rand/v2"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/spqr"
)

func steady(b *testing.B) *simulation {
	s := simulate(b, 1, spqr.Required, spqr.Required)
	for range 20 {
		s.exchange()
	}
	return s
}

func BenchmarkSend(b *testing.B) {
	s, random := steady(b).parties[0].state, rand.NewChaCha8([32]byte{})
	for b.Loop() {
		s.Send(random)
	}
}

func BenchmarkReceive(b *testing.B) {
	s := steady(b)
	f := s.send(0)
	for b.Loop() {
		s.parties[1].state.Receive(f.field)
	}
}

func BenchmarkSendAfterTheLastChunkOfTheMessage(b *testing.B) {
	sim, random := steady(b), rand.NewChaCha8([32]byte{})
	for range 50 {
		sim.send(0)
	}
	s := sim.parties[0].state
	for b.Loop() {
		s.Send(random)
	}
}

// BenchmarkEpoch is all messages of an epoch in turns, some 86, of both parties.
func BenchmarkEpoch(b *testing.B) {
	random := rand.NewChaCha8([32]byte{})
	states := [2]spqr.State{
		spqr.New(spqr.Initiator, &agreed, spqr.Required),
		spqr.New(spqr.Responder, &agreed, spqr.Required),
	}
	for b.Loop() {
		for goal := states[0].Epoch() + 1; states[0].Epoch() < goal || states[1].Epoch() < goal; {
			for i := range states {
				next, field, _, err := states[i].Send(random)
				if err != nil {
					b.Fatal(err)
				}
				states[i] = next
				if states[1-i], _, err = states[1-i].Receive(field); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

func BenchmarkMarshal(b *testing.B) {
	s := steady(b).parties[0].state
	b.ReportMetric(float64(len(s.Marshal())), "bytes")
	for b.Loop() {
		s.Marshal()
	}
}

func BenchmarkParse(b *testing.B) {
	stored := steady(b).parties[0].state.Marshal()
	for b.Loop() {
		if _, err := spqr.Parse(stored); err != nil {
			b.Fatal(err)
		}
	}
}
