// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package kyber

import (
	"errors"
	"io"

	"github.com/cloudflare/circl/kem/kyber/kyber1024"

	"ats.run/kms-enclave/kmslib/secret"
)

// The sizes in bytes. Public keys and ciphertexts include the type byte.
const (
	PublicKeySize  = 1 + kyber1024.PublicKeySize
	CiphertextSize = 1 + kyber1024.CiphertextSize
	SeedSize       = kyber1024.KeySeedSize
	SharedSize     = kyber1024.SharedKeySize
)

// keyType is the first byte of keys and ciphertexts of Kyber1024 of round 3.
const keyType = 0x08

// Errors that callers tell apart with errors.Is.
var (
	ErrKey        = errors.New("not a key of Kyber1024")
	ErrCiphertext = errors.New("not a ciphertext of Kyber1024")
)

// PublicKey is a key to encapsulate for. Two are equal (==) if their bytes are.
// The zero PublicKey is none.
type PublicKey struct {
	raw string // with its type byte; a string, so that copies are cheap
}

// ParsePublicKey reads a public key of exactly PublicKeySize bytes. The error is
// ErrKey.
func ParsePublicKey(b []byte) (PublicKey, error) {
	if len(b) != PublicKeySize || b[0] != keyType {
		return PublicKey{}, ErrKey
	}
	return PublicKey{string(b)}, nil
}

// IsZero says whether there is no key.
func (k PublicKey) IsZero() bool { return k.raw == "" }

// Bytes returns the 1569 bytes of the key; nil if there is none.
func (k PublicKey) Bytes() []byte { return append([]byte(nil), k.raw...) }

type seedRole struct{}

func (seedRole) KeySize() int { return SeedSize }

// PrivateKey is the seed of a key pair. Copies share its bytes, which nothing
// prints. The zero PrivateKey is none.
type PrivateKey struct{ seed secret.Key[seedRole] }

// ParsePrivateKey makes a private key of its seed of 64 bytes, which it copies;
// the caller clears it. The error is ErrKey.
func ParsePrivateKey(seed []byte) (PrivateKey, error) {
	key, err := secret.Take[seedRole](append([]byte(nil), seed...))
	if err != nil {
		return PrivateKey{}, ErrKey
	}
	return PrivateKey{key}, nil
}

// Bytes returns a copy of the seed, for storage; nil if there is no key. The
// caller clears it.
func (k PrivateKey) Bytes() []byte { return append([]byte(nil), k.seed.Expose()...) }

// IsZero says whether there is no key.
func (k PrivateKey) IsZero() bool { return k.seed.Expose() == nil }

// Public returns the public key, which it makes of the seed. That of no key is
// none.
func (k PrivateKey) Public() PublicKey {
	if k.IsZero() {
		return PublicKey{}
	}
	public, _ := kyber1024.NewKeyFromSeed(k.seed.Expose())
	var raw [PublicKeySize]byte
	raw[0] = keyType
	public.Pack(raw[1:])
	return PublicKey{string(raw[:])}
}

// Generate makes a key pair of 64 bytes from random. The error is that of
// random.
func Generate(random io.Reader) (PrivateKey, PublicKey, error) {
	seed, err := secret.Generate[seedRole](random)
	if err != nil {
		return PrivateKey{}, PublicKey{}, err
	}
	private := PrivateKey{seed}
	return private, private.Public(), nil
}

// Encapsulate makes a secret of 32 bytes from random that only the private key
// of p can find, and the ciphertext to send. The caller clears the secret. The
// error is ErrKey if p is none, or that of random.
func Encapsulate(p PublicKey, random io.Reader) (ciphertext []byte, shared [SharedSize]byte, err error) {
	if p.IsZero() {
		return nil, shared, ErrKey
	}
	var seed [kyber1024.EncapsulationSeedSize]byte
	defer clear(seed[:])
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return nil, shared, err
	}
	var public kyber1024.PublicKey
	public.Unpack([]byte(p.raw[1:]))
	ciphertext = make([]byte, CiphertextSize)
	ciphertext[0] = keyType
	public.EncapsulateTo(ciphertext[1:], shared[:], seed[:])
	return ciphertext, shared, nil
}

// Decapsulate returns the secret in a ciphertext, which the caller clears. The
// error is ErrCiphertext for another length or type, and ErrKey if k is none. A
// ciphertext that was not made for k gives a secret that nobody else has.
func Decapsulate(k PrivateKey, ciphertext []byte) ([SharedSize]byte, error) {
	var shared [SharedSize]byte
	switch {
	case k.IsZero():
		return shared, ErrKey
	case len(ciphertext) != CiphertextSize || ciphertext[0] != keyType:
		return shared, ErrCiphertext
	}
	_, private := kyber1024.NewKeyFromSeed(k.seed.Expose())
	private.DecapsulateTo(shared[:], ciphertext[1:])
	return shared, nil
}
