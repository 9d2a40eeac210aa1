// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr

import (
	"bytes"
	"errors"
	"math"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/chain"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/chunked"
)

const (
	formatVersion = 1

	// storedCapacity is room for most states without another allocation.
	storedCapacity = 2700
)

// Marshal returns the State for storage, in the form of the package comment. The
// bytes are secret and the caller's to clear; nil for the zero State.
func (s State) Marshal() []byte {
	state := s.box.Expose()
	if state == nil {
		return nil
	}
	w := proto.NewWriter(storedCapacity, formatVersion)
	w.Uint(1, uint64(state.role))
	w.Uint(2, uint64(state.mode))
	w.Bool(3, state.negotiating)
	w.Bool(4, state.salted)
	w.Message(5, state.chain.Store)
	if state.mode != ChainOnly {
		w.Message(6, state.braid.Store)
	}
	return w.Finish()
}

// Parse reads what Marshal wrote and copies what it keeps. Of a State there is
// one form only, which Marshal writes. The error is ErrStored.
func Parse(b []byte) (State, error) {
	state, err := parse(b)
	if err != nil {
		return State{}, storedError{err}
	}
	s := state.boxed()
	again := s.Marshal()
	defer clear(again)
	if !bytes.Equal(again, b) {
		return State{}, storedError{errors.New("not as Marshal writes it")}
	}
	return s, nil
}

func parse(b []byte) (*state, error) {
	if len(b) == 0 || b[0] != formatVersion {
		return nil, errors.New("expected version 1")
	}
	var s state
	var chains, exchange []byte
	r := proto.NewStrictReader(b[1:])
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			s.role = Role(r.Uint(f, uint64(Responder)))
		case 2:
			s.mode = Mode(r.Uint(f, uint64(ChainOnly)))
		case 3:
			s.negotiating = r.Bool(f)
		case 4:
			s.salted = r.Bool(f)
		case 5:
			chains = r.Bytes(f, 0, math.MaxInt32)
		case 6:
			exchange = r.Bytes(f, 0, math.MaxInt32)
		default:
			r.Unknown(f)
		}
	}
	r.Require(1, 2, 3, 4, 5)
	if err := r.Err(); err != nil {
		return nil, err
	}
	if s.role == 0 || s.mode == 0 || s.negotiating && (s.role != Initiator || s.mode != Negotiated || s.salted) {
		return nil, errors.New("no such role and mode")
	}
	return &s, s.parseParts(chains, exchange, r.Has(6))
}

func (s *state) parseParts(chains, exchange []byte, hasExchange bool) (err error) {
	if s.chain, err = chain.Load(chains, s.role == Initiator); err != nil {
		return err
	}
	var newest uint64
	if hasExchange {
		if s.braid, err = chunked.Load(exchange); err != nil {
			return err
		}
		newest = s.braid.Newest()
	}
	if hasExchange != (s.mode != ChainOnly) || s.chain.Newest() != newest {
		return errors.New("chains and exchange do not fit together")
	}
	return nil
}
