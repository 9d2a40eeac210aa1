// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// ids returns the ids of the user's enrolments.
func ids(t *testing.T, v *vault.Vault, user string) []string {
	t.Helper()
	infos, err := v.Enrolments(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]string, len(infos))
	for i, info := range infos {
		list[i] = info.ID
	}
	return list
}

// An enrolment that is added carries the vault key that is in use, and leaves the
// others as they were, also those by the same method.
//
// Mistake M07 (docs/mistakes.md).
func TestAddedEnrolmentsOpenTheSameVaultBesideTheOthers(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	p := prove(t, w.Vault, w.user.ID)
	one, err := p.AddEnrolment(t.Context(), "Blue key", byPRF("blue").Enroller)
	if err != nil {
		t.Fatal(err)
	}
	two, err := p.AddEnrolment(t.Context(), "Red key", byPRF("red").Enroller)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	blue1, blue2 := prfOutputs("blue")
	red1, red2 := prfOutputs("red")
	for id, proof := range map[string]unlock.Proof{one.ID: unlock.ByPRF(blue1, blue2), two.ID: unlock.ByPRF(red1, red2)} {
		v := w.open(w.store)
		if _, err := v.Unlock(t.Context(), at("vault.unlock"), w.user.ID, id, proof, 8); err != nil {
			t.Fatal(err)
		}
		if err := sign(t, v, key.KID); err != nil {
			t.Error(err)
		}
	}
	_, err = w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, one.ID, unlock.ByPRF(red1, red2), 9)
	expectError(t, "another passkey's answer", err, unlock.ErrPRFChanged)
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if err := tryRecovery(t, w.Vault, w.user.ID); err != nil {
		t.Error(err)
	}
	verifyLog(t, w.Vault)
}

func TestOnePasskeyIsEnrolledOnce(t *testing.T) {
	w := setUp(t)
	p := prove(t, w.Vault, w.user.ID)
	for i := range 2 {
		_, err := p.AddEnrolment(t.Context(), "Key", byGate("same").Enroller)
		if refused, _ := errors.AsType[*vault.InputError](err); (refused != nil) != (i == 1) {
			t.Errorf("addition %d: %v", i+1, err)
		}
	}
}

// Mistake M09 (docs/mistakes.md).
func TestRemovedEnrolmentIsGoneAndDoesNotOpenAnyMore(t *testing.T) {
	w := setUp(t)
	recovery := enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID
	old := w.store.Clone()
	if err := prove(t, w.Vault, w.user.ID).RemoveEnrolment(t.Context(), recovery); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(ids(t, w.Vault, w.user.ID), recovery) {
		t.Error("it is still listed")
	}
	_, err := w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, recovery, unlock.ByRecovery(entropy), 0)
	expectError(t, "Unlock", err, vault.ErrNotFound)

	// Nor does it when somebody puts the record back.
	ref := vault.Ref{Collection: w.user.ID + "/enrolments", Key: recovery}
	record, _ := old.Get(t.Context(), ref)
	w.store.Put(ref, record)
	_, err = w.Unlock(t.Context(), at("vault.unlock"), w.user.ID, recovery, unlock.ByRecovery(entropy), 0)
	expectError(t, "Unlock by the record of before", err, vault.ErrRoster)
	if got := last(t, w.Vault); got != "enrolment.remove ok recovery" {
		t.Errorf("last entry = %s", got)
	}
	verifyLog(t, w.Vault)
}

// Mistake M10 (docs/mistakes.md).
func TestRemovalByAnyOtherNameRemovesNothing(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	p := prove(t, w.Vault, w.user.ID)
	before := snapshot(w.store)
	for _, name := range []string{
		"", "roster", "log-key", "log-head", "delegate", w.user.ID, "../state/roster", app + " " + key.KID, "0000000000000000",
	} {
		expectError(t, "removal of "+name, p.RemoveEnrolment(t.Context(), name), vault.ErrNotFound)
	}
	if snapshot(w.store) != before {
		t.Error("something was removed")
	}
}

