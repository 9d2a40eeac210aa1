// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/tripleratchet"
)

// Opened is a message that was received.
type Opened struct {
	Plaintext       []byte
	Type            message.Type
	NewSession      bool       // the message began one
	IdentityChanged bool       // the person does not trust the key that it came under
	PreKeyUsed      uint32     // id of the one-time prekey that was spent; 0: none
	Retry           *RetryInfo // it asks for a message again, and has no plaintext
}

// Decrypt opens a message of a device: of type Whisper, PreKeyType or
// PlaintextType. The plaintext must not be used before Changes are stored, else
// the message may be opened twice.
//
// Errors: *InputError, ErrNoIdentity, ErrNoSession, ErrSyntax, ErrUnsupported,
// ErrDuplicate, ErrTooFar, ErrAuthentication, ErrPreKeyGone, ErrLimit. After any of
// them everything is as it was before.
func (a *Account) Decrypt(ctx context.Context, from Address, of message.Type, body []byte) (opened Opened, err error) {
	err = a.do(ctx, func(t *tx) error {
		opened, err = t.decrypt(from, of, body)
		return err
	})
	if err != nil {
		return Opened{}, err
	}
	opened.Type = of
	return opened, nil
}

func (t *tx) decrypt(from Address, of message.Type, body []byte) (Opened, error) {
	if err := from.check("address"); err != nil {
		return Opened{}, err
	}
	switch of {
	case message.Whisper:
		m, err := message.ParseSignal(body)
		if err != nil {
			return Opened{}, syntaxError(err)
		}
		return t.openWhisper(from, m)
	case message.PreKeyType:
		m, err := message.ParsePreKey(body)
		if err != nil {
			return Opened{}, syntaxError(err)
		}
		return t.openPreKey(from, m)
	case message.PlaintextType:
		m, err := message.ParseRetry(body)
		if err != nil {
			return Opened{}, syntaxError(err)
		}
		return t.openRetry(from, m)
	}
	return Opened{}, &InputError{"type", "expected 2, 3 or 8"}
}

// syntaxError returns the error of a message that could not be parsed.
func syntaxError(err error) error {
	var version *message.VersionError
	if errors.As(err, &version) {
		return because(ErrUnsupported, err)
	}
	return because(ErrSyntax, err)
}

// openWhisper tries the sessions with a device, the active one first. The one that
// opens the message becomes the active one: that is how both sides of two sessions
// that began at once come to agree on one.
func (t *tx) openWhisper(from Address, m *message.Signal) (Opened, error) {
	p, err := t.peer(from)
	if err != nil {
		return Opened{}, err
	}
	if len(p.sessions) == 0 {
		return Opened{}, t.noSession(from)
	}
	sessions := p.sessions
	if isFar(m) {
		sessions = sessions[:min(len(sessions), farSessions)]
	}
	var worst error
	for i, r := range sessions {
		c, err := t.conversation(from, r.id)
		if err == nil {
			var opened Opened
			opened, err = t.openIn(from, p, i, c, m)
			if err == nil {
				return opened, nil
			}
		}
		if rank(err) == 0 {
			return Opened{}, err
		}
		if worst == nil || rank(err) > rank(worst) {
			worst = err
		}
	}
	return Opened{}, worst
}

// The bound of the work for a message that no session may have. A session has to
// compute the keys of all that are missing before a message, up to 25,000, to find
// that it is not its own. Beyond farAhead this is done for farSessions only, the
// active one and what was active before it; that others have such gaps has little
// sense, as theirs are the late messages of former conversations.
const (
	farAhead    = 500
	farSessions = 2
)

// isFar says that many messages came before this one, in its chain of the double
// ratchet or in that of the post-quantum one.
func isFar(m *message.Signal) bool {
	if m.Counter > farAhead {
		return true
	}
	if len(m.PQRatchet) == 0 {
		return false
	}
	rest := m.PQRatchet[1:] // version, epoch, index
	_, epoch := binary.Uvarint(rest)
	index, ok := binary.Uvarint(rest[max(epoch, 0):])
	return epoch > 0 && ok > 0 && index > farAhead
}

// rank returns how much a refusal by one of several sessions says: the greatest is
// told. It is 0 for errors after which no other session is tried.
func rank(err error) int {
	switch {
	case errors.Is(err, ErrDuplicate): // certain: it knows the message
		return 5
	case isState(err): // may be the session of the message
		return 4
	case errors.Is(err, ErrUnsupported):
		return 3
	case errors.Is(err, ErrTooFar):
		return 2
	case errors.Is(err, ErrAuthentication):
		return 1
	}
	return 0
}

// openIn opens a message in one session and makes that the active one, unless the
// person does not trust its key.
func (t *tx) openIn(from Address, p *peer, i int, c *conversation, m *message.Signal) (Opened, error) {
	plaintext, err := t.open(c, from, m)
	if err != nil {
		return Opened{}, err
	}
	contact, err := t.contact(from.Name)
	if err != nil {
		return Opened{}, err
	}
	trusted := contact.trusted(c.theirs)
	t.putConversation(from, p.sessions[i].id, c)
	if trusted && (i > 0 || !p.active) {
		p.promote(i, max(t.env.Now, 1))
		t.putPeer(from, p)
	}
	return Opened{Plaintext: plaintext, IdentityChanged: !trusted}, nil
}

// open opens a message and moves the session on.
func (t *tx) open(c *conversation, from Address, m *message.Signal) ([]byte, error) {
	if m.Addresses != nil {
		id, err := t.identity()
		if err != nil {
			return nil, err
		}
		want := messageAddresses(from, id.Address)
		if want == nil || !bytes.Equal(m.Addresses, want) {
			return nil, ErrAuthentication
		}
	}
	next, plaintext, err := c.ratchet.Decrypt(m, t.env.Random)
	if err != nil {
		return nil, ratchetError(err)
	}
	c.ratchet, c.start, c.used = next, nil, t.env.Now
	return plaintext, nil
}

// ratchetError returns the error of this package for one of a ratchet; others, as
// those of the source of randomness, stay.
func ratchetError(err error) error {
	switch {
	case errors.Is(err, tripleratchet.ErrDuplicate):
		return ErrDuplicate
	case errors.Is(err, tripleratchet.ErrTooFar):
		return ErrTooFar
	case errors.Is(err, tripleratchet.ErrDowngrade):
		return ErrUnsupported
	case errors.Is(err, tripleratchet.ErrSpent): // of 2^32 messages without an answer
		return ErrStale
	case errors.Is(err, tripleratchet.ErrAuthentication), errors.Is(err, tripleratchet.ErrVersion), isBadKey(err):
		return ErrAuthentication
	}
	return err
}
