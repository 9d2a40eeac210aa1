// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"errors"
	"io"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// Mode says what a session does about the post-quantum ratchet.
type Mode uint8

// The modes, which the package comment tells apart.
const (
	Classic Mode = iota + 1
	Negotiated
	Required
	ChainOnly
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrAuthentication: the message is not one of the peer to us, or was
	// changed on its way.
	ErrAuthentication = errors.New("the message is not authentic")
	// ErrDuplicate: the message was read before, or is too old.
	ErrDuplicate = doubleratchet.ErrDuplicate
	// ErrTooFar: too many messages are missing before this one.
	ErrTooFar = doubleratchet.ErrTooFar
	// ErrSpent: no more messages may be sent before the peer has answered.
	ErrSpent = doubleratchet.ErrSpent
	// ErrDowngrade: the message has no post-quantum part, which is required.
	ErrDowngrade = errors.New("the message lacks the post-quantum ratchet, which this session requires")
	// ErrVersion: the message has another version than the session.
	ErrVersion = errors.New("the message has another version than its session")
	// ErrTooLarge: the plaintext has more than message.MaxPlaintext bytes.
	ErrTooLarge = errors.New("the plaintext is too large for a message")
	// ErrMode: the mode needs an agreement that the session does not have.
	ErrMode = errors.New("the mode does not fit the key agreement")
)

// Parties are the identity keys of a session.
type Parties struct{ Ours, Theirs curve.PublicKey }

// State is one party's side of a session. Copies share it, and nothing prints
// it. The zero State is not usable.
type State struct{ box secret.Box[state] }

// state is never changed once it is in a State.
type state struct {
	version pqxdh.Version
	mode    Mode // Negotiated becomes Classic or Required
	parties Parties
	double  doubleratchet.State
	sparse  spqr.State // unused if Classic
	// early is the ratchet key of the peer's first message: zero before it. An
	// initiator that negotiates has no salt in the messages under this key.
	early    curve.PublicKey
	sent     bool // a salted message
	received bool // a salted message
}

func wrap(s *state) State { return State{secret.NewBox(s)} }

// NewInitiator returns the state of who starts the session by an agreement of
// version v, with the signed prekey of the peer. The caller wipes the secrets.
// The error is ErrMode, one of packages curve and doubleratchet, or that of
// random.
func NewInitiator(v pqxdh.Version, p Parties, s pqxdh.Secrets, signedPreKey curve.PublicKey, mode Mode, random io.Reader) (State, error) {
	next, err := begin(v, p, s, mode, spqr.Initiator)
	if err != nil {
		return State{}, err
	}
	if next.double, err = doubleratchet.NewInitiator(s.Root(), s.Chain(), signedPreKey, random); err != nil {
		return State{}, err
	}
	return wrap(next), nil
}

// NewResponder returns the state of the peer, with its signed prekey. The caller
// wipes the secrets. The error is ErrMode or one of package curve.
func NewResponder(v pqxdh.Version, p Parties, s pqxdh.Secrets, signedPreKey curve.KeyPair, mode Mode) (State, error) {
	next, err := begin(v, p, s, mode, spqr.Responder)
	if err != nil {
		return State{}, err
	}
	next.double = doubleratchet.NewResponder(s.Root(), s.Chain(), signedPreKey)
	return wrap(next), nil
}

// begin returns a state without its double ratchet.
func begin(v pqxdh.Version, p Parties, s pqxdh.Secrets, mode Mode, role spqr.Role) (*state, error) {
	hasRatchet := s.Ratchet() != nil
	switch {
	case p.Ours.IsZero() || p.Theirs.IsZero():
		return nil, curve.ErrKey
	case s.Root() == nil, v != pqxdh.X3DH && v != pqxdh.PQXDH, hasRatchet != (v == pqxdh.PQXDH):
		return nil, ErrMode
	case mode < Classic || mode > ChainOnly, mode != Classic && !hasRatchet:
		return nil, ErrMode
	}
	next := &state{version: v, mode: mode, parties: p}
	if mode != Classic {
		next.sparse = spqr.New(role, s.Ratchet(), mode.sparse())
	}
	return next, nil
}

// sparse returns the mode for package spqr.
func (m Mode) sparse() spqr.Mode {
	switch m {
	case Negotiated:
		return spqr.Negotiated
	case ChainOnly:
		return spqr.ChainOnly
	}
	return spqr.Required
}

// Version returns that of the key agreement, which is that of the messages.
func (s State) Version() pqxdh.Version { return s.box.Expose().version }

// PostQuantum says whether both parties have sent messages whose keys depend on
// the post-quantum ratchet.
func (s State) PostQuantum() bool {
	v := s.box.Expose()
	return v.sent && v.received
}

// Epoch returns that of the newest post-quantum secret that both parties mixed
// in; 0 if there is none but that of the key agreement.
func (s State) Epoch() uint64 {
	v := s.box.Expose()
	if v.mode == Classic {
		return 0
	}
	return v.sparse.Epoch()
}

// RatchetKey returns the ratchet key that our messages name now.
func (s State) RatchetKey() curve.PublicKey { return s.box.Expose().double.RatchetKey() }
