// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package pqxdh

import (
	"errors"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

// Version is the version of the protocol that a session and its messages have.
type Version uint8

// The versions.
const (
	X3DH  Version = 3 // no post-quantum secret
	PQXDH Version = 4
)

// Errors that callers tell apart with errors.Is.
var (
	ErrBaseKey = errors.New("the base key is not a canonical key on the curve")
	ErrKyber   = errors.New("a Kyber ciphertext is missing, or there is one without a Kyber prekey")
)

// Which names a prekey of a bundle.
type Which string

// The prekeys that are signed.
const (
	SignedPreKey Which = "signed prekey"
	KyberPreKey  Which = "Kyber prekey"
)

// SignatureError says which prekey of a bundle is not signed by its identity.
type SignatureError struct{ Which Which }

// Error describes the refusal.
func (e *SignatureError) Error() string {
	return "the " + string(e.Which) + " of the bundle is not signed by its identity key"
}

// Bundle is what a device has published to start a session with it.
type Bundle struct {
	RegistrationID uint32
	IdentityKey    curve.PublicKey

	SignedPreKeyID        uint32
	SignedPreKey          curve.PublicKey
	SignedPreKeySignature []byte

	HasPreKey bool // a one-time prekey was left
	PreKeyID  uint32
	PreKey    curve.PublicKey

	HasKyber             bool // false for clients older than PQXDH
	KyberPreKeyID        uint32
	KyberPreKey          kyber.PublicKey
	KyberPreKeySignature []byte
}

// Version returns the version that the bundle leads to: X3DH without a Kyber
// prekey. Whether that is good enough is for the caller to say: nobody has signed
// that there is no Kyber prekey.
func (b *Bundle) Version() Version {
	if b.HasKyber {
		return PQXDH
	}
	return X3DH
}

// Verify returns nil if all signatures are of the identity key. The error is a
// *SignatureError.
func (b *Bundle) Verify() error {
	if !xeddsa.Verify(b.IdentityKey, b.SignedPreKey[:], b.SignedPreKeySignature) {
		return &SignatureError{SignedPreKey}
	}
	if b.HasKyber && !xeddsa.Verify(b.IdentityKey, b.KyberPreKey.Bytes(), b.KyberPreKeySignature) {
		return &SignatureError{KyberPreKey}
	}
	return nil
}
