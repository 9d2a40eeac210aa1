// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"encoding/base64"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/session"
)

// address returns the device as package session knows it.
func (m *Peer) address() session.Address {
	return session.Address{Name: m.Name, Device: uint32(m.Device)}
}

func base64URLOf(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// bytesOf reads a member in base64url, of which bytes have only one form. The
// error is a *session.InputError.
func bytesOf(field, text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, &session.InputError{Field: field, Reason: "expected base64url without stray bits at the end"}
	}
	return b, nil
}

// keyOf reads a member that holds a key in Signal's serialised form. The error
// is a *session.InputError.
func keyOf[K any](field, text string, parse func([]byte) (K, error)) (K, error) {
	var key K
	b, err := bytesOf(field, text)
	if err != nil {
		return key, err
	}
	if key, err = parse(b); err != nil {
		return key, &session.InputError{Field: field, Reason: "expected a key as Signal serialises it: its type byte, then the key"}
	}
	return key, nil
}

func groupOf(text string) (group [16]byte, err error) {
	b, err := bytesOf("group", text)
	copy(group[:], b)
	return group, err
}

// bundleOf reads a bundle. The error is a *session.InputError.
func bundleOf(m *SignalBundle) (b *pqxdh.Bundle, err error) {
	b = &pqxdh.Bundle{RegistrationID: uint32(m.RegistrationID), SignedPreKeyID: uint32(m.Signed.ID)}
	if b.IdentityKey, err = keyOf("bundle.identityKey", m.IdentityKey, curve.ParsePublicKey); err != nil {
		return nil, err
	}
	if b.SignedPreKey, err = keyOf("bundle.signedPreKey.publicKey", m.Signed.PublicKey, curve.ParsePublicKey); err != nil {
		return nil, err
	}
	if b.SignedPreKeySignature, err = bytesOf("bundle.signedPreKey.signature", m.Signed.Signature); err != nil {
		return nil, err
	}
	if k := m.OneTime; k != nil {
		b.HasPreKey, b.PreKeyID = true, uint32(k.ID)
		if b.PreKey, err = keyOf("bundle.preKey.publicKey", k.PublicKey, curve.ParsePublicKey); err != nil {
			return nil, err
		}
	}
	if k := m.Kyber; k != nil {
		b.HasKyber, b.KyberPreKeyID = true, uint32(k.ID)
		if b.KyberPreKey, err = keyOf("bundle.kyberPreKey.publicKey", k.PublicKey, kyber.ParsePublicKey); err != nil {
			return nil, err
		}
		if b.KyberPreKeySignature, err = bytesOf("bundle.kyberPreKey.signature", k.Signature); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// levels are the words for protocols, by session.Level.
var levels = [...]string{session.X3DH: OldestX3DH, session.PQXDH: OldestPQXDH, session.TripleRatchet: OldestTripleRatchet}

// levelOf returns the level of a word, 0 if it was left out.
func levelOf(word string) session.Level {
	for level, name := range levels {
		if name == word {
			return session.Level(level)
		}
	}
	return 0
}

func publicIdentity(identity session.Identity) SignalIdentity {
	return SignalIdentity{
		Name: identity.Address.Name, Device: int64(identity.Address.Device), RegistrationID: int64(identity.RegistrationID),
		IdentityKey: base64URLOf(identity.Key.Bytes()), Created: identity.Created, Oldest: levels[identity.Policy.Oldest],
	}
}

func publicPreKeys(keys session.PreKeys) SignalPreKeys {
	answer := SignalPreKeys{
		RegistrationID: int64(keys.Identity.RegistrationID),
		IdentityKey:    base64URLOf(keys.Identity.Key.Bytes()),
		Signed: SignedKey{
			ID: int64(keys.Signed.ID), PublicKey: base64URLOf(keys.Signed.Key.Bytes()), Signature: base64URLOf(keys.Signed.Signature),
		},
		LastResort: kyberAnswer(keys.LastResort),
	}
	for _, k := range keys.OneTime {
		answer.OneTime = append(answer.OneTime, OneTimeKey{ID: int64(k.ID), PublicKey: base64URLOf(k.Key.Bytes())})
	}
	for _, k := range keys.Kyber {
		answer.Kyber = append(answer.Kyber, kyberAnswer(k))
	}
	return answer
}

func kyberAnswer(k session.KyberPreKey) SignedKyberKey {
	return SignedKyberKey{ID: int64(k.ID), PublicKey: base64URLOf(k.Key.Bytes()), Signature: base64URLOf(k.Signature)}
}

func sessionAnswer(info session.SessionInfo) SignalSession {
	return SignalSession{
		Peer:   peerOf(info.Peer),
		Active: info.Active, Acknowledged: info.Acknowledged, Version: int64(info.Version),
		PostQuantum: info.PostQuantum, Epoch: int64(min(info.Epoch, maxEpoch)), Created: info.Created, Used: info.Used,
		RegistrationID: int64(info.RegistrationID), IdentityChanged: info.IdentityChanged, Archived: int64(info.Archived),
	}
}

func peerOf(a session.Address) Peer { return Peer{Name: a.Name, Device: int64(a.Device)} }

func sealedAnswer(e session.Envelope) SignalSealed {
	return SignalSealed{Type: int64(e.Type), RegistrationID: int64(e.RegistrationID), Body: e.Body}
}

// retryAnswer leaves out a timestamp that is not one: the device chose it.
func retryAnswer(info *session.RetryInfo) *SignalRetryInfo {
	if info == nil {
		return nil
	}
	answer := &SignalRetryInfo{Stale: info.Stale}
	if info.Timestamp <= maxInteger {
		answer.Timestamp = int64(info.Timestamp)
	}
	return answer
}

func contactAnswer(c session.Contact) SignalContact {
	answer := SignalContact{Name: c.Name, State: string(c.State), Since: c.Since}
	if !c.Key.IsZero() {
		answer.IdentityKey = base64URLOf(c.Key.Bytes())
	}
	if !c.Previous.IsZero() {
		answer.Previous = base64URLOf(c.Previous.Bytes())
	}
	return answer
}

func groupAnswer(info session.GroupInfo) SignalGroup {
	answer := SignalGroup{Group: base64URLOf(info.Group[:]), Own: info.Own, Created: info.Created}
	for _, a := range info.Senders {
		answer.Senders = append(answer.Senders, peerOf(a))
	}
	return answer
}
