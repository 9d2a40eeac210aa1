// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package braid

import (
	"bytes"
	"crypto/hmac"
	"io"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/splitkem"
)

// KeysUnsampled is the owner before it has a key pair.
type KeysUnsampled struct{ Session }

// HeaderSent is the owner whose header is on its way. The seed is its private
// key.
type HeaderSent struct {
	Session
	Seed [splitkem.SeedSize]byte
}

// KeySent is the owner whose t̂ is on its way.
type KeySent HeaderSent

// Ciphertext1Received is the owner that has ct1.
type Ciphertext1Received struct {
	Session
	Seed        [splitkem.SeedSize]byte
	Ciphertext1 []byte // never changed
}

// Initiator returns the state of a new session's initiator.
func Initiator(key *Secret) KeysUnsampled { return KeysUnsampled{begin(key)} }

// SendHeader makes a key pair and returns its header with MAC. The error is that
// of random.
func (s KeysUnsampled) SendHeader(random io.Reader) (HeaderSent, []byte, error) {
	next := HeaderSent{Session: s.Session}
	if _, err := io.ReadFull(random, next.Seed[:]); err != nil {
		return HeaderSent{}, nil, err
	}
	header, _ := splitkem.PublicKey(&next.Seed)
	mac := s.Authenticator.Header(s.Epoch, header[:])
	return next, append(header[:], mac[:]...), nil
}

// SendKey returns t̂.
func (s HeaderSent) SendKey() (KeySent, []byte) {
	_, vector := splitkem.PublicKey(&s.Seed)
	return KeySent(s), vector
}

// ReceiveCiphertext1 takes ct1, of Ciphertext1Size, which it keeps. Nothing can
// be said of it before ct2 is there.
func (s KeySent) ReceiveCiphertext1(ciphertext1 []byte) Ciphertext1Received {
	return Ciphertext1Received{s.Session, s.Seed, ciphertext1}
}

// ReceiveCiphertext2 takes ct2 with MAC, of Ciphertext2Size, and returns the
// secret of the epoch. The error is ErrAuthentication.
func (s Ciphertext1Received) ReceiveCiphertext2(message []byte) (NoHeaderReceived, Secret, error) {
	ciphertext2, mac := message[:splitkem.Ciphertext2Size], message[splitkem.Ciphertext2Size:]
	ciphertext := bytes.Join([][]byte{s.Ciphertext1, ciphertext2}, nil)
	shared := splitkem.Decapsulate(&s.Seed, ciphertext)
	session, secret := s.mixed(&shared)
	clear(shared[:])
	want := session.Authenticator.Ciphertext(s.Epoch, ciphertext)
	if !hmac.Equal(mac, want[:]) {
		return NoHeaderReceived{}, Secret{}, ErrAuthentication
	}
	return NoHeaderReceived{session.next()}, secret, nil
}
