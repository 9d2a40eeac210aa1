// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// signalRefs returns the addresses of the Signal records of a kind, or of all if
// kind is "".
func signalRefs(store *vaulttest.MemStore, user, kind string) (refs []vault.Ref) {
	for _, e := range store.All() {
		parts := strings.Split(e.Ref.Key, " ")
		if e.Ref.Collection == user+"/signal" && (kind == "" || parts[1] == kind) {
			refs = append(refs, e.Ref)
		}
	}
	return refs
}

// alter returns a record with another byte at the end of what is sealed.
func alter(e vault.Record) vault.Record {
	value := slices.Clone(e.Value)
	value[len(value)-1] ^= 1
	return vault.Record{Version: e.Version, Value: value}
}

// Every Signal record that was altered is reported while the vault is open, kept,
// and keeps the vault key from being rotated; a new tab uses nothing of it.
func TestAlteredSignalRecordIsReportedAndKept(t *testing.T) {
	w := setUp(t)
	signalUp(t, w.Vault)
	for _, ref := range signalRefs(w.store, w.user.ID, "") {
		store := w.store.Clone()
		record, err := store.Get(t.Context(), ref)
		must(t, err)
		store.Put(ref, alter(record))
		v := w.open(store)
		unlockBy(t, v, w.user.ID, passphrase)
		status := get[vault.Status](t)(v.Status(t.Context()))
		if len(status.Damaged) != 1 || status.Damaged[0].Ref != ref {
			t.Errorf("%v: Damaged = %+v", ref, status.Damaged)
		}
		if err := prove(t, v, w.user.ID).Rotate(t.Context()); !isRecordError(err) {
			t.Errorf("%v: Rotate: %v, want a RecordError", ref, err)
		}
		_, sendErr := own{v, app}.send(t.Context(), bob, "x")
		touched := !strings.Contains(ref.Key, "prekey") && !strings.Contains(ref.Key, " identity ")
		if touched && !isRecordError(sendErr) || !touched && sendErr != nil {
			t.Errorf("%v: Encrypt: %v", ref, sendErr)
		}
		must(t, v.Lock(t.Context(), at("vault.lock")))
		after, err := store.Get(t.Context(), ref)
		if err != nil || after.Version != record.Version {
			t.Errorf("%v was changed: %v", ref, err)
		}
	}
}

// A record is taken for itself only: not for that of another name, kind, origin,
// user or version.
//
// Mistake M29 (docs/mistakes.md).
func TestMovedSignalRecordsAreRefused(t *testing.T) {
	w := setUp(t)
	_, b := signalUp(t, w.Vault)
	must(t, own{w.Vault, app}.start(t.Context(), newPeer(t, carol)))
	must(t, w.Grant(t.Context(), from(other, "vault.unlock")))
	must(t, own{w.Vault, other}.create(t.Context()))
	must(t, own{w.Vault, other}.start(t.Context(), b))
	user := w.user.ID
	signalUp(t, func() *vault.Vault { w.create(t, "Eve", byPassphrase(passphrase)); return w.Vault }())
	eve, _ := w.Session()
	for name, pair := range map[string][2]vault.Ref{
		"session of another peer":   {signalRefs(w.store, user, "session")[0], signalRefs(w.store, user, "session")[1]},
		"session as peer":           {signalRefs(w.store, user, "peer")[0], signalRefs(w.store, user, "session")[0]},
		"session of another user":   {signalRefs(w.store, user, "session")[0], signalRefs(w.store, eve.User, "session")[0]},
		"account of another user":   {signalRefs(w.store, user, "account")[0], signalRefs(w.store, eve.User, "account")[0]},
		"account of another origin": {signalRefs(w.store, user, "account")[0], signalRefs(w.store, user, "account")[1]},
	} {
		store := w.store.Clone()
		move(t, store, pair[0], pair[1])
		v := w.open(store)
		unlockBy(t, v, user, passphrase)
		_, err1 := own{v, app}.send(t.Context(), bob, "x")
		_, err2 := own{v, app}.send(t.Context(), carol, "x")
		if !isRecordError(err1) && !isRecordError(err2) {
			t.Errorf("%s: errors = %v, %v; want a RecordError", name, err1, err2)
		}
	}
	ref := signalRefs(w.store, user, "contact")[0]
	record, err := w.store.Get(t.Context(), ref)
	must(t, err)
	record.Version++
	w.store.Put(ref, record)
	v := w.open(w.store)
	unlockBy(t, v, user, passphrase)
	if status := get[vault.Status](t)(v.Status(t.Context())); len(status.Damaged) != 1 || status.Damaged[0].Ref != ref {
		t.Errorf("another version: Damaged = %+v", status.Damaged)
	}
}

