// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"time"

	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// benchSize is how long the messages are, in bytes.
const benchSize = 1024

type benchParams struct {
	Rounds int `json:"rounds"`
}

// figures are medians, in microseconds.
type figures struct {
	SetUp   float64 `json:"setUp"` // a bundle is taken, the first message written and opened
	Encrypt float64 `json:"encrypt"`
	Decrypt float64 `json:"decrypt"`
}

// benchPair is two accounts that write to each other.
type benchPair struct {
	ctx    context.Context
	stores map[string]*sessiontest.MemStore
}

// bench measures without the commands' encoding, but with stores in memory: each
// message is one unit of work for either side.
func bench(p benchParams) (figures, error) {
	var setUp, encrypting, decrypting []float64
	for range p.Rounds {
		b := benchPair{context.Background(), map[string]*sessiontest.MemStore{}}
		bundle, err := b.create()
		if err != nil {
			return figures{}, err
		}
		begun := time.Now()
		err = b.do("alice", func(a *session.Account) error {
			_, err := a.StartSession(b.ctx, session.Address{Name: "bob", Device: 1}, bundle)
			return err
		})
		if err != nil {
			return figures{}, err
		}
		if _, _, err = b.send("alice", "bob"); err != nil {
			return figures{}, err
		}
		setUp = append(setUp, since(begun))
		if _, _, err = b.send("bob", "alice"); err != nil {
			return figures{}, err
		}
		for range 10 {
			e, d, err := b.send("alice", "bob")
			if err != nil {
				return figures{}, err
			}
			encrypting, decrypting = append(encrypting, e), append(decrypting, d)
		}
	}
	return figures{median(setUp), median(encrypting), median(decrypting)}, nil
}

// create makes both accounts and returns a bundle of bob's.
func (b benchPair) create() (*pqxdh.Bundle, error) {
	var bundle *pqxdh.Bundle
	for _, name := range []string{"alice", "bob"} {
		b.stores[name] = new(sessiontest.MemStore)
		err := b.do(name, func(a *session.Account) error {
			_, err := a.CreateIdentity(b.ctx, session.IdentityOptions{Address: session.Address{Name: name, Device: 1}})
			if err != nil {
				return err
			}
			k, err := a.PublishPreKeys(b.ctx, 1)
			if err != nil {
				return err
			}
			bundle = &pqxdh.Bundle{
				RegistrationID: k.Identity.RegistrationID, IdentityKey: k.Identity.Key,
				SignedPreKeyID: k.Signed.ID, SignedPreKey: k.Signed.Key, SignedPreKeySignature: k.Signed.Signature,
				HasPreKey: true, PreKeyID: k.OneTime[0].ID, PreKey: k.OneTime[0].Key,
				HasKyber: true, KyberPreKeyID: k.Kyber[0].ID, KyberPreKey: k.Kyber[0].Key,
				KyberPreKeySignature: k.Kyber[0].Signature,
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return bundle, nil
}

// do is one unit of work.
func (b benchPair) do(name string, step func(*session.Account) error) error {
	a := session.Open(b.stores[name], session.Env{Now: time.Now().Unix(), Random: rand.Reader})
	if err := step(a); err != nil {
		return err
	}
	return b.stores[name].Apply(b.ctx, a.Changes())
}

// send sends one message, and tells how long writing and opening it took.
func (b benchPair) send(from, to string) (encrypting, decrypting float64, err error) {
	plaintext := bytes.Repeat([]byte{'x'}, benchSize)
	var sent session.Envelope
	begun := time.Now()
	err = b.do(from, func(a *session.Account) (err error) {
		sent, err = a.Encrypt(b.ctx, session.Address{Name: to, Device: 1}, plaintext)
		return err
	})
	encrypting = since(begun)
	if err != nil {
		return 0, 0, err
	}
	begun = time.Now()
	err = b.do(to, func(a *session.Account) error {
		_, err := a.Decrypt(b.ctx, session.Address{Name: from, Device: 1}, sent.Type, sent.Body)
		return err
	})
	return encrypting, since(begun), err
}

func since(begun time.Time) float64 {
	return float64(time.Since(begun).Nanoseconds()) / 1000
}

func median(all []float64) float64 {
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}
