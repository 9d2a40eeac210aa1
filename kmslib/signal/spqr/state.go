// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr

import (
	"errors"
	"io"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/chain"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/chunked"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/field"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

// KeySize is the size in bytes of the key that New takes and of each message's
// key.
const KeySize = kdf.Size

// Role says which end of the session a State is.
type Role uint8

// The roles.
const (
	Initiator Role = iota + 1 // who sends the first message ("A2B")
	Responder                 // who receives it ("B2A")
)

// Mode says what a State asks of its peer.
type Mode uint8

// The modes.
const (
	Required   Mode = iota + 1 // every message of ours has a key
	Negotiated                 // none as long as the peer may not have this ratchet
	ChainOnly                  // every message has a key, of epoch 0
)

// State is one party's side of the ratchet. It shows nothing of what it holds.
// The zero State is not usable.
type State struct{ box secret.Box[state] }

type state struct {
	role        Role
	mode        Mode
	negotiating bool          // no message of the peer came, and our mode waits for one
	salted      bool          // a message with a key came
	chain       chain.Chain   // keys of messages
	braid       chunked.State // not with ChainOnly
}

func (s state) boxed() State { return State{secret.NewBox(&s)} }

// New returns the State of a new session from the key of its agreement, which is
// copied.
func New(role Role, key *[KeySize]byte, mode Mode) State {
	if role < Initiator || role > Responder || mode < Required || mode > ChainOnly {
		panic("spqr: internal error: no such role or mode")
	}
	initiator := role == Initiator
	s := state{role: role, mode: mode, negotiating: initiator && mode == Negotiated, chain: chain.New(initiator, key)}
	if mode != ChainOnly {
		s.braid = chunked.New(initiator, key)
	}
	return s.boxed()
}

// Send returns the next State, the pq_ratchet field of the next message to send,
// and the key of that message, KeySize bytes that are the caller's to clear; nil
// if it has none. An error is that of random, or ErrTooFar after 2^32 messages of
// an epoch.
func (s State) Send(random io.Reader) (State, []byte, []byte, error) {
	old := s.box.Expose()
	if old == nil {
		return s, nil, nil, errNoState
	}
	next, message := *old, field.Message{Epoch: 1}
	if next.mode != ChainOnly {
		var agreed *[KeySize]byte
		var err error
		if next.braid, message, agreed, err = old.braid.Send(random); err != nil {
			return s, nil, nil, public(err)
		}
		next.add(agreed)
	}
	if next.negotiating {
		return next.boxed(), message.Marshal(), nil, nil
	}
	var key [KeySize]byte
	var err error
	if next.chain, message.Index, key, err = next.chain.Send(message.Epoch - 1); err != nil {
		return s, nil, nil, public(err)
	}
	return next.boxed(), message.Marshal(), key[:], nil
}

// Receive takes the pq_ratchet field of a message, and returns the next State and
// the key of the message, KeySize bytes that are the caller's to clear; nil if it
// has none. The errors are those of this package.
func (s State) Receive(pqRatchet []byte) (State, []byte, error) {
	old := s.box.Expose()
	if old == nil {
		return s, nil, errNoState
	}
	message, err := field.Parse(pqRatchet)
	if errors.Is(err, field.ErrVersion) && old.takesWithoutKey() {
		return s, nil, nil
	}
	if errors.Is(err, field.ErrVersion) || err == nil && message.Index == 0 && !old.takesNumberZero() {
		return s, nil, ErrDowngrade
	}
	if err != nil {
		return s, nil, public(err)
	}
	next := *old
	if next.mode != ChainOnly {
		var agreed *[KeySize]byte
		if next.braid, agreed, err = old.braid.Receive(message); err != nil {
			return s, nil, public(err)
		}
		next.add(agreed)
	}
	next.negotiating = false
	if message.Index == 0 {
		return next.boxed(), nil, nil
	}
	var key [KeySize]byte
	if next.chain, key, err = next.chain.Receive(message.Epoch-1, message.Index); err != nil {
		return s, nil, public(err)
	}
	next.salted = true
	return next.boxed(), key[:], nil
}

// takesWithoutKey says whether the peer's next message may be without a key.
func (s *state) takesWithoutKey() bool {
	return !s.salted && (s.role == Responder || s.mode == Negotiated)
}

// takesNumberZero says whether a message of the peer may say that it has no key.
// Those of an initiator that negotiated may come late, after others with one.
func (s *state) takesNumberZero() bool {
	return s.role == Responder || s.takesWithoutKey()
}

// add begins the next epoch if a secret was agreed on, and clears it.
func (s *state) add(agreed *[KeySize]byte) {
	if agreed != nil {
		s.chain = s.chain.Add(agreed)
		clear(agreed[:])
	}
}

// Epoch returns the newest epoch whose secret both parties are known to have; 0
// if there is only the key of the agreement.
func (s State) Epoch() uint64 {
	state := s.box.Expose()
	if state == nil || state.mode == ChainOnly {
		return 0
	}
	return state.braid.Epoch() - 1
}
