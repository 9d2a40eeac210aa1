// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chunked

import (
	"errors"
	"io"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/braid"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/erasure"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/field"
)

// The messages' sizes in chunks.
const (
	headerChunks      = braid.HeaderSize / erasure.ChunkSize      // 3
	keyChunks         = braid.KeySize / erasure.ChunkSize         // 36
	ciphertext1Chunks = braid.Ciphertext1Size / erasure.ChunkSize // 30
	ciphertext2Chunks = braid.Ciphertext2Size / erasure.ChunkSize // 5
)

// ErrEpoch says that a message is of an epoch that the peer cannot have reached.
var ErrEpoch = errors.New("message of an epoch that cannot be")

// State is one party's side. It is a value; the zero State is not usable.
type State struct{ phase phase }

// phase is one of the states of the package comment. Its methods are one step:
// they return the phase after it and, if one was agreed on, the epoch's secret.
type phase interface {
	epoch() uint64
	send(random io.Reader) (phase, sent, error)
	receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error)
	record() record
}

// sent is what a phase sends.
type sent struct {
	kind   field.Kind
	chunk  erasure.Chunk
	secret *braid.Secret
}

// New returns the State of a session at epoch 1 from the key of the agreement.
func New(initiator bool, key *braid.Secret) State {
	if initiator {
		return State{keysUnsampled{braid.Initiator(key)}}
	}
	return State{collectHeader(braid.Responder(key))}
}

// Epoch returns the epoch that the messages belong to.
func (s State) Epoch() uint64 { return s.phase.epoch() }

// Newest returns the newest epoch whose secret Send or Receive returned: Epoch
// once ct1 was sent, else the one before.
func (s State) Newest() uint64 {
	switch s.phase.(type) {
	case ciphertext1Sampled, keyReceivedCiphertext1Sampled, ciphertext1Acknowledged, ciphertext2Sampled:
		return s.Epoch()
	}
	return s.Epoch() - 1
}

// Send returns what to send, without an index. The secret is that of the
// message's epoch; nil if there is none yet. The error is that of random.
func (s State) Send(random io.Reader) (State, field.Message, *braid.Secret, error) {
	next, out, err := s.phase.send(random)
	if err != nil {
		return s, field.Message{}, nil, err
	}
	return State{next}, field.Message{Epoch: s.Epoch(), Kind: out.kind, Chunk: out.chunk}, out.secret, nil
}

// Receive takes a message. The secret is that of the State's epoch before; nil if
// there is none yet. The error is ErrEpoch or braid.ErrAuthentication.
func (s State) Receive(m *field.Message) (State, *braid.Secret, error) {
	epoch := s.Epoch()
	if m.Epoch < epoch { // late
		return s, nil, nil
	}
	if m.Epoch > epoch {
		done, ok := s.phase.(ciphertext2Sampled)
		if !ok || m.Epoch-1 != epoch {
			return s, nil, ErrEpoch
		}
		// The peer waits for a header now: its message has no chunk for us.
		return State{keysUnsampled{done.NextEpoch()}}, nil, nil
	}
	next, secret, err := s.phase.receive(m.Kind, m.Chunk)
	if err != nil {
		return s, nil, err
	}
	return State{next}, secret, nil
}
