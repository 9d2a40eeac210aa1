// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package xeddsa_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/edwards25519"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

func generate(t testing.TB) curve.KeyPair {
	t.Helper()
	pair, err := curve.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func sign(t testing.TB, k curve.PrivateKey, message []byte) []byte {
	t.Helper()
	signature, err := xeddsa.Sign(k, message, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signature[:]
}

func TestSignaturesVerify(t *testing.T) {
	for _, n := range []int{0, 1, 33, 1569, 100_000} {
		pair, message := generate(t), bytes.Repeat([]byte{7}, n)
		signature := sign(t, pair.Private, message)
		if !xeddsa.Verify(pair.Public, message, signature) {
			t.Errorf("the signature of %d bytes does not verify", n)
		}
		if xeddsa.Verify(generate(t).Public, message, signature) || xeddsa.Verify(pair.Public, append(message, 0), signature) {
			t.Errorf("the signature of %d bytes is good for another key or message", n)
		}
	}
}

func TestSignatureIsThatOfTheFormulas(t *testing.T) {
	signs := map[byte]int{}
	for i := range byte(8) {
		pair := generate(t)
		z, message := bytes.Repeat([]byte{i}, 64), []byte{'m', i}
		signature, err := xeddsa.Sign(pair.Private, message, bytes.NewReader(z))
		want := referenceSign(pair.Private.Bytes(), message, z)
		if err != nil || !bytes.Equal(signature[:], want) {
			t.Errorf("Sign = %x, %v, want %x", signature, err, want)
		}
		signs[signature[63]>>7]++
	}
	t.Logf("signs of A: %v", signs)
}

// The sign of A travels in the signature. That it is neither always 0, as with
// the specification's negated scalars, nor ignored is what clients rely on.
func TestTheSignOfAIsInTheLastBit(t *testing.T) {
	signs := map[byte]int{}
	for range 64 {
		pair, message := generate(t), []byte("message")
		signature := sign(t, pair.Private, message)
		signs[signature[63]>>7]++
		signature[63] ^= 0x80
		if xeddsa.Verify(pair.Public, message, signature) {
			t.Error("the sign does not matter")
		}
	}
	if len(signs) != 2 { // wrong once in 2^63
		t.Errorf("signs %v, want both", signs)
	}
}

// With the key moved to Edwards form by hand, crypto/ed25519 verifies.
func TestSignaturesAreThoseOfEd25519(t *testing.T) {
	for range 16 {
		pair, message := generate(t), []byte("message")
		signature := sign(t, pair.Private, message)
		u := fromLittle(pair.Public[1:])
		one := big.NewInt(1)
		key := little(fraction(new(big.Int).Sub(u, one), new(big.Int).Add(u, one)))
		key[31] |= signature[63] & 0x80
		signature[63] &= 0x7f
		if !ed25519.Verify(key, message, signature) {
			t.Errorf("crypto/ed25519 refuses a signature of %x", pair.Public)
		}
	}
}

func TestEveryBitOfASignatureMatters(t *testing.T) {
	pair, message := generate(t), []byte("message")
	signature := sign(t, pair.Private, message)
	for i := range 8 * len(signature) {
		changed := bytes.Clone(signature)
		changed[i/8] ^= 1 << (i % 8)
		if xeddsa.Verify(pair.Public, message, changed) {
			t.Errorf("verifies with bit %d changed", i)
		}
	}
	for n := range 64 {
		if xeddsa.Verify(pair.Public, message, signature[:n]) {
			t.Errorf("verifies with %d bytes", n)
		}
	}
	if xeddsa.Verify(pair.Public, message, append(signature, 0)) || xeddsa.Verify(pair.Public, message, nil) {
		t.Error("another length verifies")
	}
}

// s + q satisfies the equation too, for anyone to make of a signature.
func TestUnreducedScalarsAreRefused(t *testing.T) {
	for range 8 {
		pair, message := generate(t), []byte("message")
		signature := sign(t, pair.Private, message)
		sign := signature[63] & 0x80
		signature[63] &= 0x7f
		s := fromLittle(signature[32:])
		for range 7 {
			if s.Add(s, q).BitLen() > 255 {
				break
			}
			other := append(bytes.Clone(signature[:32]), little(s)...)
			other[63] |= sign
			if xeddsa.Verify(pair.Public, message, other) {
				t.Errorf("verifies with s = %v", s)
			}
		}
	}
}

// For a key of small order the signature R = sB fits many messages.
func TestKeysOfSmallOrderVerifyNothing(t *testing.T) {
	s, err := edwards25519.NewScalar().SetCanonicalBytes(append([]byte{5}, make([]byte, 31)...))
	if err != nil {
		t.Fatal(err)
	}
	r := new(edwards25519.Point).ScalarBaseMult(s)
	for _, u := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		raw, err := hex.DecodeString("05" + u)
		if err != nil {
			t.Fatal(err)
		}
		k := curve.PublicKey(raw)
		for i := range byte(64) { // an eighth of the messages would do
			signature := append(r.Bytes(), s.Bytes()...)
			signature[63] |= i << 7
			if xeddsa.Verify(k, []byte{i}, signature) {
				t.Errorf("a signature without a private key verifies for %s", u)
			}
		}
	}
}

func TestKeysInAnotherEncodingVerifyNothing(t *testing.T) {
	pair, message := generate(t), []byte("message")
	signature := sign(t, pair.Private, message)
	topped := pair.Public
	topped[32] |= 0x80
	typed := pair.Public
	typed[0] = 0
	if xeddsa.Verify(topped, message, signature) || xeddsa.Verify(typed, message, signature) || xeddsa.Verify(curve.PublicKey{}, message, signature) {
		t.Error("another encoding of the key verifies")
	}
}

func TestSignaturesOfOneMessageDiffer(t *testing.T) {
	pair := generate(t)
	if bytes.Equal(sign(t, pair.Private, nil), sign(t, pair.Private, nil)) {
		t.Error("two signatures are the same")
	}
}

// Without randomness r still depends on key and message, so that two signatures
// with one R do not give the key away.
func TestBadRandomnessDoesNotRepeatR(t *testing.T) {
	pair, other := generate(t), generate(t)
	zero := make([]byte, 64)
	a, err1 := xeddsa.Sign(pair.Private, []byte("a"), bytes.NewReader(zero))
	b, err2 := xeddsa.Sign(pair.Private, []byte("b"), bytes.NewReader(zero))
	c, err3 := xeddsa.Sign(other.Private, []byte("a"), bytes.NewReader(zero))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(a[:32], b[:32]) || slices.Equal(a[:32], c[:32]) {
		t.Error("R is the same for another message or key")
	}
}

func TestSignFailsWithoutKeyOrRandomness(t *testing.T) {
	broken := errors.New("broken")
	if _, err := xeddsa.Sign(curve.PrivateKey{}, nil, rand.Reader); !errors.Is(err, curve.ErrKey) {
		t.Errorf("without a key: %v", err)
	}
	k := generate(t).Private
	if s, err := xeddsa.Sign(k, nil, iotest.ErrReader(broken)); !errors.Is(err, broken) || s != [64]byte{} || strings.Contains(fmt.Sprint(err), string(k.Bytes())) {
		t.Errorf("with a broken source: %v", err)
	}
	if _, err := xeddsa.Sign(k, nil, bytes.NewReader(make([]byte, 63))); err == nil {
		t.Error("signed with too little randomness")
	}
}

func FuzzVerify(f *testing.F) {
	// Every process that fuzzes must have the same key.
	pair, err := curve.Generate(bytes.NewReader(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		f.Fatal(err)
	}
	message := []byte("message")
	f.Add(pair.Public.Bytes(), message, sign(f, pair.Private, message))
	f.Add(make([]byte, 33), message, make([]byte, 64))
	f.Fuzz(func(t *testing.T, key, m, signature []byte) {
		k, err := curve.ParsePublicKey(key)
		if err != nil || !xeddsa.Verify(k, m, signature) {
			return
		}
		if k != pair.Public || !bytes.Equal(m, message) {
			t.Errorf("%x over %x verifies for %x", signature, m, key)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	pair, message := generate(b), make([]byte, 33)
	for b.Loop() {
		if _, err := xeddsa.Sign(pair.Private, message, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	pair, message := generate(b), make([]byte, 33)
	signature := sign(b, pair.Private, message)
	for b.Loop() {
		if !xeddsa.Verify(pair.Public, message, signature) {
			b.Fatal("does not verify")
		}
	}
}
