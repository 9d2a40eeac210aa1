// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// fullStore returns a store with a record of every kind.
func fullStore(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byRecovery(), byGate("gate"))
	generate(t, w.Vault)
	must(t, own{w.Vault, app}.create(t.Context()))
	get[session.PreKeys](t)(own{w.Vault, app}.publish(t.Context(), 1))
	if err := w.SetPolicy(t.Context(), at("vault.manage"), app, "vapid.list", vault.ConsentConfirm); err != nil {
		t.Fatal(err)
	}
	expectError(t, "wrong", tryPassphrase(t, w.Vault, w.user.ID, wrong), unlock.ErrWrongSecret)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	return w
}

// Whatever becomes of a record, it is reported and it stays.
func TestUnreadableRecordsAreReportedAndKept(t *testing.T) {
	w := fullStore(t)
	for what, damage := range map[string]func(string) string{
		"of a later version": func(s string) string {
			i := strings.Index(s, `"format":"kms-enclave-`)
			j := i + strings.Index(s[i:], "/")
			return s[:j+1] + "9" + s[j+2:]
		},
		"damaged": func(s string) string { return s[1:] },
		"empty":   func(string) string { return "" },
	} {
		for _, e := range w.store.All() {
			if strings.HasSuffix(e.Ref.Collection, "/audit") {
				continue // the log is read by those who ask for it
			}
			t.Run(what+" "+kindOf(e.Ref), func(t *testing.T) {
				store := w.store.Clone()
				changed := e.Record
				changed.Value = []byte(damage(string(e.Value)))
				store.Put(e.Ref, changed)
				expectKept(t, w, store, e.Ref)
			})
		}
	}
}

func kindOf(ref vault.Ref) string {
	_, kind, _ := strings.Cut(ref.Collection, "/")
	if kind == "state" {
		return ref.Key
	}
	if kind == "" {
		return ref.Collection
	}
	return kind
}

// expectKept expects that the record at ref is reported, and that nothing that
// one can do at the storage changes it.
func expectKept(t *testing.T, w *world, store *vaulttest.MemStore, ref vault.Ref) {
	t.Helper()
	v := w.open(store)
	status, err := v.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(status.Damaged) != 1 || status.Damaged[0].Ref != ref || status.Damaged[0].Reason == "" {
		t.Errorf("Damaged = %+v, want %v", status.Damaged, ref)
	}
	before, _ := store.Get(t.Context(), ref)
	infos, _ := v.Enrolments(t.Context(), w.user.ID)
	for _, info := range infos {
		proof := unlock.ByPassphrase([]byte(passphrase))
		if info.Method == unlock.Recovery {
			proof = unlock.ByRecovery(entropy)
		}
		_, _ = v.Unlock(t.Context(), at("vault.unlock"), w.user.ID, info.ID, proof, 0)
		p, err := v.Prove(t.Context(), at("vault.manage"), w.user.ID, info.ID, proof, 0)
		if err == nil && kindOf(ref) != "delegate" && kindOf(ref) != "certificates" {
			if err := p.Rotate(t.Context()); err == nil && kindOf(ref) != "policy" {
				t.Error("rotated although a record cannot be read")
			}
		}
	}
	_, _ = v.VAPIDGenerate(t.Context(), at("vapid.generate"))
	_ = v.Lock(t.Context(), at("vault.lock"))
	after, err := store.Get(t.Context(), ref)
	renewed := kindOf(ref) == "delegate" // holds nothing that could be lost
	if err != nil || !renewed && (after.Version != before.Version || string(after.Value) != string(before.Value)) {
		t.Errorf("the record was changed: %v", err)
	}
}

func TestUserWhoseRecordCannotBeReadIsListedAndOthersAreNotConcerned(t *testing.T) {
	w := setUp(t)
	bob := w.create(t, "Bob", byPassphrase(passphrase))
	w.store.Put(vault.Ref{Collection: "users", Key: bob.ID}, vault.Record{Version: 1, Value: []byte("{}")})
	users, err := w.Users(t.Context())
	if err != nil || len(users) != 2 {
		t.Fatalf("Users = %v, %v", users, err)
	}
	for _, u := range users {
		if (u.Damaged != "") != (u.ID == bob.ID) {
			t.Errorf("%+v", u)
		}
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if _, err := w.Enrolments(t.Context(), bob.ID); !isRecordError(err) {
		t.Errorf("Enrolments: %v, want a RecordError", err)
	}
	w.create(t, "Eve", byPassphrase(passphrase))
}

func TestUnknownUsersAndEnrolmentsAreNotFound(t *testing.T) {
	w := setUp(t)
	for _, user := range []string{"", "x", "users", strings.Repeat("A", 22), w.user.ID + "/state"} {
		_, err := w.Enrolments(t.Context(), user)
		expectError(t, "Enrolments of "+user, err, vault.ErrNotFound)
		_, err = w.Unlock(t.Context(), at("vault.unlock"), user, w.user.ID, unlock.ByRecovery(entropy), 0)
		expectError(t, "Unlock of "+user, err, vault.ErrNotFound)
		_, err = w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, user, unlock.ByRecovery(entropy), 0)
		expectError(t, "Unlock by "+user, err, vault.ErrNotFound)
	}
}
