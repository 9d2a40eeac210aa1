// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/spqr"
)

// formatVersion is the first byte of the stored form.
const formatVersion = 1

// MaxEncoded bounds the length of the stored form, in bytes: both ratchets with
// all the keys of skipped messages that they may have.
const MaxEncoded = 512 << 10

// Marshal returns the stored form, which is secret. Its inverse is Parse.
func (s State) Marshal() []byte {
	v := s.box.Expose()
	double := v.double.Marshal()
	defer clear(double)
	var sparse []byte
	if v.mode != Classic {
		sparse = v.sparse.Marshal()
		defer clear(sparse)
	}
	w := proto.NewWriter(len(double)+len(sparse)+128, formatVersion)
	w.Uint(1, uint64(v.version))
	w.Uint(2, uint64(v.mode))
	w.Bytes(3, v.parties.Ours[:])
	w.Bytes(4, v.parties.Theirs[:])
	w.Bytes(5, double)
	if v.mode != Classic {
		w.Bytes(6, sparse)
	}
	w.Bool(7, v.sent)
	w.Bool(8, v.received)
	if v.early.IsZero() {
		w.Bytes(9, nil)
	} else {
		w.Bytes(9, v.early[:])
	}
	return w.Finish()
}

// Parse reads the stored form, and copies it; the caller clears b. The error is
// a *proto.SyntaxError.
func Parse(b []byte) (State, error) {
	if len(b) == 0 || len(b) > MaxEncoded || b[0] != formatVersion {
		return State{}, &proto.SyntaxError{Reason: "expected a triple ratchet of version 1"}
	}
	r := proto.NewStrictReader(b[1:])
	s := &state{}
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			s.version = pqxdh.Version(r.Uint(f, uint64(pqxdh.PQXDH)))
		case 2:
			s.mode = Mode(r.Uint(f, uint64(ChainOnly)))
		case 3:
			s.parties.Ours = readPublic(r, f)
		case 4:
			s.parties.Theirs = readPublic(r, f)
		case 5:
			s.double = readDouble(r, f)
		case 6:
			s.sparse = readSparse(r, f)
		case 7:
			s.sent = r.Bool(f)
		case 8:
			s.received = r.Bool(f)
		case 9:
			s.early = readEarly(r, f)
		default:
			r.Unknown(f)
		}
	}
	r.Require(1, 2, 3, 4, 5, 7, 8, 9)
	if s.version < pqxdh.X3DH || s.mode < Classic || s.version == pqxdh.X3DH && s.mode != Classic {
		r.Refuse(2, "expected a mode that fits the version")
	}
	if r.Has(6) == (s.mode == Classic) {
		r.Refuse(6, "expected in all modes but Classic")
	}
	if err := r.Err(); err != nil {
		return State{}, err
	}
	return wrap(s), nil
}

func readDouble(r *proto.Reader, f proto.Field) doubleratchet.State {
	s, err := doubleratchet.Parse(r.Bytes(f, 0, doubleratchet.MaxEncoded))
	if err != nil {
		r.Refuse(f.Number, "expected a double ratchet")
	}
	return s
}

func readSparse(r *proto.Reader, f proto.Field) spqr.State {
	s, err := spqr.Parse(r.Bytes(f, 0, MaxEncoded))
	if err != nil {
		r.Refuse(f.Number, "expected a post-quantum ratchet")
	}
	return s
}

// readEarly reads a public key or nothing.
func readEarly(r *proto.Reader, f proto.Field) curve.PublicKey {
	if f.IsBytes && len(f.Bytes) == 0 {
		r.Bytes(f, 0, 0)
		return curve.PublicKey{}
	}
	return readPublic(r, f)
}

func readPublic(r *proto.Reader, f proto.Field) curve.PublicKey {
	key, err := curve.ParsePublicKey(r.Bytes(f, curve.PublicKeySize, curve.PublicKeySize))
	if err != nil {
		r.Refuse(f.Number, "expected a public key")
	}
	return key
}
