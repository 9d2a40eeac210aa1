// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/tripleratchet"
)

// Level is how much of the protocol a session has.
type Level uint8

// The levels, weakest first.
const (
	X3DH          Level = iota + 1 // messages of version 3: nothing post-quantum
	PQXDH                          // version 4: the agreement is post-quantum
	TripleRatchet                  // version 4 with pq_ratchet: the ratchet is, too
)

// Policy says which levels an account takes part in. The zero Policy is
// TripleRatchet only; levels below are for peers that know no better.
type Policy struct {
	Oldest, Newest Level // zero: TripleRatchet
	// ChainOnly uses the post-quantum secret of the agreement and exchanges no
	// further ones. It is for tests against other implementations.
	ChainOnly bool
}

// complete returns the policy with its zero levels replaced, or an *InputError.
func (p Policy) complete() (Policy, error) {
	if p.Oldest == 0 {
		p.Oldest = TripleRatchet
	}
	if p.Newest == 0 {
		p.Newest = TripleRatchet
	}
	switch {
	case p.Newest > TripleRatchet || p.Oldest > p.Newest:
		return Policy{}, &InputError{"policy", "expected levels of which the oldest is not above the newest"}
	case p.ChainOnly && p.Newest != TripleRatchet:
		return Policy{}, &InputError{"policy", "chain only is a way of the triple ratchet"}
	}
	return p, nil
}

// mode returns how sessions of a version treat the post-quantum ratchet.
func (p Policy) mode(v pqxdh.Version) tripleratchet.Mode {
	switch {
	case v == pqxdh.X3DH || p.Newest < TripleRatchet:
		return tripleratchet.Classic
	case p.ChainOnly:
		return tripleratchet.ChainOnly
	case p.Oldest < TripleRatchet:
		return tripleratchet.Negotiated
	}
	return tripleratchet.Required
}

// allows returns ErrUnsupported if no session of this version may be made.
func (p Policy) allows(v pqxdh.Version) error {
	if v == pqxdh.X3DH && p.Oldest == X3DH || v == pqxdh.PQXDH && p.Newest > X3DH {
		return nil
	}
	return ErrUnsupported
}
