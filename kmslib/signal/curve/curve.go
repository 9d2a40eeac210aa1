// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package curve

import (
	"errors"
	"io"

	"github.com/cloudflare/circl/dh/x25519"

	"ats.run/kms-enclave/kmslib/secret"
)

// The sizes of keys and of what Agree returns, in bytes.
const (
	PublicKeySize  = 33 // type byte and u coordinate
	PrivateKeySize = 32
	SharedSize     = 32
)

// keyType is the first byte of a public key on Curve25519.
const keyType = 0x05

// Errors that callers tell apart with errors.Is.
var (
	ErrKey       = errors.New("not a key on Curve25519")
	ErrAgreement = errors.New("the agreement with this public key gives no secret")
)

// PublicKey is the type byte and the u coordinate. Two are equal (==) if their
// bytes are. The zero PublicKey is none.
type PublicKey [PublicKeySize]byte

// ParsePublicKey reads a public key of exactly PublicKeySize bytes. The error is
// ErrKey.
func ParsePublicKey(b []byte) (PublicKey, error) {
	if len(b) != PublicKeySize || b[0] != keyType {
		return PublicKey{}, ErrKey
	}
	return PublicKey(b), nil
}

// IsZero says whether there is no key.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// Bytes returns the 33 bytes of the key.
func (k PublicKey) Bytes() []byte { return append([]byte(nil), k[:]...) }

type privateRole struct{}

func (privateRole) KeySize() int { return PrivateKeySize }

// PrivateKey is a clamped scalar. Copies share their bytes, which nothing
// prints. The zero PrivateKey is none.
type PrivateKey struct{ scalar secret.Key[privateRole] }

// ParsePrivateKey makes a private key of 32 bytes, which it copies and clamps;
// the caller clears b. The error is ErrKey.
func ParsePrivateKey(b []byte) (PrivateKey, error) {
	if len(b) != PrivateKeySize {
		return PrivateKey{}, ErrKey
	}
	raw := append([]byte(nil), b...)
	clamp(raw)
	scalar, err := secret.Take[privateRole](raw)
	if err != nil {
		return PrivateKey{}, ErrKey
	}
	return PrivateKey{scalar}, nil
}

// clamp makes 32 bytes a scalar of X25519 (RFC 7748, section 5).
func clamp(b []byte) {
	b[0] &= 248
	b[31] = b[31]&127 | 64
}

// Bytes returns a copy of the 32 bytes, for storage; nil if there is no key. The
// caller clears it.
func (k PrivateKey) Bytes() []byte { return append([]byte(nil), k.scalar.Expose()...) }

// IsZero says whether there is no key.
func (k PrivateKey) IsZero() bool { return k.scalar.Expose() == nil }

// Public returns the public key, at the cost of one multiplication of the base
// point: a KeyPair keeps it. That of no key is none.
func (k PrivateKey) Public() PublicKey {
	if k.IsZero() {
		return PublicKey{}
	}
	var u x25519.Key
	scalar := x25519.Key(k.scalar.Expose())
	x25519.KeyGen(&u, &scalar)
	clear(scalar[:])
	public := PublicKey{keyType}
	copy(public[1:], u[:])
	return public
}

// KeyPair is a private key with its public key.
type KeyPair struct {
	Public  PublicKey
	Private PrivateKey
}

// Generate makes a key pair of 32 bytes from random. The error is that of
// random.
func Generate(random io.Reader) (KeyPair, error) {
	var raw [PrivateKeySize]byte
	defer clear(raw[:])
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return KeyPair{}, err
	}
	private, err := ParsePrivateKey(raw[:])
	if err != nil {
		return KeyPair{}, err
	}
	return KeyPair{private.Public(), private}, nil
}

// Agree returns the secret that k has in common with the private key of p. The
// caller clears it. The error is ErrAgreement if that would be all zero, which
// it is for the points of small order (RFC 7748, section 6.1), and ErrKey if a
// key is none.
func Agree(k PrivateKey, p PublicKey) ([SharedSize]byte, error) {
	if k.IsZero() || p[0] != keyType {
		return [SharedSize]byte{}, ErrKey
	}
	var shared x25519.Key
	scalar, u := x25519.Key(k.scalar.Expose()), x25519.Key(p[1:])
	ok := x25519.Shared(&shared, &scalar, &u)
	clear(scalar[:])
	if !ok {
		return [SharedSize]byte{}, ErrAgreement
	}
	return shared, nil
}
