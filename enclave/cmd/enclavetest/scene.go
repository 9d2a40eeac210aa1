// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/idbstore"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/enclave/internal/weblocks"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// What the person of the scenes knows.
var (
	oldPassphrase = []byte("correct horse battery staple")
	newPassphrase = []byte("another horse, another staple")
	entropy       = []byte("sixteen bytes ok")
)

const (
	appOrigin   = "https://app.example"
	otherOrigin = "https://other.example"
)

func asker(method string) vault.Asker {
	return vault.Asker{Origin: appOrigin, Method: method, Request: "1"}
}

// scene is a vault over a database, as a tab opens it.
type scene struct {
	vault *vault.Vault
	store *stopping
}

// openScene opens the database. notify may be nil.
func openScene(ctx context.Context, database string, notify func(vault.Event)) (*scene, error) {
	store, err := idbstore.Open(ctx, database)
	if err != nil {
		return nil, err
	}
	s := &scene{store: &stopping{Store: store}}
	s.vault = vault.New(vault.Config{
		Store:   s.store,
		Clock:   jsbridge.Clock{},
		Random:  jsbridge.Random{},
		Keys:    webcrypto.New(),
		Locks:   weblocks.New(),
		Release: func() string { return testDigest },
		Millis:  jsbridge.Clock{}.Monotonic,
		Notify:  notify,
	})
	return s, nil
}

// prepare makes the database that the other commands begin with.
func prepare(ctx context.Context, database string) error {
	if err := idbstore.Delete(ctx, database); err != nil {
		return err
	}
	s, err := openScene(ctx, database, nil)
	if err != nil {
		return err
	}
	_, err1 := s.vault.CreateUser(ctx, asker("vault.setup"), "Ada", []vault.NamedEnroller{
		{Label: "my passphrase", Enroller: withPassphrase(oldPassphrase)},
		{Label: "on paper", Enroller: unlock.WithRecovery(bytes.Clone(entropy))},
	})
	_, err2 := s.vault.VAPIDGenerate(ctx, asker("vapid.generate"))
	err3 := s.vault.SetPolicy(ctx, asker("vault.manage"), otherOrigin, "vapid.sign", vault.ConsentConfirm)
	err4 := s.vault.Lock(ctx, asker("vault.lock"))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	post(flag("done"))
	return nil
}

func withPassphrase(passphrase []byte) unlock.Enroller {
	return unlock.WithPassphrase(bytes.Clone(passphrase), unlock.PBKDF2(unlock.MinIterations))
}

// user returns the user with the label.
func (s *scene) user(ctx context.Context, label string) (vault.User, error) {
	users, err := s.vault.Users(ctx)
	for _, u := range users {
		if u.Label == label {
			return u, nil
		}
	}
	return vault.User{}, errors.Join(err, errors.New("there is no user "+label))
}

// enrolment returns the id of a user's first enrolment by a method, "" if there
// is none.
func (s *scene) enrolment(ctx context.Context, user string, method unlock.Method) (string, error) {
	found, err := s.vault.Enrolments(ctx, user)
	for _, e := range found {
		if e.Method == method && e.Damaged == "" {
			return e.ID, nil
		}
	}
	return "", err
}

// unlock opens a user's vault by the recovery key, which costs no time, or else
// by the passphrase.
func (s *scene) unlock(ctx context.Context, label string, passphrase []byte) error {
	user, err := s.user(ctx, label)
	if err != nil {
		return err
	}
	proof := unlock.ByRecovery(bytes.Clone(entropy))
	id, err := s.enrolment(ctx, user.ID, unlock.Recovery)
	if err == nil && id == "" {
		proof = unlock.ByPassphrase(bytes.Clone(passphrase))
		id, err = s.enrolment(ctx, user.ID, unlock.Passphrase)
	}
	if err != nil {
		return err
	}
	_, err = s.vault.Unlock(ctx, asker("vault.unlock"), user.ID, id, proof, 0)
	return err
}

// prove proves to be Ada by passphrase.
func (s *scene) prove(ctx context.Context, passphrase []byte) (*vault.Proven, error) {
	user, err := s.user(ctx, "Ada")
	if err != nil {
		return nil, err
	}
	id, err := s.enrolment(ctx, user.ID, unlock.Passphrase)
	if err != nil {
		return nil, err
	}
	return s.vault.Prove(ctx, asker("vault.manage"), user.ID, id, unlock.ByPassphrase(bytes.Clone(passphrase)), 0)
}
