// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package pqxdh

import (
	"io"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
)

// Initiation is what the initiator has agreed on, and sends so that the
// responder agrees on the same.
type Initiation struct {
	Version         Version
	Secrets         Secrets
	BaseKey         curve.PublicKey
	KyberCiphertext []byte // nil for X3DH
}

// Initiate agrees with the device that published b, once its signatures verify.
// The identity is the initiator's own. The error is a *SignatureError, one of
// packages curve and kyber for a key of the bundle that gives no secret, or that
// of random.
func Initiate(identity curve.KeyPair, b *Bundle, random io.Reader) (Initiation, error) {
	if err := b.Verify(); err != nil {
		return Initiation{}, err
	}
	base, err := curve.Generate(random)
	if err != nil {
		return Initiation{}, err
	}
	k := newAgreement()
	defer k.wipe()
	if err := k.agree(identity.Private, b.SignedPreKey); err != nil {
		return Initiation{}, err
	}
	if err := k.agree(base.Private, b.IdentityKey); err != nil {
		return Initiation{}, err
	}
	if err := k.agree(base.Private, b.SignedPreKey); err != nil {
		return Initiation{}, err
	}
	if b.HasPreKey {
		if err := k.agree(base.Private, b.PreKey); err != nil {
			return Initiation{}, err
		}
	}
	i := Initiation{Version: b.Version(), BaseKey: base.Public}
	if i.Version == PQXDH {
		ciphertext, shared, err := kyber.Encapsulate(b.KyberPreKey, random)
		if err != nil {
			return Initiation{}, err
		}
		k.add(&shared)
		i.KyberCiphertext = ciphertext
	}
	i.Secrets, err = k.derive(i.Version)
	if err != nil {
		return Initiation{}, err
	}
	return i, nil
}

// Responder has the private keys that an initiator used.
type Responder struct {
	Identity     curve.KeyPair
	SignedPreKey curve.KeyPair
	PreKey       curve.KeyPair    // zero: the initiator had none
	Kyber        kyber.PrivateKey // zero: X3DH
}

// Respond agrees with an initiator on what Initiate returned there. A Kyber
// ciphertext makes it PQXDH; none, X3DH. The error is ErrBaseKey, ErrKyber, or
// one of packages curve and kyber. That the initiator knew the private key of
// theirIdentity shows only when its first message is authentic.
func (r Responder) Respond(theirIdentity, baseKey curve.PublicKey, kyberCiphertext []byte) (Secrets, error) {
	if !baseKey.IsCanonical() {
		return Secrets{}, ErrBaseKey
	}
	if r.Kyber.IsZero() != (len(kyberCiphertext) == 0) {
		return Secrets{}, ErrKyber
	}
	k := newAgreement()
	defer k.wipe()
	if err := k.agree(r.SignedPreKey.Private, theirIdentity); err != nil {
		return Secrets{}, err
	}
	if err := k.agree(r.Identity.Private, baseKey); err != nil {
		return Secrets{}, err
	}
	if err := k.agree(r.SignedPreKey.Private, baseKey); err != nil {
		return Secrets{}, err
	}
	if !r.PreKey.Private.IsZero() {
		if err := k.agree(r.PreKey.Private, baseKey); err != nil {
			return Secrets{}, err
		}
	}
	if r.Kyber.IsZero() {
		return k.derive(X3DH)
	}
	shared, err := kyber.Decapsulate(r.Kyber, kyberCiphertext)
	if err != nil {
		return Secrets{}, err
	}
	k.add(&shared)
	return k.derive(PQXDH)
}
