// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"math"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// A retry request begins and ends with these: the first says that nothing is
// encrypted, the last is where the padding of contents begins, which it has none.
const (
	plaintextPrefix = 0xC0
	plaintextEnd    = 0x80
)

// retryField is the field of contents in which a retry request lies.
const retryField = 8

// Retry asks a sender to send a message again, which could not be read. It is
// neither encrypted nor authenticated.
type Retry struct {
	RatchetKey curve.PublicKey // of the message; zero: none
	Timestamp  uint64          // of the message, Unix milliseconds
	Device     uint32          // of its sender
}

// ParseRetry reads a message of envelope type PlaintextType. The error has
// ErrSyntax in its tree.
func ParseRetry(b []byte) (*Retry, error) {
	if len(b) > MaxSize {
		return nil, errTooLong
	}
	if len(b) < 2 || b[0] != plaintextPrefix || b[len(b)-1] != plaintextEnd {
		return nil, malformed("expected a plaintext content")
	}
	outer := proto.NewReader(b[1 : len(b)-1])
	var inner []byte
	for f, ok := outer.Next(); ok; f, ok = outer.Next() {
		if f.Number == retryField {
			inner = outer.Bytes(f, 0, MaxSize)
		} else {
			outer.Unknown(f)
		}
	}
	if err := finish(outer, retryField); err != nil {
		return nil, err
	}
	m := &Retry{}
	r := proto.NewReader(inner)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			m.RatchetKey = readKey(r, f)
		case 2:
			m.Timestamp = r.Uint(f, math.MaxUint64)
		case 3:
			m.Device = readUint32(r, f)
		default:
			r.Unknown(f)
		}
	}
	if err := finish(r, 2); err != nil {
		return nil, err
	}
	return m, nil
}

// Marshal returns the whole message.
func (m *Retry) Marshal() []byte {
	w := proto.NewWriter(128, plaintextPrefix)
	w.Message(retryField, func(w *proto.Writer) {
		if !m.RatchetKey.IsZero() {
			w.Bytes(1, m.RatchetKey[:])
		}
		w.Uint(2, m.Timestamp)
		w.Uint(3, uint64(m.Device))
	})
	return append(w.Finish(), plaintextEnd)
}
