// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package authenticator ties each epoch's ML-KEM keys to all the secrets before
// it: MACs whose key takes in the secret of every epoch. Who broke into no party
// cannot put keys of its own into the exchange, even if it broke the rest of the
// session's cryptography.
//
//	MAC of a header      HMAC-SHA-256(key, "…:ekheader" ‖ epoch ‖ header)
//	MAC of a ciphertext  HMAC-SHA-256(key, "…:ciphertext" ‖ epoch ‖ ct1 ‖ ct2)
//
// The epoch is 8 bytes, big-endian; the labels are in package kdf. The MAC of a
// header is made before its epoch's secret is taken in, that of a ciphertext
// after.
package authenticator

import (
	"crypto/hmac"
	"crypto/sha256"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

// MACSize is the size in bytes of a MAC.
const MACSize = 32

// Authenticator is the state, a value. Both arrays are secret; they are exported
// for storage alone.
type Authenticator struct {
	Root, Key [kdf.Size]byte
}

// New returns the Authenticator of a session at epoch 1. The key is that of the
// agreement.
func New(key *[kdf.Size]byte) Authenticator { return Authenticator{}.Update(1, key) }

// Update returns the Authenticator that took in the secret of epoch.
func (a Authenticator) Update(epoch uint64, secret *[kdf.Size]byte) Authenticator {
	root, key := kdf.AuthenticatorUpdate(&a.Root, secret, epoch)
	return Authenticator{root, key}
}

// Header returns the MAC of an encapsulation key's header.
func (a Authenticator) Header(epoch uint64, header []byte) [MACSize]byte {
	return a.mac(kdf.LabelHeader, epoch, header)
}

// Ciphertext returns the MAC of a ciphertext, both parts together.
func (a Authenticator) Ciphertext(epoch uint64, ciphertext []byte) [MACSize]byte {
	return a.mac(kdf.LabelCiphertext, epoch, ciphertext)
}

func (a Authenticator) mac(label string, epoch uint64, data []byte) (sum [MACSize]byte) {
	h := hmac.New(sha256.New, a.Key[:])
	h.Write([]byte(kdf.WithEpoch(label, epoch)))
	h.Write(data)
	h.Sum(sum[:0])
	return sum
}
