// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"encoding/binary"
	"math"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

// The stored form is a protocol buffer. What follows from other fields is left
// out: the sending chains of epochs before that of the last message sent, and
// the first epoch, which is epochsBefore it.
//
//	1  epoch of the last message sent
//	2  root, 32 bytes
//	3  an epoch, repeated, without a gap:
//	   1  sending chain     count, 4 bytes, big-endian ‖ chain, 32 bytes
//	   2  receiving chain   the same
//	   3  skipped keys, if any, each index, 4 bytes ‖ key, 32 bytes; rising
const halfSize = 4 + kdf.Size

// Store writes the stored form.
func (c Chain) Store(w *proto.Writer) {
	w.Uint(1, c.sending)
	w.Bytes(2, c.root[:])
	for i := range c.epochs {
		e := &c.epochs[i]
		w.Message(3, func(w *proto.Writer) {
			if c.first+uint64(i) >= c.sending {
				storeNumbered(w, 1, e.send.count, &e.send.next)
			}
			storeNumbered(w, 2, e.receive.count, &e.receive.next)
			if len(e.skipped) > 0 {
				packed := make([]byte, 0, len(e.skipped)*halfSize)
				for j := range e.skipped {
					packed = appendNumbered(packed, e.skipped[j].index, &e.skipped[j].key)
				}
				w.Bytes(3, packed)
				clear(packed)
			}
		})
	}
}

func storeNumbered(w *proto.Writer, field int, number uint32, key *[kdf.Size]byte) {
	var packed [halfSize]byte
	w.Bytes(field, appendNumbered(packed[:0], number, key))
	clear(packed[:])
}

func appendNumbered(b []byte, number uint32, key *[kdf.Size]byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, number), key[:]...)
}

// Load reads what Store wrote. The error is a *proto.SyntaxError.
func Load(b []byte, initiator bool) (Chain, error) {
	c := Chain{initiator: initiator}
	r := proto.NewStrictReader(b)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			c.sending = r.Uint(f, math.MaxInt64)
			c.first = max(c.sending, epochsBefore) - epochsBefore
		case 2:
			copy(c.root[:], r.Bytes(f, kdf.Size, kdf.Size))
		case 3:
			r.Require(1)
			if len(c.epochs) == maxEpochs {
				r.Refuse(3, "more epochs than are kept")
				break
			}
			at := c.first + uint64(len(c.epochs))
			e, err := loadEpoch(r.Repeated(f, 0, math.MaxInt32), at >= c.sending)
			if err != nil {
				return Chain{}, err
			}
			c.epochs = append(c.epochs, e)
		default:
			r.Unknown(f)
		}
	}
	r.Require(1, 2)
	if len(c.epochs) == 0 || c.Newest() < c.sending || c.Newest() > c.sending+1 {
		r.Refuse(3, "not the epochs that are kept")
	}
	if err := r.Err(); err != nil {
		return Chain{}, err
	}
	return c, nil
}

func loadEpoch(b []byte, sends bool) (e epoch, err error) {
	r := proto.NewStrictReader(b)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			e.send.count, e.send.next = loadNumbered(r.Bytes(f, halfSize, halfSize))
		case 2:
			e.receive.count, e.receive.next = loadNumbered(r.Bytes(f, halfSize, halfSize))
		case 3:
			packed := r.Bytes(f, halfSize, MaxSkipped*halfSize)
			if len(packed)%halfSize != 0 {
				r.Refuse(3, "not whole keys")
			}
			e.skipped = make([]skippedKey, len(packed)/halfSize)
			var before uint32
			for i := range e.skipped {
				s := &e.skipped[i]
				s.index, s.key = loadNumbered(packed[i*halfSize:])
				if s.index <= before {
					r.Refuse(3, "not rising")
				}
				before = s.index
			}
			if before >= e.receive.count {
				r.Refuse(3, "beyond the chain")
			}
		default:
			r.Unknown(f)
		}
	}
	if r.Require(2); sends != r.Has(1) {
		r.Refuse(1, "expected exactly in epochs that can still be sent in")
	}
	return e, r.Err()
}

// loadNumbered reads halfSize bytes; none after a refusal.
func loadNumbered(b []byte) (number uint32, key [kdf.Size]byte) {
	if len(b) < halfSize {
		return 0, key
	}
	copy(key[:], b[4:])
	return binary.BigEndian.Uint32(b), key
}
