// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// Mistake M12 (docs/mistakes.md).
func TestSecondUserIsSetUpBesideTheFirst(t *testing.T) {
	w := setUp(t)
	ada := w.user.ID
	adaKey := generate(t, w.Vault)
	bob := w.create(t, "Bob", byPassphrase("another horse battery")).ID
	bobKey := generate(t, w.Vault)
	expectError(t, "Bob signs with Ada's key", sign(t, w.Vault, adaKey.KID), vault.ErrNotFound)
	verifyLog(t, w.Vault)
	unlockBy(t, w.Vault, ada, passphrase)
	expectError(t, "Ada signs with Bob's key", sign(t, w.Vault, bobKey.KID), vault.ErrNotFound)
	if err := sign(t, w.Vault, adaKey.KID); err != nil {
		t.Error(err)
	}
	verifyLog(t, w.Vault)
	expectError(t, "Ada's passphrase for Bob", tryPassphrase(t, w.Vault, bob, passphrase), unlock.ErrWrongSecret)
	if keys, err := w.VAPIDList(t.Context(), at("vapid.list")); err != nil || len(keys) != 1 || keys[0].KID != adaKey.KID {
		t.Errorf("VAPIDList = %+v, %v", keys, err)
	}
	for _, kid := range []string{adaKey.KID, bobKey.KID} { // public, so also while another's vault is open
		if _, err := w.VAPIDPublicKey(t.Context(), at("vapid.publicKey"), kid); err != nil {
			t.Error(err)
		}
	}
}

