// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

var levels = map[string]session.Level{
	"":               0, // the policy's default
	"x3dh":           session.X3DH,
	"pqxdh":          session.PQXDH,
	"triple-ratchet": session.TripleRatchet,
}

type createParams struct {
	Name      string `json:"name"`
	Device    uint32 `json:"device"`
	Oldest    string `json:"oldest"`
	Newest    string `json:"newest"`
	ChainOnly bool   `json:"chainOnly"`
}

type identity struct {
	RegistrationID uint32 `json:"registrationId"`
	IdentityKey    []byte `json:"identityKey"`
}

func create(ctx context.Context, a *session.Account, p createParams) (identity, error) {
	oldest, ok := levels[p.Oldest]
	newest, ok2 := levels[p.Newest]
	if !ok || !ok2 {
		return identity{}, fmt.Errorf("there is no level %q or %q", p.Oldest, p.Newest)
	}
	id, err := a.CreateIdentity(ctx, session.IdentityOptions{
		Address: session.Address{Name: p.Name, Device: p.Device},
		Policy:  session.Policy{Oldest: oldest, Newest: newest, ChainOnly: p.ChainOnly},
	})
	return identity{id.RegistrationID, id.Key.Bytes()}, err
}

// preKey is a public key with its id and, if it is signed, the signature.
type preKey struct {
	ID        uint32 `json:"id"`
	Key       []byte `json:"key"`
	Signature []byte `json:"signature,omitempty"`
}

type preKeys struct {
	Signed     preKey   `json:"signed"`
	LastResort preKey   `json:"lastResort"`
	OneTime    []preKey `json:"oneTime"`
	Kyber      []preKey `json:"kyber"`
}

func preKeysOf(k session.PreKeys) preKeys {
	kyberKey := func(k session.KyberPreKey) preKey { return preKey{k.ID, k.Key.Bytes(), k.Signature} }
	all := preKeys{
		Signed:     preKey{k.Signed.ID, k.Signed.Key.Bytes(), k.Signed.Signature},
		LastResort: kyberKey(k.LastResort),
		OneTime:    make([]preKey, len(k.OneTime)),
		Kyber:      make([]preKey, len(k.Kyber)),
	}
	for i, key := range k.OneTime {
		all.OneTime[i] = preKey{key.ID, key.Key.Bytes(), nil}
	}
	for i, key := range k.Kyber {
		all.Kyber[i] = kyberKey(key)
	}
	return all
}

type publishParams struct {
	OneTime int `json:"oneTime"`
}

func publish(ctx context.Context, a *session.Account, p publishParams) (preKeys, error) {
	k, err := a.PublishPreKeys(ctx, p.OneTime)
	return preKeysOf(k), err
}

func rotate(ctx context.Context, a *session.Account, _ none) (preKeys, error) {
	k, err := a.RotatePreKeys(ctx)
	return preKeysOf(k), err
}

type preKeyCount struct {
	OneTime int `json:"oneTime"`
	Kyber   int `json:"kyber"`
}

func count(ctx context.Context, a *session.Account, _ none) (preKeyCount, error) {
	c, err := a.CountPreKeys(ctx)
	return preKeyCount{c.OneTime, c.Kyber}, err
}

// bundle is what the peer published.
type bundle struct {
	RegistrationID uint32  `json:"registrationId"`
	IdentityKey    []byte  `json:"identityKey"`
	SignedPreKey   preKey  `json:"signedPreKey"`
	PreKey         *preKey `json:"preKey"`
	KyberPreKey    *preKey `json:"kyberPreKey"`
}

func (b bundle) parse() (*pqxdh.Bundle, error) {
	parsed := &pqxdh.Bundle{
		RegistrationID:        b.RegistrationID,
		SignedPreKeyID:        b.SignedPreKey.ID,
		SignedPreKeySignature: b.SignedPreKey.Signature,
	}
	var err error
	if parsed.IdentityKey, err = curve.ParsePublicKey(b.IdentityKey); err != nil {
		return nil, err
	}
	if parsed.SignedPreKey, err = curve.ParsePublicKey(b.SignedPreKey.Key); err != nil {
		return nil, err
	}
	if k := b.PreKey; k != nil {
		parsed.HasPreKey, parsed.PreKeyID = true, k.ID
		if parsed.PreKey, err = curve.ParsePublicKey(k.Key); err != nil {
			return nil, err
		}
	}
	if k := b.KyberPreKey; k != nil {
		parsed.HasKyber, parsed.KyberPreKeyID, parsed.KyberPreKeySignature = true, k.ID, k.Signature
		if parsed.KyberPreKey, err = kyber.ParsePublicKey(k.Key); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

type nameParams struct {
	Name string `json:"name"`
}

type number struct {
	Digits    string `json:"digits"`
	Scannable []byte `json:"scannable"`
}

// scannableVersion is the version of scannable codes whose ids are service ids.
const scannableVersion = 2

func safetyNumber(ctx context.Context, a *session.Account, p nameParams) (number, error) {
	n, err := a.SafetyNumber(ctx, p.Name)
	if err != nil {
		return number{}, err
	}
	return number{n.Digits(), n.Scannable(scannableVersion)}, nil
}

type scannedParams struct {
	Name    string `json:"name"`
	Scanned []byte `json:"scanned"`
}

func scanned(ctx context.Context, a *session.Account, p scannedParams) (bool, error) {
	n, err := a.SafetyNumber(ctx, p.Name)
	if err != nil {
		return false, err
	}
	return n.Matches(p.Scanned)
}

type contactInfo struct {
	Key   []byte `json:"key"`
	State string `json:"state"`
}

func contact(ctx context.Context, a *session.Account, p nameParams) (contactInfo, error) {
	c, err := a.Contact(ctx, p.Name)
	return contactInfo{c.Key.Bytes(), string(c.State)}, err
}

type acceptParams struct {
	Name string `json:"name"`
	Key  []byte `json:"key"`
}

func accept(ctx context.Context, a *session.Account, p acceptParams) (none, error) {
	key, err := curve.ParsePublicKey(p.Key)
	if err != nil {
		return none{}, err
	}
	return none{}, a.AcceptContact(ctx, p.Name, key)
}

type signed struct {
	Key       []byte `json:"key"`
	Message   []byte `json:"message"`
	Signature []byte `json:"signature,omitempty"`
}

// sign signs with a key that nobody has seen before.
func sign(p struct {
	Message []byte `json:"message"`
}) (signed, error) {
	key, err := curve.Generate(rand.Reader)
	if err != nil {
		return signed{}, err
	}
	signature, err := xeddsa.Sign(key.Private, p.Message, rand.Reader)
	return signed{key.Public.Bytes(), p.Message, signature[:]}, err
}

func verify(p signed) (bool, error) {
	key, err := curve.ParsePublicKey(p.Key)
	if err != nil {
		return false, err
	}
	return xeddsa.Verify(key, p.Message, p.Signature), nil
}
