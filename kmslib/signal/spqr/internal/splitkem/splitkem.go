// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package splitkem is ML-KEM-768 (FIPS 203) whose public key and ciphertext come
// in two parts each, so that the greater part of both can be on its way at the
// same time.
//
//	ek     = t̂ (1152 bytes) ‖ ρ (32 bytes)
//	header = ρ ‖ SHA3-256(ek)
//	ct     = ct1 (960 bytes, u) ‖ ct2 (128 bytes, v)
//	(K, r) = SHA3-512(m ‖ SHA3-256(ek))
//
// The header is enough for the secret K and for ct1: u = Aᵀ·r + e1 needs ρ, from
// which A comes, and not t̂. Only v = t̂ᵀ·r + e2 + m needs t̂. So Encapsulate1
// encrypts to a key with t̂ = 0 and keeps u, and Encapsulate2 encrypts the same m
// with the same r to the real key. Both are the encryption of circl, as are key
// generation and decapsulation.
//
// The sizes of slices are the caller's duty.
package splitkem

import (
	"crypto/sha3"
	"crypto/subtle"
	"errors"

	"github.com/cloudflare/circl/kem/mlkem/mlkem768"
	"github.com/cloudflare/circl/pke/kyber/kyber768"
)

// Sizes in bytes.
const (
	SeedSize        = mlkem768.KeySeedSize           // 64, d ‖ z of FIPS 203
	HeaderSize      = 64                             // ρ ‖ SHA3-256(ek)
	VectorSize      = mlkem768.PublicKeySize - 32    // 1152, t̂
	Ciphertext1Size = 960                            // u
	Ciphertext2Size = 128                            // v
	CiphertextSize  = mlkem768.CiphertextSize        // 1088, both
	MessageSize     = mlkem768.EncapsulationSeedSize // 32, m
	SharedSize      = mlkem768.SharedKeySize         // 32, K
)

// ErrKey says that t̂ is not canonical, or not the one that the header tells of.
var ErrKey = errors.New("encapsulation key does not fit its header")

// PublicKey returns the public key of a private key, which is its seed.
func PublicKey(seed *[SeedSize]byte) (header [HeaderSize]byte, vector []byte) {
	public, _ := mlkem768.NewKeyFromSeed(seed[:])
	ek := make([]byte, mlkem768.PublicKeySize)
	public.Pack(ek)
	hash := sha3.Sum256(ek)
	copy(header[:32], ek[VectorSize:])
	copy(header[32:], hash[:])
	return header, ek[:VectorSize:VectorSize]
}

// Decapsulate returns the secret that a ciphertext of CiphertextSize carries. To
// a ciphertext that nobody made for this key it answers with a secret that
// nobody else has.
func Decapsulate(seed *[SeedSize]byte, ciphertext []byte) (shared [SharedSize]byte) {
	_, private := mlkem768.NewKeyFromSeed(seed[:])
	private.DecapsulateTo(shared[:], ciphertext)
	return shared
}

// Encapsulate1 returns the first part of a ciphertext and the secret. The
// message is random and secret; Encapsulate2 needs it once more.
func Encapsulate1(header *[HeaderSize]byte, message *[MessageSize]byte) (ciphertext1 []byte, shared [SharedSize]byte) {
	ek := make([]byte, mlkem768.PublicKeySize)
	copy(ek[VectorSize:], header[:32])
	var public kyber768.PublicKey
	public.Unpack(ek)
	ciphertext, shared := encrypt(&public, header, message)
	return ciphertext[:Ciphertext1Size:Ciphertext1Size], shared
}

// Encapsulate2 returns the whole ciphertext, both parts, once the t̂ of
// VectorSize is there. The error is ErrKey.
func Encapsulate2(header *[HeaderSize]byte, message *[MessageSize]byte, vector []byte) ([]byte, error) {
	ek := append(append(make([]byte, 0, mlkem768.PublicKeySize), vector...), header[:32]...)
	hash := sha3.Sum256(ek)
	if subtle.ConstantTimeCompare(hash[:], header[32:]) != 1 {
		return nil, ErrKey
	}
	var public kyber768.PublicKey
	if public.UnpackMLKEM(ek) != nil { // a coefficient of q or more
		return nil, ErrKey
	}
	ciphertext, shared := encrypt(&public, header, message)
	clear(shared[:])
	return ciphertext, nil
}

func encrypt(public *kyber768.PublicKey, header *[HeaderSize]byte, message *[MessageSize]byte) (ciphertext []byte, shared [SharedSize]byte) {
	var input [MessageSize + 32]byte
	copy(input[:MessageSize], message[:])
	copy(input[MessageSize:], header[32:])
	output := sha3.Sum512(input[:])
	ciphertext = make([]byte, CiphertextSize)
	public.EncryptTo(ciphertext, message[:], output[SharedSize:])
	copy(shared[:], output[:])
	clear(input[:])
	clear(output[:])
	return ciphertext, shared
}
