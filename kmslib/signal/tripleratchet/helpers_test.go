// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

func generate(t testing.TB) curve.KeyPair {
	t.Helper()
	pair, err := curve.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// agreement is what both parties know once they have agreed.
type agreement struct {
	version    pqxdh.Version
	alice, bob curve.KeyPair // identities
	prekey     curve.KeyPair // Bob's
	initiator  pqxdh.Secrets
	responder  pqxdh.Secrets
}

func agree(t testing.TB, version pqxdh.Version) agreement {
	t.Helper()
	a := agreement{version: version, alice: generate(t), bob: generate(t), prekey: generate(t)}
	sign := func(b []byte) []byte {
		signature, err := xeddsa.Sign(a.bob.Private, b, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return signature[:]
	}
	bundle := &pqxdh.Bundle{IdentityKey: a.bob.Public, SignedPreKey: a.prekey.Public, SignedPreKeySignature: sign(a.prekey.Public[:])}
	var private kyber.PrivateKey
	if version == pqxdh.PQXDH {
		var public kyber.PublicKey
		var err error
		if private, public, err = kyber.Generate(rand.Reader); err != nil {
			t.Fatal(err)
		}
		bundle.HasKyber, bundle.KyberPreKey, bundle.KyberPreKeySignature = true, public, sign(public.Bytes())
	}
	initiation, err := pqxdh.Initiate(a.alice, bundle, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.initiator = initiation.Secrets
	responder := pqxdh.Responder{Identity: a.bob, SignedPreKey: a.prekey, Kyber: private}
	if a.responder, err = responder.Respond(a.alice.Public, initiation.BaseKey, initiation.KyberCiphertext); err != nil {
		t.Fatal(err)
	}
	return a
}

// sessions returns both parties of a session with these modes.
func (a agreement) sessions(t testing.TB, alices, bobs Mode) (alice, bob State) {
	t.Helper()
	alice, err := NewInitiator(a.version, Parties{a.alice.Public, a.bob.Public}, a.initiator, a.prekey.Public, alices, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	bob, err = NewResponder(a.version, Parties{a.bob.Public, a.alice.Public}, a.responder, a.prekey, bobs)
	if err != nil {
		t.Fatal(err)
	}
	return alice, bob
}

// pair returns both parties of a session as it is today.
func pair(t testing.TB) (alice, bob State) {
	return agree(t, pqxdh.PQXDH).sessions(t, Required, Required)
}

func encrypt(t testing.TB, s *State, plaintext string) []byte {
	t.Helper()
	before := s.Marshal()
	next, b, err := s.Encrypt([]byte(plaintext), nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Marshal(), before) {
		t.Fatal("Encrypt changed the old state")
	}
	*s = next
	return b
}

func parse(t testing.TB, b []byte) *message.Signal {
	t.Helper()
	m, err := message.ParseSignal(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func decrypt(t testing.TB, s *State, b []byte, want string) {
	t.Helper()
	before := s.Marshal()
	next, plaintext, err := s.Decrypt(parse(t, b), rand.Reader)
	if err != nil || string(plaintext) != want {
		t.Fatalf("plaintext %q, %v; want %q", plaintext, err, want)
	}
	if !bytes.Equal(s.Marshal(), before) {
		t.Fatal("Decrypt changed the old state")
	}
	*s = next
}

func refuse(t testing.TB, s State, b []byte, want error) {
	t.Helper()
	before := s.Marshal()
	next, plaintext, err := s.Decrypt(parse(t, b), rand.Reader)
	if !errors.Is(err, want) || plaintext != nil || next.box.Expose() != nil {
		t.Errorf("plaintext %q, error %v; want %v", plaintext, err, want)
	}
	if !bytes.Equal(s.Marshal(), before) {
		t.Error("a refused message changed the state")
	}
}

// exchange sends one message each way.
func exchange(t testing.TB, a, b *State) {
	t.Helper()
	decrypt(t, b, encrypt(t, a, "ping"), "ping")
	decrypt(t, a, encrypt(t, b, "pong"), "pong")
}
