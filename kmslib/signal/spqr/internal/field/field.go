// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package field writes and reads the ratchet's field of a message, pq_ratchet:
//
//	version  1 byte, 1
//	epoch    varint, from 1
//	index    varint of 32 bits, number of the message from 1; 0, in epoch 1
//	         only: without a key
//	kind     1 byte, 0 to 6
//	chunk    for kinds Header, Key, KeyAcknowledge, Ciphertext1, Ciphertext2:
//	         index, varint, at most 65535, and 32 bytes
//
// A varint is 7 bits a byte, lowest first, the top bit set in all but the last,
// in its shortest form. What follows after that is ignored.
//
//	01 01 01 01 00 ‖ 32 bytes  epoch 1, message 1, chunk 0 of the header
//	01 01 01 00                epoch 1, message 1, nothing
package field

import (
	"encoding/binary"
	"errors"
	"math"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/erasure"
)

// Version is the version of the protocol that this package knows.
const Version = 1

// MaxSize is the greatest size in bytes of a field that Marshal writes.
const MaxSize = 1 + binary.MaxVarintLen64 + binary.MaxVarintLen32 + 1 + 3 + erasure.ChunkSize

// Kind says what a message carries.
type Kind uint8

// The kinds. Those of the owner of an encapsulation key: Header, Key,
// KeyAcknowledge, Acknowledge; of who encapsulates: Ciphertext1, Ciphertext2.
const (
	None           Kind = iota
	Header              // a chunk of the header and its MAC ("Hdr")
	Key                 // a chunk of t̂ ("Ek")
	KeyAcknowledge      // the same, and ct1 is complete ("EkCt1Ack")
	Acknowledge         // ct1 is complete ("Ct1Ack")
	Ciphertext1         // a chunk of ct1 ("Ct1")
	Ciphertext2         // a chunk of ct2 and the ciphertext's MAC ("Ct2")
)

// HasChunk says whether messages of the kind carry a chunk.
func (k Kind) HasChunk() bool { return k != None && k != Acknowledge }

// Message is the content of a field.
type Message struct {
	Epoch uint64
	Index uint32
	Kind  Kind
	Chunk erasure.Chunk // zero unless Kind.HasChunk
}

var (
	// ErrSyntax says that a field is not of the form above.
	ErrSyntax = errors.New("malformed pq_ratchet field")

	// ErrVersion says that a field is of a later version.
	ErrVersion = errors.New("pq_ratchet field of a later version")
)

// Marshal returns the field.
func (m *Message) Marshal() []byte {
	b := append(make([]byte, 0, MaxSize), Version)
	b = binary.AppendUvarint(b, m.Epoch)
	b = binary.AppendUvarint(b, uint64(m.Index))
	b = append(b, byte(m.Kind))
	if m.Kind.HasChunk() {
		b = binary.AppendUvarint(b, uint64(m.Chunk.Index))
		b = append(b, m.Chunk.Data[:]...)
	}
	return b
}

// Parse reads a field. The error is ErrVersion if it begins with a greater
// version, else ErrSyntax.
func Parse(b []byte) (*Message, error) {
	switch {
	case len(b) == 0 || b[0] < Version:
		return nil, ErrSyntax
	case b[0] > Version:
		return nil, ErrVersion
	}
	epoch, b, ok := varint(b[1:], math.MaxUint64)
	if !ok || epoch == 0 {
		return nil, ErrSyntax
	}
	index, b, ok := varint(b, math.MaxUint32)
	if !ok || index == 0 && epoch > 1 || len(b) == 0 || Kind(b[0]) > Ciphertext2 {
		return nil, ErrSyntax
	}
	m := &Message{Epoch: epoch, Index: uint32(index), Kind: Kind(b[0])}
	if m.Kind.HasChunk() {
		at, rest, ok := varint(b[1:], erasure.MaxIndex)
		if !ok || len(rest) < erasure.ChunkSize {
			return nil, ErrSyntax
		}
		m.Chunk.Index = uint16(at)
		copy(m.Chunk.Data[:], rest)
	}
	return m, nil
}

// varint reads a number of at most most in its shortest form.
func varint(b []byte, most uint64) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || n > 1 && b[n-1] == 0 || v > most {
		return 0, nil, false
	}
	return v, b[n:], true
}