// Set-up asks for no proof, so it must not change what is there.
//
// Mistake M05 (docs/mistakes.md).
func TestSetUpNeverTouchesWhatIsThere(t *testing.T) {
	w := setUp(t)
	generate(t, w.Vault)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	before := w.store.All()
	for range 3 {
		w.create(t, "Ada", byPassphrase("another horse battery"))
	}
	for _, e := range before {
		after, err := w.store.Get(t.Context(), e.Ref)
		if err != nil || after.Version != e.Version || string(after.Value) != string(e.Value) {
			t.Errorf("%v was changed by a set-up", e.Ref)
		}
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
}

// capturing are key operations that note each secret that is enrolled.
type capturing struct {
	quickOps
	made *[]keys.Handle
}

func (c capturing) GenerateSecret(ctx context.Context) (keys.Handle, error) {
	secret, err := c.quickOps.GenerateSecret(ctx)
	*c.made = append(*c.made, secret)
	return secret, err
}

// The vault key comes from the platform for each user, and nothing that a caller
// gives has a part in it: the same input makes another key.
//
// Mistake M06 (docs/mistakes.md).
func TestNobodyChoosesTheVaultKey(t *testing.T) {
	w := newWorld()
	var made []keys.Handle
	config := w.config(w.store)
	config.Keys = capturing{made: &made}
	v := vault.New(config)
	var shared []vault.Shared
	for range 2 {
		if _, err := v.CreateUser(t.Context(), at("vault.setup"), "Ada", []vault.NamedEnroller{byRecovery()}); err != nil {
			t.Fatal(err)
		}
		s, _ := v.Share()
		shared = append(shared, s)
	}
	if len(made) != 2 {
		t.Fatalf("%d secrets were made for two users", len(made))
	}
	one, err1 := quickOps{}.DeriveBytes(t.Context(), shared[0].Base, nil, nil, 32)
	two, err2 := quickOps{}.DeriveBytes(t.Context(), shared[1].Base, nil, nil, 32)
	if err1 != nil || err2 != nil || string(one) == string(two) {
		t.Errorf("the vault keys of two users are one: %v, %v", err1, err2)
	}
}

// move puts the record at one address to another.
func move(t *testing.T, store *vaulttest.MemStore, to, from vault.Ref) {
	t.Helper()
	record, err := store.Get(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	store.Put(to, record)
}

// Two users with everything, one of whom puts the other's records in the place
// of theirs.
//
// Mistake M29 (docs/mistakes.md).
func TestRecordsMovedBetweenUsersAreRefused(t *testing.T) {
	w := setUp(t)
	ada := w.user.ID
	key := generate(t, w.Vault)
	bob := w.create(t, "Bob", byPassphrase(passphrase), byRecovery()).ID
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	phrase := func(user string) string { return enrolment(t, w.Vault, user, unlock.Passphrase).ID }
	refs := map[string][2]vault.Ref{
		"enrolment": {{Collection: bob + "/enrolments", Key: phrase(bob)}, {Collection: ada + "/enrolments", Key: phrase(ada)}},
		"roster":    {{Collection: bob + "/state", Key: "roster"}, {Collection: ada + "/state", Key: "roster"}},
		"log key":   {{Collection: bob + "/state", Key: "log-key"}, {Collection: ada + "/state", Key: "log-key"}},
		"log head":  {{Collection: bob + "/state", Key: "log-head"}, {Collection: ada + "/state", Key: "log-head"}},
		"user":      {{Collection: "users", Key: bob}, {Collection: "users", Key: ada}},
	}
	for name, pair := range refs {
		store := w.store.Clone()
		move(t, store, pair[0], pair[1])
		v := w.open(store)
		if _, err := v.Unlock(t.Context(), at("vault.unlock"), bob, phrase(bob), unlock.ByPassphrase([]byte(passphrase)), 0); err == nil {
			t.Errorf("%s of Ada is taken for Bob's", name)
		}
		unlockBy(t, v, ada, passphrase) // hers is as it was
	}

	store := w.store.Clone()
	name := app + " " + key.KID
	move(t, store, vault.Ref{Collection: bob + "/vapid", Key: name}, vault.Ref{Collection: ada + "/vapid", Key: name})
	v := w.open(store)
	unlockBy(t, v, bob, passphrase)
	if err := sign(t, v, key.KID); !isRecordError(err) {
		t.Errorf("Bob signs with Ada's key: error = %v, want a RecordError", err)
	}
	if err := prove(t, v, bob).Rotate(t.Context()); !isRecordError(err) {
		t.Errorf("rotation over a record of Ada: error = %v, want a RecordError", err)
	}
}

func isRecordError(err error) bool {
	_, is := errors.AsType[*vault.RecordError](err)
	return is
}

// Every byte of a sealed record that stands in clear is bound to the seal, and so
// is the place where it lies.
//
// Mistake M29 (docs/mistakes.md).
func TestKeyRecordWithAnyOtherFieldIsRefused(t *testing.T) {
	w := setUp(t)
	key, second := generate(t, w.Vault), generate(t, w.Vault)
	ref := vault.Ref{Collection: w.user.ID + "/vapid", Key: app + " " + key.KID}
	record, err := w.store.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) vault.Record {
		changed := record
		changed.Value = []byte(strings.Replace(string(record.Value), old, new, 1))
		if string(changed.Value) == string(record.Value) {
			t.Fatalf("%q is not in the record", old)
		}
		return changed
	}
	for name, changed := range map[string]vault.Record{
		"created":    replace(`"created":1790000000`, `"created":1790000001`),
		"generation": replace(`"generation":1`, `"generation":2`),
		"protection": replace(`"sealed"`, `"browser"`),
		"nonce":      replace(`"nonce":"`, `"nonce":"AAAA`),
		"format":     replace(`vapid-key/2`, `vapid-key/3`),
		"version":    {Version: record.Version + 1, Value: record.Value},
		"empty":      {Version: 1},
	} {
		store := w.store.Clone()
		store.Put(ref, changed)
		v := w.open(store)
		unlockBy(t, v, w.user.ID, passphrase)
		if err := sign(t, v, key.KID); !isRecordError(err) {
			t.Errorf("%s: error = %v, want a RecordError", name, err)
		}
		if err := v.VAPIDDelete(t.Context(), at("vapid.delete"), key.KID); err != nil && !isRecordError(err) {
			t.Errorf("%s: deletion: %v", name, err)
		}
		if err := sign(t, v, second.KID); err != nil {
			t.Errorf("%s: the other key: %v", name, err)
		}
	}
}

// What lies on the disk does not open the vault: no handle in the storage but the
// delegated key's, and that one cannot sign what only an open vault may.
//
// Mistake M27 (docs/mistakes.md).
func TestCopyOfTheStorageOpensNothing(t *testing.T) {
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byRecovery(), byPRF("prf"))
	generate(t, w.Vault)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	handles := 0
	for _, e := range w.store.All() {
		if e.Handle != nil {
			handles++
			if e.Ref.Key != "delegate" {
				t.Errorf("%v has a handle", e.Ref)
			}
		}
	}
	if handles != 1 {
		t.Errorf("%d handles, want the delegated key's alone", handles)
	}
	thief := w.open(w.store.Clone())
	_, err := thief.VAPIDGenerate(t.Context(), at("vapid.generate"))
	expectError(t, "VAPIDGenerate", err, vault.ErrLocked)
	if err := thief.SetPolicy(t.Context(), at("vault.manage"), app, "vapid.sign", vault.ConsentNone); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("SetPolicy: %v", err)
	}
}

func TestStoredFormatsAreInTheTable(t *testing.T) {
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byGate("gate"))
	generate(t, w.Vault)
	must(t, own{w.Vault, app}.create(t.Context()))
	expectError(t, "wrong", tryPassphrase(t, w.Vault, w.user.ID, wrong), unlock.ErrWrongSecret)
	if err := w.SetPolicy(t.Context(), at("vault.manage"), app, "vapid.sign", vault.ConsentConfirm); err != nil {
		t.Fatal(err)
	}
	for _, e := range w.store.All() {
		known := false
		for _, l := range label.All() {
			known = known || strings.Contains(string(e.Value), `"format":"`+l+`"`)
		}
		if !known {
			t.Errorf("%v has a value of no known format", e.Ref)
		}
	}
}
