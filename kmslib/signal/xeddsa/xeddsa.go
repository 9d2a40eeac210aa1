// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package xeddsa

import (
	"bytes"
	"crypto/sha512"
	"io"

	"filippo.io/edwards25519"

	"ats.run/kms-enclave/kmslib/signal/curve"
)

// SignatureSize is the length of a signature in bytes.
const SignatureSize = 64

const (
	nonceSize = 64   // Z, in bytes
	signBit   = 0x80 // of the last byte of a point or a signature
)

// hash1Prefix is 2^256 - 2, little-endian: the prefix of hash1.
var hash1Prefix = append([]byte{0xfe}, bytes.Repeat([]byte{0xff}, 31)...)

// Sign signs message with k and 64 bytes from random, in a time that depends
// only on the length of message. The error is curve.ErrKey if k is none, or that
// of random.
func Sign(k curve.PrivateKey, message []byte, random io.Reader) ([SignatureSize]byte, error) {
	if k.IsZero() {
		return [SignatureSize]byte{}, curve.ErrKey
	}
	var z [nonceSize]byte
	defer clear(z[:])
	if _, err := io.ReadFull(random, z[:]); err != nil {
		return [SignatureSize]byte{}, err
	}
	raw := k.Bytes()
	defer clear(raw)
	a, err := edwards25519.NewScalar().SetBytesWithClamping(raw)
	if err != nil {
		return [SignatureSize]byte{}, curve.ErrKey
	}
	r, err := hash(hash1Prefix, raw, message, z[:])
	if err != nil {
		return [SignatureSize]byte{}, err
	}
	defer wipe(a, r)

	encodedA := new(edwards25519.Point).ScalarBaseMult(a).Bytes()
	encodedR := new(edwards25519.Point).ScalarBaseMult(r).Bytes()
	h, err := hash(encodedR, encodedA, message)
	if err != nil {
		return [SignatureSize]byte{}, err
	}
	var signature [SignatureSize]byte
	copy(signature[:32], encodedR)
	copy(signature[32:], h.MultiplyAdd(h, a, r).Bytes())
	signature[63] |= encodedA[31] & signBit
	return signature, nil
}

// Verify says whether signature is one of the private key of k over message.
func Verify(k curve.PublicKey, message, signature []byte) bool {
	if len(signature) != SignatureSize {
		return false
	}
	a, ok := k.Edwards(signature[63] >> 7)
	if !ok || isSmallOrder(a) {
		return false
	}
	encodedS := [32]byte(signature[32:])
	encodedS[31] &^= signBit
	s, err := edwards25519.NewScalar().SetCanonicalBytes(encodedS[:])
	if err != nil {
		return false
	}
	h, err := hash(signature[:32], a.Bytes(), message)
	if err != nil {
		return false
	}
	r := a.VarTimeDoubleScalarBaseMult(h, a.Negate(a), s)
	return bytes.Equal(r.Bytes(), signature[:32])
}

// isSmallOrder says whether 8p is the identity: for such a key anybody finds
// signatures.
func isSmallOrder(p *edwards25519.Point) bool {
	return new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1
}

// hash returns the SHA-512 of the parts as a scalar.
func hash(parts ...[]byte) (*edwards25519.Scalar, error) {
	h := sha512.New()
	for _, part := range parts {
		h.Write(part)
	}
	var digest [sha512.Size]byte
	defer clear(digest[:])
	h.Sum(digest[:0])
	return edwards25519.NewScalar().SetUniformBytes(digest[:])
}

// wipe overwrites secret scalars.
func wipe(scalars ...*edwards25519.Scalar) {
	for _, s := range scalars {
		*s = edwards25519.Scalar{}
	}
}
