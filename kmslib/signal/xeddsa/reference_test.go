// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package xeddsa_test

import (
	"crypto/sha512"
	"math/big"
	"slices"
)

// This file is XEdDSA once more, from the specification's formulas in affine
// coordinates and big numbers, to compare with.

var (
	p    = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	q, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	d    = fraction(big.NewInt(-121665), big.NewInt(121666))
	base = affine{
		decimal("15112221349535400772501151409588531511454012693041857206046113283949847762202"),
		decimal("46316835694926478169428394003475163141307993866256225615783033603165251855960"),
	}
)

// affine is a point of -x² + y² = 1 + dx²y² modulo p.
type affine struct{ x, y *big.Int }

func decimal(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic("not a number")
	}
	return n
}

func fraction(a, b *big.Int) *big.Int {
	inverse := new(big.Int).ModInverse(new(big.Int).Mod(b, p), p)
	return inverse.Mul(inverse, a).Mod(inverse, p)
}

// add is RFC 8032's addition law, complete for this curve.
func add(a, b affine) affine {
	mul := func(factors ...*big.Int) *big.Int {
		n := big.NewInt(1)
		for _, f := range factors {
			n.Mul(n, f).Mod(n, p)
		}
		return n
	}
	one := big.NewInt(1)
	k := mul(d, a.x, b.x, a.y, b.y)
	x := new(big.Int).Add(mul(a.x, b.y), mul(a.y, b.x))
	y := new(big.Int).Add(mul(a.y, b.y), mul(a.x, b.x))
	return affine{fraction(x, new(big.Int).Add(one, k)), fraction(y, new(big.Int).Sub(one, k))}
}

func times(n *big.Int, point affine) affine {
	product := affine{big.NewInt(0), big.NewInt(1)}
	for i := n.BitLen() - 1; i >= 0; i-- {
		product = add(product, product)
		if n.Bit(i) == 1 {
			product = add(product, point)
		}
	}
	return product
}

func little(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

func fromLittle(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// compress is the encoding of RFC 8032, section 5.1.2.
func compress(a affine) []byte {
	b := little(a.y)
	b[31] |= byte(a.x.Bit(0)) << 7
	return b
}

func hashToScalar(parts ...[]byte) *big.Int {
	h := sha512.Sum512(slices.Concat(parts...))
	n := fromLittle(h[:])
	return n.Mod(n, q)
}

// referenceSign signs with a clamped key and the random bytes z.
func referenceSign(k, message, z []byte) []byte {
	a := new(big.Int).Mod(fromLittle(k), q)
	prefix := slices.Repeat([]byte{0xff}, 32)
	prefix[0] = 0xfe
	r := hashToScalar(prefix, k, message, z)
	encodedA, encodedR := compress(times(a, base)), compress(times(r, base))
	h := hashToScalar(encodedR, encodedA, message)
	s := new(big.Int).Mul(h, a)
	s.Add(s, r).Mod(s, q)
	signature := append(encodedR, little(s)...)
	signature[63] |= encodedA[31] & 0x80
	return signature
}
