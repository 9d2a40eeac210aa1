// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr_test

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/spqr"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random simulations; 0: a new one")

// longestTest is more messages than any test sends.
const longestTest = 20_000

// agreed is the key of the agreement in tests: 00 01 … 1f.
var agreed = func() (key [spqr.KeySize]byte) {
	for i := range key {
		key[i] = byte(i)
	}
	return key
}()

// flight is a message on its way.
type flight struct {
	field, key []byte
	due        int // round from which it arrives
}

// party is one end.
type party struct {
	state   spqr.State
	inbox   []flight
	phases  []string // all that it was in, without repetition in a row
	receive int      // messages that arrived
}

// simulation is two parties and what is between them.
type simulation struct {
	t       testing.TB
	parties [2]*party // initiator, responder
	random  *rand.ChaCha8
	choose  *rand.Rand
	sent    int
	store   bool                                     // states go through storage at every step
	watch   func(to int, f flight, after spqr.State) // of each delivery, if not nil
}

func simulate(t testing.TB, seed uint64, initiator, responder spqr.Mode) *simulation {
	s := &simulation{t: t, random: rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 1})}
	s.choose = rand.New(rand.NewPCG(seed, 0))
	s.parties[0] = &party{state: spqr.New(spqr.Initiator, &agreed, initiator)}
	s.parties[1] = &party{state: spqr.New(spqr.Responder, &agreed, responder)}
	for i, p := range s.parties {
		s.move(i, p.state)
	}
	return s
}

// move makes next the state of a party.
func (s *simulation) move(i int, next spqr.State) {
	p := s.parties[i]
	if s.store {
		again, err := spqr.Parse(next.Marshal())
		if err != nil {
			s.t.Fatal(err)
		}
		next = again
	}
	if name := phase(s.t, next); len(p.phases) == 0 || p.phases[len(p.phases)-1] != name {
		p.phases = append(p.phases, name)
	}
	p.state = next
}

// unchanged runs a step and fails if it changed the state before it.
func (s *simulation) unchanged(state spqr.State, step func()) {
	before := state.Marshal()
	if step(); !bytes.Equal(state.Marshal(), before) {
		s.t.Fatal("a step changed the state before it")
	}
}

// send lets a party send. The message is lost unless the result is put into an
// inbox.
func (s *simulation) send(i int) (f flight) {
	if s.sent++; s.sent > longestTest {
		s.t.Fatal("the exchange does not go on")
	}
	s.unchanged(s.parties[i].state, func() {
		next, field, key, err := s.parties[i].state.Send(s.random)
		if err != nil {
			s.t.Fatal(err)
		}
		s.move(i, next)
		f = flight{field: field, key: key}
	})
	return f
}

// deliver gives a message to a party, which must get the sender's key.
func (s *simulation) deliver(to int, f flight) {
	p := s.parties[to]
	s.unchanged(p.state, func() {
		next, key, err := p.state.Receive(f.field)
		if err != nil || !bytes.Equal(key, f.key) {
			s.t.Fatalf("%s of %s: another key, or %v", header(f.field), name(1-to), err)
		}
		p.receive++
		s.move(to, next)
	})
	if s.watch != nil {
		s.watch(to, f, p.state)
	}
}

// again delivers a message once more, which must not have a key now.
func (s *simulation) again(to int, f flight) {
	p := s.parties[to]
	s.unchanged(p.state, func() {
		next, key, err := p.state.Receive(f.field)
		if !errors.Is(err, spqr.ErrDuplicate) || key != nil || !bytes.Equal(next.Marshal(), p.state.Marshal()) {
			s.t.Fatalf("%s of %s twice: %v", header(f.field), name(1-to), err)
		}
	})
}

// exchange is one message each way, without delay.
func (s *simulation) exchange() {
	for i := range s.parties {
		s.deliver(1-i, s.send(i))
	}
}

// bursts lets one party after the other send up to most messages, of which some
// are lost, repeated, or late.
func (s *simulation) bursts(rounds, most int, loss, repeat, late float64) {
	const longest = 8 // rounds that a message may be late
	for round := range rounds {
		from := round % 2
		for range 1 + s.choose.IntN(most) {
			f := s.send(from)
			if s.choose.Float64() < loss {
				continue
			}
			if f.due = round; s.choose.Float64() < late {
				f.due += 1 + s.choose.IntN(longest)
			}
			s.parties[1-from].inbox = append(s.parties[1-from].inbox, f)
		}
		to := s.parties[1-from]
		s.choose.Shuffle(len(to.inbox), func(a, b int) {
			if s.choose.IntN(4) == 0 {
				to.inbox[a], to.inbox[b] = to.inbox[b], to.inbox[a]
			}
		})
		waiting := to.inbox
		to.inbox = nil
		for _, f := range waiting {
			if f.due > round {
				to.inbox = append(to.inbox, f)
				continue
			}
			if s.deliver(1-from, f); s.choose.Float64() < repeat {
				s.again(1-from, f)
			}
		}
	}
}

func name(i int) string { return [...]string{"the initiator", "the responder"}[i] }

// header describes a field without its chunk.
func header(field []byte) string {
	kinds := []string{"None", "Hdr", "Ek", "EkCt1Ack", "Ct1Ack", "Ct1", "Ct2"}
	epoch, index, kind := parts(field)
	return kinds[kind] + " of epoch " + string(rune('0'+epoch)) + " message " + string(rune('0'+index%10))
}

// parts returns the numbers at the beginning of a field with version 1.
func parts(field []byte) (epoch, index uint64, kind byte) {
	read := func(b []byte) (v uint64, rest []byte) {
		for i := 0; ; i++ {
			v |= uint64(b[i]&0x7f) << (7 * i)
			if b[i] < 0x80 {
				return v, b[i+1:]
			}
		}
	}
	epoch, rest := read(field[1:])
	index, rest = read(rest)
	return epoch, index, rest[0]
}

var phaseNames = []string{
	1: "keysUnsampled", "keysSampled", "headerSent", "ciphertext1Received", "keySentCiphertext1Received",
	"noHeaderReceived", "headerReceived", "ciphertext1Sampled", "keyReceivedCiphertext1Sampled",
	"ciphertext1Acknowledged", "ciphertext2Sampled",
}

// phase returns the name of the exchange's state, from the stored form.
func phase(t testing.TB, s spqr.State) string {
	r := proto.NewReader(s.Marshal()[1:])
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		if f.Number == 6 {
			number, _ := proto.NewReader(f.Bytes).Next()
			return phaseNames[number.Uint]
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return "none"
}
