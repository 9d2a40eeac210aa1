// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"ats.run/kms-enclave/kmslib/signal/message"
)

// RetryInfo says which message the peer could not decrypt. Nobody has signed it:
// whoever delivers messages can make one up, which at worst costs a session.
type RetryInfo struct {
	Timestamp uint64 // that the message had, as the app gave it
	Stale     bool   // it was of the session in use, which was archived: start a new one
}

// RetryRequest returns the message that asks a device to send one again that could
// not be decrypted: here are its type, body and timestamp. Its content is not
// encrypted and says the timestamp, the device, and the ratchet key of the message
// if it has one. Nothing is changed.
//
// Its error is an *InputError.
func (a *Account) RetryRequest(ctx context.Context, from Address, of message.Type, body []byte, timestamp uint64) (e Envelope, err error) {
	err = a.do(ctx, func(t *tx) error {
		if err := from.check("address"); err != nil {
			return err
		}
		request := message.Retry{Timestamp: timestamp, Device: from.Device}
		switch of {
		case message.Whisper:
			if m, err := message.ParseSignal(body); err == nil {
				request.RatchetKey = m.RatchetKey
			}
		case message.PreKeyType:
			if m, err := message.ParsePreKey(body); err == nil {
				request.RatchetKey = m.Message.RatchetKey
			}
		case message.SenderKeyType: // has none
		default:
			return &InputError{"type", "expected 2, 3 or 7"}
		}
		p, err := t.peer(from)
		if err != nil {
			return err
		}
		e = Envelope{Type: message.PlaintextType, Body: request.Marshal()}
		if p.active {
			c, err := t.conversation(from, p.sessions[0].id)
			if err != nil {
				return err
			}
			e.RegistrationID = c.registrationID
		}
		return nil
	})
	return e, err
}

// openRetry reads a request. If it names the key that is in use for sending to that
// device, the device has lost the session.
func (t *tx) openRetry(from Address, m *message.Retry) (Opened, error) {
	id, err := t.identity()
	if err != nil {
		return Opened{}, err
	}
	if from == id.Address {
		return Opened{}, errOwnAddress
	}
	opened := Opened{Retry: &RetryInfo{Timestamp: m.Timestamp}}
	p, err := t.peer(from)
	if err != nil {
		return Opened{}, err
	}
	if !p.active || m.RatchetKey.IsZero() || m.Device != id.Address.Device {
		return opened, nil
	}
	c, err := t.conversation(from, p.sessions[0].id)
	if err != nil {
		return Opened{}, err
	}
	if c.ratchet.RatchetKey() == m.RatchetKey {
		p.archive(max(t.env.Now, 1))
		t.putPeer(from, p)
		opened.Retry.Stale = true
	}
	return opened, nil
}
