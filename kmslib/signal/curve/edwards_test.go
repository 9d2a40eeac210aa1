// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package curve_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"

	"ats.run/kms-enclave/kmslib/signal/curve"
)

// prime is 2^255 - 19.
var prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// key returns the key whose u coordinate is encoded as the number n < 2^256.
func key(t testing.TB, n *big.Int) curve.PublicKey {
	t.Helper()
	little := n.FillBytes(make([]byte, 32))
	slices.Reverse(little)
	return public(t, hex.EncodeToString(little))
}

func number(k curve.PublicKey) *big.Int {
	reversed := bytes.Clone(k[1:])
	slices.Reverse(reversed)
	return new(big.Int).SetBytes(reversed)
}

// onCurve says whether v² = u³ + 486662u² + u has a solution, by Euler's
// criterion: if not, u is on the twist.
func onCurve(u *big.Int) bool {
	right := new(big.Int).Mul(u, u)
	right.Add(right, new(big.Int).Mul(big.NewInt(486662), u)).Add(right, big.NewInt(1)).Mul(right, u).Mod(right, prime)
	half := new(big.Int).Rsh(prime, 1)
	return right.Sign() == 0 || right.Exp(right, half, prime).Cmp(big.NewInt(1)) == 0
}

// smallOrder are the u coordinates of all points of order 1, 2, 4 and 8 on the
// curve and its twist (RFC 7748, section 7, has the argument; cr.yp.to/ecdh.html
// the list).
var smallOrder = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // -1, on the twist
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 1
}

func TestPointsOfSmallOrderGiveNoSecretAndAreNotCanonical(t *testing.T) {
	pair := generate(t)
	for _, u := range smallOrder {
		for _, top := range []byte{0, 0x80} {
			k := public(t, u)
			k[32] |= top
			if _, err := curve.Agree(pair.Private, k); !errors.Is(err, curve.ErrAgreement) {
				t.Errorf("agreement with %x: %v", k, err)
			}
			if k.IsCanonical() {
				t.Errorf("%x is canonical", k)
			}
		}
	}
}

func TestGeneratedKeysAreCanonical(t *testing.T) {
	for range 40 {
		if k := generate(t).Public; !k.IsCanonical() {
			t.Errorf("%x is not canonical", k)
		}
	}
}

func TestKeysInAnotherEncodingAreNotCanonical(t *testing.T) {
	base := key(t, big.NewInt(9))
	alias := key(t, new(big.Int).Add(prime, big.NewInt(9)))
	topped := key(t, new(big.Int).SetBit(big.NewInt(9), 255, 1))
	if !base.IsCanonical() || alias.IsCanonical() || topped.IsCanonical() {
		t.Error("another encoding of the base point is canonical, or the base point is not")
	}
	pair := generate(t)
	want, err := curve.Agree(pair.Private, base)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []curve.PublicKey{alias, topped} {
		if got, err := curve.Agree(pair.Private, k); err != nil || got != want {
			t.Errorf("%x is another point to Agree: %v", k, err)
		}
	}
	if (curve.PublicKey{}).IsCanonical() {
		t.Error("no key is canonical")
	}
}

func TestPointsOnTheTwistAreNotCanonical(t *testing.T) {
	found := 0
	for u := int64(2); found < 20; u++ {
		if n := big.NewInt(u); !onCurve(n) {
			found++
			if key(t, n).IsCanonical() {
				t.Errorf("u = %d is on the twist and canonical", u)
			}
		}
	}
}

// torsion returns a point of order 8.
func torsion(t *testing.T) *edwards25519.Point {
	t.Helper()
	p, ok := public(t, smallOrder[2]).Edwards(0)
	if !ok {
		t.Fatal("a point of order 8 has no Edwards form")
	}
	return p
}

func TestPointsWithATorsionComponentAreNotCanonical(t *testing.T) {
	pair := generate(t)
	for range 5 {
		k := generate(t).Public
		p, ok := k.Edwards(0)
		if !ok {
			t.Fatal("a generated key has no Edwards form")
		}
		step := torsion(t)
		want, err := curve.Agree(pair.Private, k)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 { // after eight steps p is itself again
			u := hex.EncodeToString(p.BytesMontgomery())
			mixed := public(t, u)
			if mixed.IsCanonical() != (i == 0) {
				t.Errorf("with %d times the point of order 8: canonical = %v", i, mixed.IsCanonical())
			}
			if got, err := curve.Agree(pair.Private, mixed); err != nil || got != want {
				t.Errorf("a clamped scalar does not clear the torsion: %v", err)
			}
			p.Add(p, step)
		}
		if again := public(t, hex.EncodeToString(p.BytesMontgomery())); again != k {
			t.Error("the point is not of order 8")
		}
	}
}

func TestEdwardsFormHasTheSignAndTheSameU(t *testing.T) {
	k := generate(t).Public
	for sign := range byte(2) {
		p, ok := k.Edwards(sign)
		if !ok || p.Bytes()[31]>>7 != sign || !bytes.Equal(p.BytesMontgomery(), k[1:]) {
			t.Errorf("sign %d: %v", sign, ok)
		}
	}
	if _, ok := k.Edwards(2); ok {
		t.Error("there is a third sign")
	}
}

// FuzzIsCanonical checks against the definition in terms of big numbers, but for
// the subgroup, and the subgroup by multiplying with the order.
func FuzzIsCanonical(f *testing.F) {
	for _, u := range smallOrder {
		f.Add(unhex(f, u))
	}
	f.Add(generate(f).Public.Bytes()[1:])
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	f.Fuzz(func(t *testing.T, u []byte) {
		k, err := curve.ParsePublicKey(append([]byte{5}, u...))
		if err != nil {
			return
		}
		n := number(k)
		want := n.Cmp(prime) < 0 && n.Cmp(new(big.Int).Sub(prime, big.NewInt(1))) != 0 && onCurve(n)
		p, ok := k.Edwards(0)
		if ok != want {
			t.Fatalf("%x has an Edwards form: %v, want %v", k, ok, want)
		}
		if ok {
			want = multiply(p, order).Equal(edwards25519.NewIdentityPoint()) == 1
		}
		if k.IsCanonical() != want {
			t.Errorf("%x is canonical: %v, want %v", k, k.IsCanonical(), want)
		}
	})
}

// multiply returns n times p by doubling and adding.
func multiply(p *edwards25519.Point, n *big.Int) *edwards25519.Point {
	product := edwards25519.NewIdentityPoint()
	for i := n.BitLen() - 1; i >= 0; i-- {
		product.Double(product)
		if n.Bit(i) == 1 {
			product.Add(product, p)
		}
	}
	return product
}

func BenchmarkIsCanonical(b *testing.B) {
	k := generate(b).Public
	for b.Loop() {
		if !k.IsCanonical() {
			b.Fatal("not canonical")
		}
	}
}
