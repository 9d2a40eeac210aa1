// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/tripleratchet"
)

// StartSession makes a new active session with a device from its bundle. The
// identity key becomes the contact's: a first one is trusted, after another one
// Encrypt refuses until AcceptContact.
//
// Errors: *InputError, ErrNoIdentity, ErrBundle if a signature is wrong, ErrSyntax
// if a key is no good, ErrUnsupported if the policy wants more than the bundle has,
// ErrLimit if there are MaxPeers.
func (a *Account) StartSession(ctx context.Context, to Address, b *pqxdh.Bundle) (info SessionInfo, err error) {
	err = a.do(ctx, func(t *tx) error {
		info, err = t.startSession(to, b)
		return err
	})
	return info, err
}

func (t *tx) startSession(to Address, b *pqxdh.Bundle) (SessionInfo, error) {
	if err := to.check("address"); err != nil {
		return SessionInfo{}, err
	}
	if b == nil {
		return SessionInfo{}, &InputError{"bundle", "expected one"}
	}
	id, err := t.identity()
	if err != nil {
		return SessionInfo{}, err
	}
	if to == id.Address {
		return SessionInfo{}, errOwnAddress
	}
	p, err := t.peer(to)
	if err != nil {
		return SessionInfo{}, err
	}
	if err := t.roomForPeer(p); err != nil {
		return SessionInfo{}, err
	}
	c, r, err := t.initiate(id, b)
	if err != nil {
		return SessionInfo{}, err
	}
	if _, err := t.see(to.Name, b.IdentityKey); err != nil {
		return SessionInfo{}, err
	}
	t.putConversation(to, r.id, c)
	p.add(r, max(t.env.Now, 1))
	t.putPeer(to, p)
	return t.info(to, p)
}

var errOwnAddress = &InputError{"address", "it is this device's own"}

// roomForPeer returns ErrLimit if p is a device too many.
func (t *tx) roomForPeer(p *peer) error {
	if len(p.sessions) > 0 {
		return nil
	}
	names, err := t.names(KindPeer)
	if err == nil && len(names) >= MaxPeers {
		err = ErrLimit
	}
	return err
}

// initiate agrees with a bundle and returns the session.
func (t *tx) initiate(id *identity, b *pqxdh.Bundle) (*conversation, ref, error) {
	if b.HasKyber && id.Policy.Newest == X3DH {
		if err := b.Verify(); err != nil {
			return nil, ref{}, bundleError(err)
		}
		older := *b
		older.HasKyber = false
		b = &older
	}
	if err := id.Policy.allows(b.Version()); err != nil {
		return nil, ref{}, err
	}
	agreed, err := pqxdh.Initiate(id.pair(), b, t.env.Random)
	if err != nil {
		return nil, ref{}, bundleError(err)
	}
	defer agreed.Secrets.Wipe()
	parties := tripleratchet.Parties{Ours: id.Key, Theirs: b.IdentityKey}
	ratchet, err := tripleratchet.NewInitiator(agreed.Version, parties, agreed.Secrets, b.SignedPreKey, id.Policy.mode(agreed.Version), t.env.Random)
	if err != nil {
		return nil, ref{}, bundleError(err)
	}
	c := &conversation{
		ratchet: ratchet, theirs: b.IdentityKey, registrationID: b.RegistrationID,
		created: t.env.Now, used: t.env.Now,
		start: &start{
			hasPreKey: b.HasPreKey, preKeyID: b.PreKeyID, signedPreKeyID: b.SignedPreKeyID,
			kyberPreKeyID: b.KyberPreKeyID, kyberCiphertext: agreed.KyberCiphertext,
		},
	}
	sessionID, err := t.newSessionID()
	return c, ref{id: sessionID, version: agreed.Version, baseKey: agreed.BaseKey}, err
}

// bundleError says what is wrong with a bundle; other errors stay.
func bundleError(err error) error {
	var signature *pqxdh.SignatureError
	switch {
	case errors.As(err, &signature):
		return because(ErrBundle, err)
	case isBadKey(err):
		return because(ErrSyntax, err)
	}
	return err
}

// isBadKey says that a public key or ciphertext of the peer gives no secret.
func isBadKey(err error) bool {
	for _, bad := range []error{
		curve.ErrKey, curve.ErrAgreement, kyber.ErrKey, kyber.ErrCiphertext, pqxdh.ErrBaseKey, pqxdh.ErrKyber,
	} {
		if errors.Is(err, bad) {
			return true
		}
	}
	return false
}
