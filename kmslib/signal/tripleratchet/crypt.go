// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"crypto/hmac"
	"errors"
	"io"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// Encrypt returns a whole Signal message. Addresses are those of sender and
// receiver, nil to send none. The error is ErrTooLarge, ErrSpent, or that of
// random.
func (s State) Encrypt(plaintext, addresses []byte, random io.Reader) (State, []byte, error) {
	if len(plaintext) > message.MaxPlaintext {
		return State{}, nil, ErrTooLarge
	}
	next := *s.box.Expose()
	double, h, seed, err := next.double.Send()
	if err != nil {
		return State{}, nil, err
	}
	defer clear(seed[:])
	next.double = double
	m := message.Signal{
		Version: uint8(next.version), RatchetKey: h.RatchetKey, Counter: h.Counter, Previous: h.Previous,
		Addresses: addresses,
	}
	var salt []byte
	if next.mode != Classic {
		if next.sparse, m.PQRatchet, salt, err = next.sparse.Send(random); err != nil {
			return State{}, nil, err
		}
		defer clear(salt)
		next.sent = next.sent || salt != nil
	}
	keys := doubleratchet.DeriveMessageKeys(&seed, salt)
	defer keys.Wipe()
	m.Ciphertext = keys.Encrypt(plaintext)
	body := m.Body()
	mac := keys.MAC(next.parties.Ours[:], next.parties.Theirs[:], body)
	return wrap(&next), append(body, mac[:]...), nil
}

// Decrypt returns the plaintext of a message of the peer, and the next state if
// the message is authentic. The error is ErrVersion, ErrDowngrade, ErrDuplicate,
// ErrTooFar, ErrAuthentication, or that of random. All but the last and
// ErrVersion may also be caused by somebody between the parties.
func (s State) Decrypt(m *message.Signal, random io.Reader) (State, []byte, error) {
	next := *s.box.Expose()
	if pqxdh.Version(m.Version) != next.version {
		return State{}, nil, ErrVersion
	}
	double, seed, err := next.double.Receive(doubleratchet.Header{RatchetKey: m.RatchetKey, Counter: m.Counter, Previous: m.Previous}, random)
	if errors.Is(err, doubleratchet.ErrKey) {
		err = ErrAuthentication
	}
	if err != nil {
		return State{}, nil, err
	}
	defer clear(seed[:])
	next.double = double
	salt, err := next.receiveSparse(m.PQRatchet, m.RatchetKey)
	if err != nil {
		return State{}, nil, err
	}
	defer clear(salt)
	keys := doubleratchet.DeriveMessageKeys(&seed, salt)
	defer keys.Wipe()
	mac := keys.MAC(next.parties.Theirs[:], next.parties.Ours[:], m.Body())
	if !hmac.Equal(mac[:], m.MAC[:]) {
		return State{}, nil, ErrAuthentication
	}
	plaintext, err := keys.Decrypt(m.Ciphertext)
	if err != nil {
		return State{}, nil, ErrAuthentication
	}
	if next.early.IsZero() {
		next.early = m.RatchetKey
	}
	return wrap(&next), plaintext, nil
}

// sparseVersion is the first byte of a pq_ratchet field that is understood here.
// Package spqr ignores others.
const sparseVersion = 1

// receiveSparse returns the salt of the message with this pq_ratchet field under
// this ratchet key, nil if it has none, and decides what is still to be negotiated.
func (s *state) receiveSparse(field []byte, under curve.PublicKey) ([]byte, error) {
	if len(field) == 0 && s.mode == Negotiated {
		s.mode, s.sparse = Classic, spqr.State{}
	}
	if s.mode == Classic {
		return nil, nil
	}
	if len(field) == 0 {
		return nil, ErrDowngrade
	}
	sparse, salt, err := s.sparse.Receive(field)
	switch {
	case errors.Is(err, spqr.ErrDuplicate):
		return nil, ErrDuplicate
	case errors.Is(err, spqr.ErrTooFar):
		return nil, ErrTooFar
	case errors.Is(err, spqr.ErrDowngrade):
		return nil, ErrDowngrade
	case err != nil:
		return nil, ErrAuthentication
	case salt == nil && s.received && under != s.early:
		return nil, ErrDowngrade
	}
	if s.mode == Negotiated && field[0] == sparseVersion {
		s.mode = Required
	}
	s.sparse = sparse
	s.received = s.received || salt != nil
	return salt, nil
}
