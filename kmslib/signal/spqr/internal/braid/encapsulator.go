// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package braid

import (
	"crypto/hmac"
	"io"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/splitkem"
)

// NoHeaderReceived is who encapsulates before there is a header.
type NoHeaderReceived struct{ Session }

// HeaderReceived is who encapsulates once it has the header.
type HeaderReceived struct {
	Session
	Header [splitkem.HeaderSize]byte
}

// Ciphertext1Sent is who encapsulates whose ct1 is on its way. The secret of the
// epoch is in the authenticator already.
type Ciphertext1Sent struct {
	Session
	Header  [splitkem.HeaderSize]byte
	Message [splitkem.MessageSize]byte // secret: what is encapsulated
}

// Ciphertext2Sent is who encapsulates that has the owner's key and is done.
type Ciphertext2Sent struct{ Session }

// Responder returns the state of a new session's responder.
func Responder(key *Secret) NoHeaderReceived { return NoHeaderReceived{begin(key)} }

// ReceiveHeader takes a header with MAC, of HeaderSize. The error is
// ErrAuthentication.
func (s NoHeaderReceived) ReceiveHeader(message []byte) (HeaderReceived, error) {
	next := HeaderReceived{Session: s.Session}
	mac := message[copy(next.Header[:], message):]
	want := s.Authenticator.Header(s.Epoch, next.Header[:])
	if !hmac.Equal(mac, want[:]) {
		return HeaderReceived{}, ErrAuthentication
	}
	return next, nil
}

// SendCiphertext1 encapsulates, and returns ct1 and the secret of the epoch. The
// error is that of random.
func (s HeaderReceived) SendCiphertext1(random io.Reader) (Ciphertext1Sent, []byte, Secret, error) {
	next := Ciphertext1Sent{Header: s.Header}
	if _, err := io.ReadFull(random, next.Message[:]); err != nil {
		return Ciphertext1Sent{}, nil, Secret{}, err
	}
	ciphertext1, shared := splitkem.Encapsulate1(&next.Header, &next.Message)
	session, secret := s.mixed(&shared)
	clear(shared[:])
	next.Session = session
	return next, ciphertext1, secret, nil
}

// ReceiveKey takes t̂, of KeySize, and returns ct2 with MAC, which can be sent
// once the owner has ct1. The error is ErrAuthentication.
func (s Ciphertext1Sent) ReceiveKey(vector []byte) (Ciphertext2Sent, []byte, error) {
	ciphertext, err := splitkem.Encapsulate2(&s.Header, &s.Message, vector)
	if err != nil {
		return Ciphertext2Sent{}, nil, ErrAuthentication
	}
	mac := s.Authenticator.Ciphertext(s.Epoch, ciphertext)
	ciphertext2 := ciphertext[Ciphertext1Size:]
	return Ciphertext2Sent{s.Session}, append(ciphertext2, mac[:]...), nil
}

// NextEpoch is for when the owner shows that it has the secret.
func (s Ciphertext2Sent) NextEpoch() KeysUnsampled { return KeysUnsampled{s.next()} }