// Lists leave out what cannot be read, so that one record does not hide the rest;
// Status tells of it.
func TestOneUnreadableSessionDoesNotHideTheOthers(t *testing.T) {
	w := setUp(t)
	signalUp(t, w.Vault)
	must(t, own{w.Vault, app}.start(t.Context(), newPeer(t, carol)))
	ref := signalRefs(w.store, w.user.ID, "peer")[0]
	record, err := w.store.Get(t.Context(), ref)
	must(t, err)
	w.store.Put(ref, alter(record))
	v := w.open(w.store)
	unlockBy(t, v, w.user.ID, passphrase)
	all, err := own{v, app}.sessions(t.Context())
	if err != nil || len(all) != 1 {
		t.Errorf("sessions %+v, %v", all, err)
	}
	for _, peer := range []session.Address{bob, carol} { // what remains can be closed, and begun anew
		must(t, own{v, app}.do(t.Context(), "signal.session.close", func(a *session.Account) error { return a.CloseSession(t.Context(), peer) }))
	}
	if left := signalRefs(w.store, w.user.ID, "session"); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
	if status := get[vault.Status](t)(v.Status(t.Context())); len(status.Damaged) != 0 {
		t.Errorf("Damaged = %+v", status.Damaged)
	}
}

// Without the record of the account nobody knows the names of the others: they are
// not taken for nothing, and no new account is begun over them.
func TestAccountWhoseRecordIsMissingIsNotBegunAnew(t *testing.T) {
	w := setUp(t)
	signalUp(t, w.Vault)
	w.store.Put(signalRefs(w.store, w.user.ID, "account")[0], vault.Record{})
	v := w.open(w.store)
	unlockBy(t, v, w.user.ID, passphrase)
	before := len(signalRefs(w.store, w.user.ID, ""))
	if err := (own{v, app}).create(t.Context()); !isRecordError(err) {
		t.Errorf("create: %v, want a RecordError", err)
	}
	must(t, v.Grant(t.Context(), from(other, "vault.unlock")))
	must(t, own{v, other}.create(t.Context()))
	if n := len(signalRefs(w.store, w.user.ID, "")); n != before+2 {
		t.Errorf("%d records, want %d", n, before+2)
	}
}

func TestRotationSealsEverySignalRecordAgain(t *testing.T) {
	w := setUp(t)
	o, b := signalUp(t, w.Vault)
	must(t, w.Grant(t.Context(), from(other, "vault.unlock")))
	second := own{w.Vault, other}
	must(t, second.create(t.Context()))
	c := newPeer(t, carol)
	must(t, second.start(t.Context(), c))
	talk(t, second, c)
	before := w.store.All()
	p := prove(t, w.Vault, w.user.ID)
	for range 2 {
		must(t, p.Rotate(t.Context()))
		talk(t, o, b)
	}
	talk(t, second, c)
	sealed := 0
	for _, e := range before {
		if !strings.HasSuffix(e.Ref.Collection, "/signal") {
			continue
		}
		after, err := w.store.Get(t.Context(), e.Ref)
		if err != nil || after.Version < e.Version+2 || !strings.Contains(string(after.Value), `"generation":3`) {
			t.Errorf("%v: version %d after %d, %v", e.Ref, after.Version, e.Version, err)
		}
		sealed++
	}
	v := w.open(w.store)
	unlockBy(t, v, w.user.ID, passphrase)
	talk(t, own{v, app}, b)
	if status := get[vault.Status](t)(v.Status(t.Context())); len(status.Damaged) != 0 || sealed < 15 {
		t.Errorf("%d records, Damaged = %+v", sealed, status.Damaged)
	}
}

func TestResetDeletesSignalAccountsAndLeavesThoseOfOthers(t *testing.T) {
	for name, reset := range map[string]func(w *world) error{
		"proven": func(w *world) error { return prove(t, w.Vault, w.user.ID).Reset(t.Context()) },
		"typed": func(w *world) error {
			return w.ResetUnproven(t.Context(), at("vault.reset"), w.user.ID, "Ada")
		},
	} {
		w := setUp(t)
		signalUp(t, w.Vault)
		eve := w.create(t, "Eve", byPassphrase(passphrase))
		o, b := signalUp(t, w.Vault)
		must(t, reset(w))
		if left := signalRefs(w.store, w.user.ID, ""); len(left) != 0 {
			t.Errorf("%s: left are %v", name, left)
		}
		unlockBy(t, w.Vault, eve.ID, passphrase)
		talk(t, o, b)
	}
}
