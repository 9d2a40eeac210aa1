// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package doubleratchet

import (
	"math"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// formatVersion is the first byte of the stored form.
const formatVersion = 1

// MaxEncoded bounds the length of the stored form, in bytes.
const MaxEncoded = MaxSkipped*(chain.Size+4) + 2<<10

// Marshal returns the stored form, which is secret. Its inverse is Parse.
func (s State) Marshal() []byte {
	v := s.box.Expose()
	size := 512
	for i := range v.receiving {
		size += v.receiving[i].chain.EncodedSize() + 64
	}
	w := proto.NewWriter(size, formatVersion)
	private := v.ours.Private.Bytes()
	w.Bytes(1, v.root[:])
	w.Bytes(2, v.ours.Public[:])
	w.Bytes(3, private)
	w.Message(4, v.sending.Write)
	w.Uint(5, uint64(v.previous))
	for i := range v.receiving {
		w.Message(6, v.receiving[i].write)
	}
	clear(private)
	return w.Finish()
}

func (r *receiver) write(w *proto.Writer) {
	w.Bytes(1, r.theirs[:])
	w.Message(2, r.chain.Write)
}

// Parse reads the stored form, and copies it; the caller clears b. The error is
// a *proto.SyntaxError.
func Parse(b []byte) (State, error) {
	if len(b) == 0 || len(b) > MaxEncoded || b[0] != formatVersion {
		return State{}, &proto.SyntaxError{Reason: "expected a double ratchet of version 1"}
	}
	r := proto.NewStrictReader(b[1:])
	s := &state{}
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			copy(s.root[:], r.Bytes(f, KeySize, KeySize))
		case 2:
			s.ours.Public = readPublic(r, f)
		case 3:
			s.ours.Private = readPrivate(r, f)
		case 4:
			s.sending = readChain(r, f)
		case 5:
			s.previous = uint32(r.Uint(f, math.MaxUint32))
		case 6:
			s.receiving = append(s.receiving, readReceiver(r, f))
		default:
			r.Unknown(f)
		}
	}
	r.Require(1, 2, 3, 4, 5)
	if err := r.Err(); err != nil {
		return State{}, err
	}
	if err := s.check(); err != nil {
		return State{}, err
	}
	return wrap(s), nil
}

// check checks what a state is made of against each other.
func (s *state) check() error {
	if s.sending.Skipped() > 0 {
		return &proto.SyntaxError{Field: 4, Reason: "a sending chain skips nothing"}
	}
	if len(s.receiving) > MaxReceiving {
		return &proto.SyntaxError{Field: 6, Reason: "more ratchet keys than are kept"}
	}
	total := 0
	for i := range s.receiving {
		total += s.receiving[i].chain.Skipped()
		for j := range i {
			if s.receiving[i].theirs == s.receiving[j].theirs {
				return &proto.SyntaxError{Field: 6, Reason: "a ratchet key twice"}
			}
		}
	}
	if total > MaxSkipped {
		return &proto.SyntaxError{Field: 6, Reason: "more skipped messages than are kept"}
	}
	return nil
}

func readReceiver(outer *proto.Reader, f proto.Field) receiver {
	var v receiver
	r := proto.NewStrictReader(outer.Repeated(f, 0, chain.MaxEncoded+64))
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			v.theirs = readPublic(r, f)
		case 2:
			v.chain = readChain(r, f)
		default:
			r.Unknown(f)
		}
	}
	r.Require(1, 2)
	outer.Adopt(f, r)
	return v
}

func readChain(r *proto.Reader, f proto.Field) chain.Chain {
	c, err := chain.Parse(r.Bytes(f, 0, chain.MaxEncoded))
	if err != nil {
		r.Refuse(f.Number, "expected a chain")
	}
	return c
}

func readPublic(r *proto.Reader, f proto.Field) curve.PublicKey {
	key, err := curve.ParsePublicKey(r.Bytes(f, curve.PublicKeySize, curve.PublicKeySize))
	if err != nil {
		r.Refuse(f.Number, "expected a public key")
	}
	return key
}

func readPrivate(r *proto.Reader, f proto.Field) curve.PrivateKey {
	key, err := curve.ParsePrivateKey(r.Bytes(f, curve.PrivateKeySize, curve.PrivateKeySize))
	if err != nil {
		r.Refuse(f.Number, "expected a private key")
	}
	return key
}
