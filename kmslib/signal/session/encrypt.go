// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"ats.run/kms-enclave/kmslib/signal/message"
)

// MaxUnacknowledged is for how long, in seconds, 30 days, a device may not answer
// before no more is sent in a session: its prekeys are gone then (PreKeyGrace), and
// there is no forward secrecy of the agreement before the first answer.
const MaxUnacknowledged = 30 * day

// MaxPlaintext is the greatest length of a plaintext in bytes.
const MaxPlaintext = message.MaxPlaintext

// Envelope is a message to send.
type Envelope struct {
	Type           message.Type
	Body           []byte
	RegistrationID uint32 // that the peer's device had; 0: unknown
}

// Encrypt returns a plaintext as a message in the active session with a device.
// The session's next state is among Changes: the message must not be sent before
// they are stored, or its key may be used again.
//
// Errors: *InputError, ErrNoIdentity, ErrNoSession also if the session is not with
// the contact's key, ErrIdentityChanged, ErrStale.
func (a *Account) Encrypt(ctx context.Context, to Address, plaintext []byte) (e Envelope, err error) {
	err = a.do(ctx, func(t *tx) error {
		e, err = t.encrypt(to, plaintext)
		return err
	})
	return e, err
}

func (t *tx) encrypt(to Address, plaintext []byte) (Envelope, error) {
	if err := to.check("address"); err != nil {
		return Envelope{}, err
	}
	if len(plaintext) > MaxPlaintext {
		return Envelope{}, &InputError{"plaintext", "longer than a message may be"}
	}
	p, err := t.peer(to)
	if err != nil {
		return Envelope{}, err
	}
	if !p.active {
		return Envelope{}, t.noSession(to)
	}
	contact, err := t.contact(to.Name)
	if err != nil {
		return Envelope{}, err
	}
	if contact.State == StateChanged {
		return Envelope{}, ErrIdentityChanged
	}
	c, err := t.conversation(to, p.sessions[0].id)
	if err != nil {
		return Envelope{}, err
	}
	switch {
	case !contact.trusted(c.theirs):
		return Envelope{}, ErrNoSession
	case c.start != nil && t.elapsed(c.created, MaxUnacknowledged):
		return Envelope{}, ErrStale
	}
	e, err := t.seal(c, p.sessions[0], to, plaintext)
	if err != nil {
		return Envelope{}, err
	}
	c.used = t.env.Now
	t.putConversation(to, p.sessions[0].id, c)
	return e, nil
}

// noSession returns why there is no session to send in.
func (t *tx) noSession(with Address) error {
	id, err := t.identity()
	switch {
	case err != nil:
		return err
	case with == id.Address:
		return errOwnAddress
	}
	return ErrNoSession
}

// seal encrypts, and moves the session on.
func (t *tx) seal(c *conversation, r ref, to Address, plaintext []byte) (Envelope, error) {
	if c.start == nil {
		next, body, err := c.ratchet.Encrypt(plaintext, nil, t.env.Random)
		if err != nil {
			return Envelope{}, ratchetError(err)
		}
		c.ratchet = next
		return Envelope{message.Whisper, body, c.registrationID}, nil
	}
	id, err := t.identity()
	if err != nil {
		return Envelope{}, err
	}
	next, inner, err := c.ratchet.Encrypt(plaintext, messageAddresses(id.Address, to), t.env.Random)
	if err != nil {
		return Envelope{}, ratchetError(err)
	}
	parsed, err := message.ParseSignal(inner)
	if err != nil {
		return Envelope{}, err
	}
	c.ratchet = next
	outer := message.PreKey{
		Version: uint8(r.version), RegistrationID: id.RegistrationID,
		HasPreKey: c.start.hasPreKey, PreKeyID: c.start.preKeyID, SignedPreKeyID: c.start.signedPreKeyID,
		HasKyber: c.start.kyberCiphertext != nil, KyberPreKeyID: c.start.kyberPreKeyID, KyberCiphertext: c.start.kyberCiphertext,
		BaseKey: r.baseKey, IdentityKey: id.Key, Message: parsed,
	}
	return Envelope{message.PreKeyType, outer.Marshal(), c.registrationID}, nil
}
