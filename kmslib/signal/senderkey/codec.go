// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package senderkey

import (
	"math"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/message"
)

// formatVersion is the first byte of the stored form.
const formatVersion = 1

// MaxEncoded bounds the length of the stored form, in bytes.
const MaxEncoded = MaxSkipped*(chain.Size+4) + 2<<10

// Marshal returns the stored form, which is secret; nil of the zero Record. Its
// inverse is Parse.
func (r Record) Marshal() []byte {
	v := r.box.Expose()
	if v == nil {
		return nil
	}
	size := 64
	for i := range v.senders {
		size += v.senders[i].chain.EncodedSize() + 128
	}
	w := proto.NewWriter(size, formatVersion)
	w.Bytes(1, v.distribution[:])
	for i := range v.senders {
		w.Message(2, v.senders[i].write)
	}
	return w.Finish()
}

func (s *sender) write(w *proto.Writer) {
	w.Uint(1, uint64(s.id))
	w.Message(2, s.chain.Write)
	w.Bytes(3, s.signing.Public[:])
	if !s.signing.Private.IsZero() {
		private := s.signing.Private.Bytes()
		w.Bytes(4, private)
		clear(private)
	}
}

// Parse reads the stored form, and copies it; the caller clears b. The error is
// a *proto.SyntaxError.
func Parse(b []byte) (Record, error) {
	if len(b) == 0 || len(b) > MaxEncoded || b[0] != formatVersion {
		return Record{}, &proto.SyntaxError{Reason: "expected a sender key of version 1"}
	}
	r := proto.NewStrictReader(b[1:])
	v := &record{}
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			copy(v.distribution[:], r.Bytes(f, message.DistributionSize, message.DistributionSize))
		case 2:
			v.senders = append(v.senders, readSender(r, f))
		default:
			r.Unknown(f)
		}
	}
	r.Require(1)
	if err := r.Err(); err != nil {
		return Record{}, err
	}
	if err := v.check(); err != nil {
		return Record{}, err
	}
	return wrap(v), nil
}

// check checks what a record is made of against each other.
func (r *record) check() error {
	if len(r.senders) == 0 || len(r.senders) > MaxChains {
		return &proto.SyntaxError{Field: 2, Reason: "expected 1 to 5 chains"}
	}
	total := 0
	for i := range r.senders {
		s := &r.senders[i]
		total += s.chain.Skipped()
		switch {
		case r.find(s.id) != i:
			return &proto.SyntaxError{Field: 2, Reason: "a chain twice"}
		case !s.signing.Private.IsZero() && (len(r.senders) > 1 || s.chain.Skipped() > 0):
			return &proto.SyntaxError{Field: 2, Reason: "expected one chain that skips nothing, being our own"}
		}
	}
	if total > MaxSkipped {
		return &proto.SyntaxError{Field: 2, Reason: "more skipped messages than are kept"}
	}
	return nil
}

func readSender(outer *proto.Reader, f proto.Field) sender {
	var s sender
	r := proto.NewStrictReader(outer.Repeated(f, 0, chain.MaxEncoded+128))
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			s.id = uint32(r.Uint(f, math.MaxUint32))
		case 2:
			c, err := chain.Parse(r.Bytes(f, 0, chain.MaxEncoded))
			if err != nil {
				r.Refuse(f.Number, "expected a chain")
			}
			s.chain = c
		case 3:
			public, err := curve.ParsePublicKey(r.Bytes(f, curve.PublicKeySize, curve.PublicKeySize))
			if err != nil {
				r.Refuse(f.Number, "expected a public key")
			}
			s.signing.Public = public
		case 4:
			private, err := curve.ParsePrivateKey(r.Bytes(f, curve.PrivateKeySize, curve.PrivateKeySize))
			if err != nil {
				r.Refuse(f.Number, "expected a private key")
			}
			s.signing.Private = private
		default:
			r.Unknown(f)
		}
	}
	r.Require(1, 2, 3)
	outer.Adopt(f, r)
	return s
}
