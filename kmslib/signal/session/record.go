// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"math"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// format is the first byte of every stored value; the rest is a message of
// package proto without unknown fields.
const format = 1

// maxPart is the greatest length of an entry of a list in a stored value.
const maxPart = 256

var (
	errFormat = errors.New("an unknown format")
	errFields = errors.New("fields beyond their bounds")
)

// readRecord returns a Reader of a stored value.
func readRecord(b []byte) (*proto.Reader, error) {
	if len(b) == 0 || b[0] != format {
		return nil, errFormat
	}
	return proto.NewStrictReader(b[1:]), nil
}

// parseRecord reads a stored value whose fields a function takes one at a time;
// those required must be there. What it keeps of the bytes, it copies.
func parseRecord(b []byte, field func(*proto.Reader, proto.Field), required ...int) error {
	r, err := readRecord(b)
	if err != nil {
		return err
	}
	return readFields(r, field, required...)
}

func readFields(r *proto.Reader, field func(*proto.Reader, proto.Field), required ...int) error {
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		field(r, f)
	}
	r.Require(required...)
	return r.Err()
}

// readNested reads a message inside a stored value, the bytes of field f.
func readNested(r *proto.Reader, f proto.Field, inner []byte, field func(*proto.Reader, proto.Field), required ...int) {
	if r.Err() != nil {
		return
	}
	if err := readFields(proto.NewStrictReader(inner), field, required...); err != nil {
		r.Refuse(f.Number, "a malformed part")
	}
}

// readTime reads Unix seconds.
func readTime(r *proto.Reader, f proto.Field) int64 { return int64(r.Uint(f, math.MaxInt64)) }

// readUint32 reads any number of 32 bits.
func readUint32(r *proto.Reader, f proto.Field) uint32 { return uint32(r.Uint(f, math.MaxUint32)) }

// readPublic reads a public key.
func readPublic(r *proto.Reader, f proto.Field) curve.PublicKey {
	k, err := curve.ParsePublicKey(r.Bytes(f, curve.PublicKeySize, curve.PublicKeySize))
	if err != nil {
		r.Refuse(f.Number, "not a key")
	}
	return k
}

// readPrivate reads a private key.
func readPrivate(r *proto.Reader, f proto.Field) curve.PrivateKey {
	k, err := curve.ParsePrivateKey(r.Bytes(f, curve.PrivateKeySize, curve.PrivateKeySize))
	if err != nil {
		r.Refuse(f.Number, "not a key")
	}
	return k
}

// writePrivate writes a private key.
func writePrivate(w *proto.Writer, field int, k curve.PrivateKey) {
	raw := k.Bytes()
	w.Bytes(field, raw)
	clear(raw)
}
