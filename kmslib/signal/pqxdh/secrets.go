// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package pqxdh

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
)

const (
	infoX3DH  = "WhisperText"
	infoPQXDH = "WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024"
)

const keySize = 32 // of each derived key, in bytes

// maxInput is the length of K with all its parts.
const maxInput = 32 + 4*curve.SharedSize + kyber.SharedSize

// Secrets is what an agreement gives. Copies share it, and nothing prints it.
// The zero Secrets has none.
type Secrets struct{ box secret.Box[secrets] }

type secrets struct {
	version              Version
	wiped                bool
	root, chain, ratchet [keySize]byte
}

// Root returns the root key of the double ratchet itself, not a copy; nil after
// Wipe.
func (s Secrets) Root() *[32]byte {
	if v := s.box.Expose(); v != nil && !v.wiped {
		return &v.root
	}
	return nil
}

// Chain returns the first chain key of the double ratchet itself, not a copy;
// nil after Wipe.
func (s Secrets) Chain() *[32]byte {
	if v := s.box.Expose(); v != nil && !v.wiped {
		return &v.chain
	}
	return nil
}

// Ratchet returns the key of the post-quantum ratchet itself, not a copy; nil
// for X3DH and after Wipe.
func (s Secrets) Ratchet() *[32]byte {
	if v := s.box.Expose(); v != nil && !v.wiped && v.version == PQXDH {
		return &v.ratchet
	}
	return nil
}

// Wipe clears the secrets of this value and all its copies, which then have
// none.
func (s Secrets) Wipe() {
	if v := s.box.Expose(); v != nil {
		*v = secrets{wiped: true}
	}
}

// agreement collects K. The zero agreement is not usable.
type agreement struct{ input []byte }

func newAgreement() agreement {
	return agreement{append(make([]byte, 0, maxInput), bytes.Repeat([]byte{0xff}, 32)...)}
}

// agree appends the secret that k and p have in common.
func (a *agreement) agree(k curve.PrivateKey, p curve.PublicKey) error {
	shared, err := curve.Agree(k, p)
	if err != nil {
		return err
	}
	a.add(&shared)
	return nil
}

// add appends a secret, and clears it.
func (a *agreement) add(shared *[32]byte) {
	a.input = append(a.input, shared[:]...)
	clear(shared[:])
}

// derive returns the secrets of the collected K.
func (a *agreement) derive(v Version) (Secrets, error) {
	info, size := infoX3DH, 2*keySize
	if v == PQXDH {
		info, size = infoPQXDH, 3*keySize
	}
	derived, err := hkdf.Key(sha256.New, a.input, nil, info, size)
	if err != nil {
		return Secrets{}, err
	}
	defer clear(derived)
	s := &secrets{version: v}
	copy(s.root[:], derived)
	copy(s.chain[:], derived[keySize:])
	copy(s.ratchet[:], derived[2*keySize:])
	return Secrets{secret.NewBox(s)}, nil
}

// wipe clears K.
func (a *agreement) wipe() { clear(a.input) }
