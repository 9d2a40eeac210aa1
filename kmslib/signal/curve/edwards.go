// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package curve

import (
	"bytes"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// Edwards returns the point of edwards25519 that corresponds to the key (RFC
// 7748, section 4.1: y = (u-1)/(u+1)) and whose x coordinate has the given sign,
// 0 or 1. It returns false if there is none: u is not reduced or its top bit is
// set, u is -1, which has no y, or u is on the twist.
func (k PublicKey) Edwards(sign byte) (*edwards25519.Point, bool) {
	if k[0] != keyType || sign > 1 {
		return nil, false
	}
	u, err := new(field.Element).SetBytes(k[1:])
	if err != nil || !bytes.Equal(u.Bytes(), k[1:]) { // SetBytes reduces
		return nil, false
	}
	one := new(field.Element).One()
	denominator := new(field.Element).Add(u, one)
	if denominator.Equal(new(field.Element)) == 1 {
		return nil, false
	}
	y := new(field.Element).Subtract(u, one)
	encoded := y.Multiply(y, denominator.Invert(denominator)).Bytes()
	encoded[31] |= sign << 7
	point, err := new(edwards25519.Point).SetBytes(encoded)
	return point, err == nil
}

// eighth is 1/8 modulo the order of the prime-order subgroup.
var eighth = func() *edwards25519.Scalar {
	eight, err := edwards25519.NewScalar().SetCanonicalBytes(append([]byte{8}, make([]byte, 31)...))
	if err != nil {
		panic(err) // the encoding is a constant
	}
	return eight.Invert(eight)
}()

// IsCanonical says whether the key has the only encoding of its point, and the
// point is on the curve itself and in the subgroup of prime order, as are all
// keys that Generate makes. It takes a time that depends on the key.
//
// The test for the subgroup: every point P is Q + T with Q in it and 8T = 0.
// Whatever number stands for 1/8, 8(P/8) is Q, so it equals P if and only if T
// is the identity. P and -P, which have the same u, give the same answer.
func (k PublicKey) IsCanonical() bool {
	p, ok := k.Edwards(0)
	if !ok {
		return false
	}
	q := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(eighth, p, edwards25519.NewScalar())
	return q.MultByCofactor(q).Equal(p) == 1
}
