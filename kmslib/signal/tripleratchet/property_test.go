// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"bytes"
	crand "crypto/rand"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
)

// flight is a message on its way.
type flight struct {
	bytes []byte
	text  string
	turn  int // how many ratchet keys its sender had before that of the message
}

// party is one side of a simulated session.
type party struct {
	State
	turns  map[curve.PublicKey]int // our ratchet keys
	sent   int
	newest int // turn of the peer that was received
	inbox  []flight
	read   []flight
}

// maxInbox bounds how late messages are, so that their post-quantum epoch is
// still kept.
const maxInbox = 20

// A session under loss, reordering, duplicates and forgeries: whatever arrives
// is read exactly once, as long as its ratchet key is kept, and nothing else is.
func TestMessagesAreReadExactlyOnceInAnyOrder(t *testing.T) {
	for name, modes := range map[string][2]Mode{
		"classic": {Classic, Classic}, "required": {Required, Required}, "negotiated": {Negotiated, Required},
		"responder negotiates": {Required, Negotiated}, "chain only": {ChainOnly, ChainOnly},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				alice, bob := agree(t, pqxdh.PQXDH).sessions(t, modes[0], modes[1])
				if name == "negotiated" {
					exchange(t, &alice, &bob) // offers that arrive after salted messages are refused
				}
				simulate(t, rand.New(rand.NewPCG(seed, 0)), alice, bob)
			}
		})
	}
}

func simulate(t *testing.T, random *rand.Rand, alice, bob State) {
	parties := [2]*party{{State: alice}, {State: bob}}
	for _, p := range parties {
		p.turns = map[curve.PublicKey]int{p.RatchetKey(): 0}
	}
	for range 300 {
		i := random.IntN(2)
		me, peer := parties[i], parties[1-i]
		switch action := random.IntN(10); {
		case action < 4:
			for range 1 + random.IntN(4) {
				me.send(t, peer, random.IntN(20) == 0)
			}
		case action < 8:
			if n := len(me.inbox); n > 0 {
				me.deliver(t, random.IntN(2)*random.IntN(n))
			}
		case action < 9:
			if n := len(me.read); n > 0 {
				if again := me.read[random.IntN(n)]; me.knows(again) {
					refuse(t, me.State, again.bytes, ErrDuplicate)
				}
			}
			me.forge(t, random)
		default:
			me.store(t)
		}
		for _, p := range parties {
			for len(p.inbox) > maxInbox {
				p.deliver(t, 0)
			}
		}
	}
	for _, p := range parties {
		for len(p.inbox) > 0 {
			p.deliver(t, 0)
		}
	}
	exchange(t, &parties[0].State, &parties[1].State)
}

func (p *party) send(t *testing.T, peer *party, lost bool) {
	t.Helper()
	key := p.RatchetKey()
	if _, ok := p.turns[key]; !ok {
		p.turns[key] = len(p.turns)
	}
	p.sent++
	m := flight{text: "message " + strconv.Itoa(p.sent), turn: p.turns[key]}
	m.bytes = encrypt(t, &p.State, m.text)
	if !lost {
		peer.inbox = append(peer.inbox, m)
	}
}

// knows says whether the ratchet key of the message is one of those that are
// kept.
func (p *party) knows(m flight) bool { return p.newest-m.turn < doubleratchet.MaxReceiving }

func (p *party) deliver(t *testing.T, at int) {
	t.Helper()
	m := p.inbox[at]
	p.inbox = slices.Delete(p.inbox, at, at+1)
	if !p.knows(m) {
		if _, _, err := p.Decrypt(parse(t, m.bytes), crand.Reader); err == nil {
			t.Fatal("a message on a forgotten ratchet key is read")
		}
		return
	}
	decrypt(t, &p.State, m.bytes, m.text)
	refuse(t, p.State, m.bytes, ErrDuplicate)
	p.newest = max(p.newest, m.turn)
	p.read = append(p.read, m)
}

// forge changes a byte of a message on its way, and wants it refused.
func (p *party) forge(t *testing.T, random *rand.Rand) {
	t.Helper()
	if len(p.inbox) == 0 {
		return
	}
	forged := bytes.Clone(p.inbox[0].bytes)
	forged[len(forged)-1-random.IntN(24)] ^= byte(1 + random.IntN(255)) // MAC or what is before it
	before := p.Marshal()
	if m, err := message.ParseSignal(forged); err == nil {
		if _, _, err := p.Decrypt(m, crand.Reader); err == nil {
			t.Fatal("a forged message is read")
		}
	}
	if !bytes.Equal(p.Marshal(), before) {
		t.Fatal("a forged message changed the state")
	}
}

func (p *party) store(t *testing.T) {
	t.Helper()
	b := p.Marshal()
	want := bytes.Clone(b)
	parsed, err := Parse(b)
	clear(b)
	if err != nil || !bytes.Equal(parsed.Marshal(), want) {
		t.Fatalf("stored and read: %v", err)
	}
	p.State = parsed
}
