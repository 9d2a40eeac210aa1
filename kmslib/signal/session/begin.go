// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"slices"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/tripleratchet"
)

// openPreKey opens a message that begins a session, or repeats how one began.
func (t *tx) openPreKey(from Address, m *message.PreKey) (Opened, error) {
	id, err := t.identity()
	if err != nil {
		return Opened{}, err
	}
	if from == id.Address {
		return Opened{}, errOwnAddress
	}
	version := pqxdh.Version(m.Version)
	if err := id.Policy.allows(version); err != nil {
		return Opened{}, err
	}
	if m.Message.Version != m.Version {
		return Opened{}, ErrSyntax
	}
	p, err := t.peer(from)
	if err != nil {
		return Opened{}, err
	}
	if i := p.find(version, m.BaseKey); i >= 0 {
		return t.openKnown(from, p, i, m)
	}
	return t.openNew(id, from, p, m)
}

// openKnown opens a message of a session that is there: of what surrounds it, only
// the identity key still matters.
func (t *tx) openKnown(from Address, p *peer, i int, m *message.PreKey) (Opened, error) {
	c, err := t.conversation(from, p.sessions[i].id)
	if err != nil {
		return Opened{}, err
	}
	if c.theirs != m.IdentityKey {
		return Opened{}, ErrAuthentication
	}
	return t.openIn(from, p, i, c, m.Message)
}

// openNew makes the session of a message, which becomes the active one. Only if
// the message is authentic is anything kept, and are the prekeys spent.
func (t *tx) openNew(id *identity, from Address, p *peer, m *message.PreKey) (Opened, error) {
	keys, err := t.take(m)
	if err != nil {
		return Opened{}, err
	}
	c, err := t.respond(id, m, keys)
	if err != nil {
		return Opened{}, err
	}
	plaintext, err := t.open(c, from, m.Message)
	if err != nil {
		return Opened{}, err
	}
	if err := t.roomForPeer(p); err != nil {
		return Opened{}, err
	}
	contact, err := t.see(from.Name, m.IdentityKey)
	if err != nil {
		return Opened{}, err
	}
	sessionID, err := t.newSessionID()
	if err != nil {
		return Opened{}, err
	}
	t.spend(m, keys)
	t.putConversation(from, sessionID, c)
	p.add(ref{id: sessionID, version: pqxdh.Version(m.Version), baseKey: m.BaseKey}, max(t.env.Now, 1))
	t.putPeer(from, p)
	opened := Opened{Plaintext: plaintext, NewSession: true, IdentityChanged: !contact.trusted(m.IdentityKey)}
	if m.HasPreKey {
		opened.PreKeyUsed = m.PreKeyID
	}
	return opened, nil
}

// privateKeys are the prekeys that a message names.
type privateKeys struct {
	signed   preKey
	oneTime  preKey      // zero: none
	kyber    kyberPreKey // zero: none
	remember bool        // nothing that is spent makes a second time impossible
	replays  replays
}

// take finds the prekeys of a message. It returns ErrPreKeyGone if one is not
// here, and ErrDuplicate if only memory tells that the session began before.
func (t *tx) take(m *message.PreKey) (keys privateKeys, err error) {
	if keys.signed, err = load(t, KindSignedPreKey, idName(m.SignedPreKeyID), parseSigned); err != nil {
		return keys, gone(err)
	}
	if m.HasKyber {
		if keys.kyber, err = load(t, KindKyberPreKey, idName(m.KyberPreKeyID), parseKyberPreKey); err != nil {
			return keys, gone(err)
		}
	}
	keys.remember = keys.kyber.lastResort || !m.HasKyber && !m.HasPreKey
	if keys.remember {
		if keys.replays, err = t.replays(m.SignedPreKeyID); err != nil {
			return keys, err
		}
		if slices.Contains(keys.replays.seen, replayOf(m.SignedPreKeyID, m.KyberPreKeyID, m.BaseKey)) {
			return keys, ErrDuplicate
		}
		if len(keys.replays.seen) >= MaxReplays {
			return keys, ErrLimit
		}
	}
	if m.HasPreKey {
		if keys.oneTime, err = load(t, KindPreKey, idName(m.PreKeyID), parseOneTime); err != nil {
			return keys, gone(err)
		}
	}
	return keys, nil
}

// gone makes the absence of a prekey ErrPreKeyGone.
func gone(err error) error {
	if isMissing(err) {
		return ErrPreKeyGone
	}
	return err
}

// respond agrees with the initiator on a session.
func (t *tx) respond(id *identity, m *message.PreKey, keys privateKeys) (*conversation, error) {
	responder := pqxdh.Responder{
		Identity: id.pair(), SignedPreKey: keys.signed.pair, PreKey: keys.oneTime.pair, Kyber: keys.kyber.private,
	}
	version := pqxdh.Version(m.Version)
	secrets, err := responder.Respond(m.IdentityKey, m.BaseKey, m.KyberCiphertext)
	if err != nil {
		return nil, bundleError(err)
	}
	defer secrets.Wipe()
	parties := tripleratchet.Parties{Ours: id.Key, Theirs: m.IdentityKey}
	ratchet, err := tripleratchet.NewResponder(version, parties, secrets, keys.signed.pair, id.Policy.mode(version))
	if err != nil {
		return nil, err
	}
	return &conversation{
		ratchet: ratchet, theirs: m.IdentityKey, registrationID: m.RegistrationID, created: t.env.Now, used: t.env.Now,
	}, nil
}

// spend erases the one-time prekeys of a message, and remembers the session if
// there is nothing to erase.
func (t *tx) spend(m *message.PreKey, keys privateKeys) {
	if m.HasPreKey {
		t.delete(KindPreKey, idName(m.PreKeyID))
	}
	if m.HasKyber && !keys.kyber.lastResort {
		t.delete(KindKyberPreKey, idName(m.KyberPreKeyID))
	}
	if keys.remember {
		seen := append(keys.replays.seen, replayOf(m.SignedPreKeyID, m.KyberPreKeyID, m.BaseKey))
		t.put(KindReplay, idName(m.SignedPreKeyID), replays{seen}.marshal())
	}
}