// Mistake M11 (docs/mistakes.md).
func TestLastEnrolmentCannotBeRemoved(t *testing.T) {
	w := setUp(t)
	p := prove(t, w.Vault, w.user.ID)
	expectError(t, "the one that proved", p.RemoveEnrolment(t.Context(), p.Enrolment()), vault.ErrSameEnrolment)
	if err := p.RemoveEnrolment(t.Context(), enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID); err != nil {
		t.Fatal(err)
	}
	expectError(t, "the last", p.RemoveEnrolment(t.Context(), p.Enrolment()), vault.ErrLastEnrolment)
	unlockBy(t, w.Vault, w.user.ID, passphrase)
}

// Of two that prove by one enrolment each and remove the other's, one fails.
func TestTwoCannotRemoveEachOther(t *testing.T) {
	w := setUp(t)
	one := prove(t, w.Vault, w.user.ID)
	recovery := enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID
	two, err := w.Prove(t.Context(), at("vault.manage"), w.user.ID, recovery, unlock.ByRecovery(entropy), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.RemoveEnrolment(t.Context(), recovery); err != nil {
		t.Fatal(err)
	}
	expectError(t, "the second", two.RemoveEnrolment(t.Context(), one.Enrolment()), vault.ErrProofExpired)
}

func TestRenamedEnrolmentHasItsNewLabelAndStillOpens(t *testing.T) {
	w := setUp(t)
	p := prove(t, w.Vault, w.user.ID)
	if err := p.RenameEnrolment(t.Context(), p.Enrolment(), "At home"); err != nil {
		t.Fatal(err)
	}
	if got := enrolment(t, w.Vault, w.user.ID, unlock.Passphrase).Label; got != "At home" {
		t.Errorf("label = %q", got)
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	expectError(t, "bad label", p.RenameEnrolment(t.Context(), p.Enrolment(), "a\nb"), unlock.ErrLabel)
	expectError(t, "unknown", p.RenameEnrolment(t.Context(), "AAAAAAAAAAAAAAAAAAAAAA", "x"), vault.ErrNotFound)
}

func TestChangedPassphraseOpensAndTheOldOneDoesNot(t *testing.T) {
	w := setUp(t)
	p := prove(t, w.Vault, w.user.ID)
	if err := p.ChangePassphrase(t.Context(), p.Enrolment(), byPassphrase("another horse battery").Enroller); err != nil {
		t.Fatal(err)
	}
	info := enrolment(t, w.Vault, w.user.ID, unlock.Passphrase)
	if info.ID != p.Enrolment() || info.Label != "My passphrase" {
		t.Errorf("enrolment = %+v", info)
	}
	expectError(t, "the old one", tryPassphrase(t, w.Vault, w.user.ID, passphrase), unlock.ErrWrongSecret)
	unlockBy(t, w.Vault, w.user.ID, "another horse battery")
	weak := p.ChangePassphrase(t.Context(), p.Enrolment(), byPassphrase("aaaaaaaaaaaaaaaa").Enroller)
	if _, refused := errors.AsType[*unlock.PassphraseError](weak); !refused {
		t.Errorf("a weak one: %v, want a PassphraseError", weak)
	}
	recovery := enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID
	err := p.ChangePassphrase(t.Context(), recovery, byPassphrase("another horse battery").Enroller)
	if _, refused := errors.AsType[*vault.InputError](err); !refused {
		t.Errorf("in place of a recovery key: %v, want an InputError", err)
	}
	if err := tryRecovery(t, w.Vault, w.user.ID); err != nil {
		t.Error(err)
	}
}

func TestProofEnds(t *testing.T) {
	w := setUp(t)
	recovery := enrolment(t, w.Vault, w.user.ID, unlock.Recovery).ID
	operations := map[string]func(*vault.Proven) error{
		"add": func(p *vault.Proven) error {
			_, err := p.AddEnrolment(t.Context(), "x", byGate("x").Enroller)
			return err
		},
		"remove": func(p *vault.Proven) error { return p.RemoveEnrolment(t.Context(), recovery) },
		"rename": func(p *vault.Proven) error { return p.RenameEnrolment(t.Context(), recovery, "x") },
		"change": func(p *vault.Proven) error {
			return p.ChangePassphrase(t.Context(), p.Enrolment(), byPassphrase("another horse battery").Enroller)
		},
		"rotate": func(p *vault.Proven) error { return p.Rotate(t.Context()) },
		"reset":  func(p *vault.Proven) error { return p.Reset(t.Context()) },
	}
	late := prove(t, w.Vault, w.user.ID)
	w.clock.Advance(vault.ProofLifetime)
	before := snapshot(w.store)
	for name, run := range operations {
		expectError(t, name+" too late", run(late), vault.ErrProofExpired)
	}
	if snapshot(w.store) != before {
		t.Error("a proof that was over changed something")
	}
	stale := prove(t, w.Vault, w.user.ID)
	if err := prove(t, w.Vault, w.user.ID).Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	before = snapshot(w.store)
	for name, run := range operations {
		expectError(t, name+" after a rotation elsewhere", run(stale), vault.ErrProofExpired)
	}
	if snapshot(w.store) != before {
		t.Error("a proof of another vault key changed something")
	}
}

// What changes enrolments or ends a vault needs a proof or the typed name; there
// is no other way to it, and neither the wrong name nor a wrong secret is one.
//
// Mistake M25 (docs/mistakes.md).
func TestResetNeedsAuthority(t *testing.T) {
	w := setUp(t)
	generate(t, w.Vault)
	for _, typed := range []string{"", "ada", "Ada ", "Bob"} {
		expectError(t, "typed "+typed, w.ResetUnproven(t.Context(), at("vault.reset"), w.user.ID, typed), vault.ErrConfirmation)
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	if err := w.ResetUnproven(t.Context(), at("vault.reset"), w.user.ID, "Ada"); err != nil {
		t.Fatal(err)
	}
	result := judge(t, exportOf(t, w.Vault, w.user.ID))
	if result.Delegated != 1 {
		t.Errorf("%d delegated entries, want the reset", result.Delegated)
	}
	expectGone(t, w)
}

func expectGone(t *testing.T, w *world) {
	t.Helper()
	if state, n, err := w.CheckState(t.Context()); state != vault.StateEmpty || n != 0 || err != nil {
		t.Errorf("CheckState = %v, %d, %v", state, n, err)
	}
	users, err := w.Users(t.Context())
	if err != nil || len(users) != 1 || !users[0].Reset {
		t.Errorf("Users = %+v, %v", users, err)
	}
	_, err = w.Enrolments(t.Context(), w.user.ID)
	expectError(t, "Enrolments", err, vault.ErrNotFound)
	for _, e := range w.store.All() {
		kind := kindOf(e.Ref)
		if kind != "users" && kind != "audit" && kind != "certificates" && kind != "log-head" {
			t.Errorf("%v is left", e.Ref)
		}
	}
}

func TestProvenResetIsSignedByTheLogKeyAndEndsTheSession(t *testing.T) {
	w := setUp(t)
	generate(t, w.Vault)
	both := tabs(t, w)
	if err := prove(t, w.Vault, w.user.ID).Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := both[1].VAPIDGenerate(t.Context(), at("vapid.generate"))
	if !errors.Is(err, vault.ErrNotFound) && !errors.Is(err, vault.ErrLocked) {
		t.Errorf("in the other tab: %v", err)
	}
	if _, open := w.Session(); open {
		t.Error("there still is a session")
	}
	if result := judge(t, exportOf(t, w.Vault, w.user.ID)); result.Delegated != 0 {
		t.Errorf("%d delegated entries", result.Delegated)
	}
	expectGone(t, w)
	w.create(t, "Ada", byPassphrase(passphrase)) // and begins anew
}

func TestResetWithoutADelegateIsDoneUnlogged(t *testing.T) {
	w := setUp(t)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	w.store.Put(vault.Ref{Collection: w.user.ID + "/state", Key: "delegate"}, vault.Record{})
	if err := w.ResetUnproven(t.Context(), at("vault.reset"), w.user.ID, "Ada"); err != nil {
		t.Fatal(err)
	}
	expectGone(t, w)
	judge(t, exportOf(t, w.Vault, w.user.ID))
}

func TestLogOfAUserWhoWasNotResetIsNotExportedWithoutASession(t *testing.T) {
	w := setUp(t)
	_, err := w.AuditExportOf(t.Context(), w.user.ID, 0, 0, 1000)
	expectError(t, "AuditExportOf", err, vault.ErrLocked)
}
