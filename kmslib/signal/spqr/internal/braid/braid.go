// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package braid

import (
	"errors"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/authenticator"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/splitkem"
)

// Sizes in bytes of the four messages.
const (
	HeaderSize      = splitkem.HeaderSize + authenticator.MACSize // 96
	KeySize         = splitkem.VectorSize                         // 1152
	Ciphertext1Size = splitkem.Ciphertext1Size                    // 960
	Ciphertext2Size = splitkem.Ciphertext2Size + authenticator.MACSize
)

// ErrAuthentication says that a key or a ciphertext is not one that the peer
// made in this session.
var ErrAuthentication = errors.New("key or ciphertext does not verify")

// Secret is the secret of an epoch.
type Secret = [kdf.Size]byte

// Session is what every state has. The fields of states are exported for storage
// alone.
type Session struct {
	Epoch         uint64
	Authenticator authenticator.Authenticator
}

// begin returns the session at epoch 1 from the key of the agreement.
func begin(key *Secret) Session { return Session{1, authenticator.New(key)} }

// mixed returns the session that took in the secret of its epoch, derived from
// what ML-KEM agreed on, and the secret.
func (s Session) mixed(shared *Secret) (Session, Secret) {
	secret := kdf.EpochSecret(shared, s.Epoch)
	s.Authenticator = s.Authenticator.Update(s.Epoch, &secret)
	return s, secret
}

func (s Session) next() Session {
	s.Epoch++
	return s
}
