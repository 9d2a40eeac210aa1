// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

func TestRotatedVaultOpensByEveryEnrolmentAndKeepsItsKeys(t *testing.T) {
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byRecovery(), byGate("gate"), byPRF("prf"))
	key := generate(t, w.Vault)
	old, _ := w.Share()
	before, err := w.AuditCheckpoint(t.Context(), at("audit.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	p := prove(t, w.Vault, w.user.ID)
	for range 2 { // the proof goes on
		if err := p.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := sign(t, w.Vault, key.KID); err != nil {
		t.Errorf("the open session: %v", err)
	}
	after, err := w.AuditCheckpoint(t.Context(), at("audit.checkpoint"))
	if err != nil || after.Key != before.Key {
		t.Errorf("the log has another key: %v", err)
	}
	first, second := prfOutputs("prf")
	gate := enrolment(t, w.Vault, w.user.ID, unlock.PasskeyGate)
	for method, proof := range map[unlock.Method]unlock.Proof{
		unlock.Passphrase:  unlock.ByPassphrase([]byte(passphrase)),
		unlock.Recovery:    unlock.ByRecovery(entropy),
		unlock.PasskeyPRF:  unlock.ByPRF(first, second),
		unlock.PasskeyGate: unlock.ByGate(gate.DeviceKey),
	} {
		v := w.open(w.store)
		id := enrolment(t, v, w.user.ID, method).ID
		if _, err := v.Unlock(t.Context(), at("vault.unlock"), w.user.ID, id, proof, 8); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if err := sign(t, v, key.KID); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	next, _ := w.Share()
	a, err1 := quickOps{}.DeriveBytes(t.Context(), old.Base, nil, nil, 32)
	b, err2 := quickOps{}.DeriveBytes(t.Context(), next.Base, nil, nil, 32)
	if err1 != nil || err2 != nil || slices.Equal(a, b) || next.Generation != 3 {
		t.Errorf("the vault key is the one of before: %v, %v", err1, err2)
	}
	expectError(t, "the session of before", w.open(w.store).Adopt(t.Context(), old), vault.ErrLocked)
	verifyLog(t, w.Vault)
}

func TestRotationInOneTabEndsTheSessionInOthersUntilItIsShared(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	both := tabs(t, w)
	if err := prove(t, both[0], w.user.ID).Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectError(t, "the other tab", sign(t, both[1], key.KID), vault.ErrLocked)
	shared, _ := both[0].Share()
	if err := both[1].Adopt(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	if err := sign(t, both[1], key.KID); err != nil {
		t.Error(err)
	}
}

// enrolmentOf makes an enrolment record of an attacker: a key pair whose private
// half the attacker can open, with a vault key of the attacker's.
func plant(t *testing.T, store *vaulttest.MemStore, user, id string) {
	t.Helper()
	secret, err := quickOps{}.GenerateSecret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	env := unlock.Env{Keys: quickOps{}, Random: zeros{}}
	e, _, err := unlock.Enrol(t.Context(), env, unlock.Slot{User: user, ID: id}, "Mine", now, secret, 1,
		unlock.WithRecovery([]byte("attacker's words")))
	if err != nil {
		t.Fatal(err)
	}
	ref := vault.Ref{Collection: user + "/enrolments", Key: id}
	record, _ := store.Get(t.Context(), ref)
	store.Put(ref, vault.Record{Version: max(1, record.Version), Value: e.Marshal()})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// The next vault key is sent to nobody whom the person did not enrol.
func TestPlantedEnrolmentsGetNoVaultKey(t *testing.T) {
	const planted = "AAAAAAAAAAAAAAAAAAAAAA"
	for name, id := range map[string]string{"added": planted, "replaced": ""} {
		t.Run(name, func(t *testing.T) {
			w := setUp(t)
			if id == "" {
				id = enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID
			}
			plant(t, w.store, w.user.ID, id)
			_, err := w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, id, unlock.ByRecovery([]byte("attacker's words")), 0)
			if !isRecordError(err) && !errors.Is(err, vault.ErrRoster) {
				t.Errorf("Unlock by it: %v", err)
			}
			p := prove(t, w.Vault, w.user.ID)
			expectError(t, "Rotate", p.Rotate(t.Context()), vault.ErrRoster)
			_, err = p.AddEnrolment(t.Context(), "x", byGate("x").Enroller)
			expectError(t, "AddEnrolment", err, vault.ErrRoster)
			infos, err := w.Enrolments(t.Context(), w.user.ID)
			i := slices.IndexFunc(infos, func(e vault.EnrolmentInfo) bool { return e.ID == id })
			if err != nil || i < 0 || infos[i].Damaged == "" {
				t.Errorf("Enrolments = %+v, %v; want it reported", infos, err)
			}
			if err := p.RemoveEnrolment(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if err := p.Rotate(t.Context()); err != nil {
				t.Errorf("after its removal: %v", err)
			}
		})
	}
}

func TestMissingEnrolmentIsNoticedAndCanBeGivenUp(t *testing.T) {
	w := setUp(t)
	recovery := enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID
	w.store.Put(vault.Ref{Collection: w.user.ID + "/enrolments", Key: recovery}, vault.Record{})
	p := prove(t, w.Vault, w.user.ID)
	err := p.Rotate(t.Context())
	if found, _ := errors.AsType[*vault.RosterError](err); found == nil || !slices.Equal(found.Missing, []string{recovery}) {
		t.Errorf("Rotate: %v, want the missing one", err)
	}
	if err := p.RemoveEnrolment(t.Context(), recovery); err != nil {
		t.Fatal(err)
	}
	if err := p.Rotate(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestVaultWithoutItsRosterStaysLocked(t *testing.T) {
	w := setUp(t)
	ref := vault.Ref{Collection: w.user.ID + "/state", Key: "roster"}
	w.store.Put(ref, vault.Record{})
	if err := tryPassphrase(t, w.Vault, w.user.ID, passphrase); !isRecordError(err) {
		t.Errorf("Unlock: %v, want a RecordError", err)
	}
}

// The first user who is set up takes over the keys of the releases without
// users, in the transaction of the set-up.
func TestFirstUserAdoptsTheKeysOfThePreviousRelease(t *testing.T) {
	w := newWorld()
	kids := plantOldKeys(t, w.store, 3)
	unknown := vault.Ref{Collection: "vapid", Key: app + " unknown"}
	w.store.Put(unknown, vault.Record{Version: 1, Value: []byte(`{"format":"kms-enclave-vapid-key/9"}`)})
	w.user = w.create(t, "Ada", byPassphrase(passphrase))
	for _, kid := range kids {
		if err := sign(t, w.Vault, kid); err != nil {
			t.Error(err)
		}
		key, err := w.VAPIDPublicKey(t.Context(), at("vapid.publicKey"), kid)
		if err != nil || key.Protection != vault.ProtectionBrowser || key.Created != now-1 {
			t.Errorf("key = %+v, %v", key, err)
		}
	}
	refs, err := w.store.List(t.Context(), "vapid")
	if err != nil || !slices.Equal(refs, []vault.Ref{unknown}) {
		t.Errorf("old records = %v, %v; want only the one of an unknown version", refs, err)
	}
	if err := prove(t, w.Vault, w.user.ID).Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sign(t, w.Vault, kids[0]); err != nil {
		t.Errorf("after a rotation: %v", err)
	}
	verifyLog(t, w.Vault)

	plantOldKeys(t, w.store, 1)
	w.create(t, "Bob", byPassphrase(passphrase))
	if list, err := w.VAPIDList(t.Context(), at("vapid.list")); err != nil || len(list) != 0 {
		t.Errorf("the second user adopted %v, %v", list, err)
	}
}

// plantOldKeys writes VAPID keys as the previous release did.
func plantOldKeys(t *testing.T, store *vaulttest.MemStore, n int) []string {
	t.Helper()
	kids := make([]string, n)
	for i := range kids {
		handle, point, err := quickOps{}.GenerateP256(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		kids[i] = plantOldKey(t, store, handle, point)
	}
	return kids
}

func plantOldKey(t *testing.T, store *vaulttest.MemStore, handle keys.Handle, point []byte) string {
	t.Helper()
	old := record.OldVAPID{Origin: app, Key: publicKey(t, point), Created: now - 1}
	kid := old.Key.KeyID()
	ref := vault.Ref{Collection: "vapid", Key: app + " " + kid}
	store.Put(ref, vault.Record{Version: 1, Value: old.Marshal(), Handle: handle})
	return kid
}

func TestAdoptionThatCrashesLosesNothing(t *testing.T) {
	for _, after := range []bool{false, true} {
		for call := int64(1); ; call++ {
			w := newWorld()
			kids := plantOldKeys(t, w.store, 2)
			before := snapshot(w.store)
			store := &vaulttest.CrashStore{Store: w.store}
			store.Arm(call, after)
			_, err := w.open(store).CreateUser(t.Context(), at("vault.setup"), "Ada", []vault.NamedEnroller{byPassphrase(passphrase)})
			if snapshot(w.store) != before {
				users, err := w.Users(t.Context())
				if err != nil || len(users) != 1 {
					t.Fatal(users, err)
				}
				unlockBy(t, w.Vault, users[0].ID, passphrase)
				for _, kid := range kids {
					if err := sign(t, w.Vault, kid); err != nil {
						t.Errorf("call %d: %v", call, err)
					}
				}
				verifyLog(t, w.Vault)
			}
			if store.Calls() < call {
				if err != nil {
					t.Error(err)
				}
				break
			}
		}
	}
}

// Whoever can write the storage cannot put a key of theirs in the place of an
// adopted one.
func TestAdoptedKeyWithAnotherHandleIsRefused(t *testing.T) {
	w := newWorld()
	kid := plantOldKeys(t, w.store, 1)[0]
	w.user = w.create(t, "Ada", byPassphrase(passphrase))
	ref := vault.Ref{Collection: w.user.ID + "/vapid", Key: app + " " + kid}
	stored, err := w.store.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Handle, _, err = (quickOps{}).GenerateP256(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.store.Put(ref, stored)
	if err := sign(t, w.Vault, kid); !isRecordError(err) {
		t.Errorf("sign: %v, want a RecordError", err)
	}
}
