// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

func TestSessionEndsWhenIdle(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for range 3 {
		w.clock.Advance(vault.IdleLimit - 1)
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatalf("sign within the limit: %v", err)
		}
	}
	if end, ok := w.NextDeadline(); !ok || end != w.clock.Now()+vault.IdleLimit {
		t.Errorf("NextDeadline = %d, %v", end, ok)
	}
	w.clock.Advance(vault.IdleLimit)
	if _, open := w.Session(); open {
		t.Error("there still is a session")
	}
	expectError(t, "sign", sign(t, w.Vault, key.KID), vault.ErrLocked)
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if all := entries(t, w.Vault); all[len(all)-2].Method != "vault.lock" || all[len(all)-2].Detail != "idle" {
		t.Errorf("entry = %+v, want the end of the session", all[len(all)-2])
	}
	verifyLog(t, w.Vault)
}

func TestSessionEndsAtItsAbsoluteLimitHoweverMuchItIsUsed(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for w.clock.Now() < now+vault.AbsoluteLimit-600 {
		w.clock.Advance(600)
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
	}
	if end, _ := w.NextDeadline(); end != now+vault.AbsoluteLimit {
		t.Errorf("NextDeadline = %d, want the absolute limit", end)
	}
	w.clock.Advance(600)
	if ended, err := w.Expire(t.Context()); !ended || err != nil {
		t.Errorf("Expire = %v, %v", ended, err)
	}
	expectError(t, "sign", sign(t, w.Vault, key.KID), vault.ErrLocked)
	if ended, err := w.Expire(t.Context()); ended || err != nil {
		t.Errorf("second Expire = %v, %v", ended, err)
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if all := entries(t, w.Vault); all[len(all)-2].Detail != "time-limit" {
		t.Errorf("entry = %+v, want the time limit", all[len(all)-2])
	}
}

func TestSessionOfAGateLastsFiveMinutesWhateverHappens(t *testing.T) {
	w := newWorld()
	w.user = w.create(t, "Ada", byGate("gate"))
	key := generate(t, w.Vault)
	for range 4 {
		w.clock.Advance(60)
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(60)
	expectError(t, "sign", sign(t, w.Vault, key.KID), vault.ErrLocked)
}

func TestSessionIsOverWhenTheClockIsSetBack(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	w.clock.Advance(-3600)
	expectError(t, "sign", sign(t, w.Vault, key.KID), vault.ErrLocked)
}

func TestSessionIsOpenForTheOriginsItWasGrantedTo(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	ask := from(other, "vapid.generate")
	_, err := w.VAPIDGenerate(t.Context(), ask)
	expectError(t, "before the grant", err, vault.ErrNotGranted)
	_, err = w.Authorize(t.Context(), ask, vault.ConsentUnlocked)
	expectError(t, "Authorize", err, vault.ErrNotGranted)
	if err := w.Grant(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	theirs, err := w.VAPIDGenerate(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.VAPIDSign(t.Context(), ask, request(key.KID))
	expectError(t, "the other origin's key", err, vault.ErrNotFound)
	expectError(t, "the same the other way", sign(t, w.Vault, theirs.KID), vault.ErrNotFound)
	info, _ := w.Session()
	if !slices.Equal(info.Grants, []string{app, other}) {
		t.Errorf("Grants = %v", info.Grants)
	}
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	_, err = w.VAPIDGenerate(t.Context(), ask)
	expectError(t, "a grant does not outlive its session", err, vault.ErrNotGranted)
}

func TestLockInOneTabLocksAll(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	both := tabs(t, w)
	if err := both[0].Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	// The other tab was told nothing: it finds out by the storage.
	expectError(t, "sign in the other tab", sign(t, both[1], key.KID), vault.ErrLocked)
	if _, open := both[1].Session(); open {
		t.Error("the other tab still has a session")
	}
	if _, shared := both[1].Share(); shared {
		t.Error("the other tab still shares the session")
	}
}

func TestLockedSessionCannotBeAdopted(t *testing.T) {
	w := setUp(t)
	shared, _ := w.Share()
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	expectError(t, "Adopt", w.open(w.store).Adopt(t.Context(), shared), vault.ErrLocked)
}

func TestAdoptedSessionIsTheSame(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	w.clock.Advance(100)
	if err := w.Grant(t.Context(), from(other, "vault.unlock")); err != nil {
		t.Fatal(err)
	}
	both := tabs(t, w)
	one, _ := both[0].Session()
	two, open := both[1].Session()
	if !open || one.ID != two.ID || one.Ends != two.Ends || one.IdleEnds != two.IdleEnds || !slices.Equal(one.Grants, two.Grants) {
		t.Errorf("sessions = %+v and %+v", one, two)
	}
	if err := sign(t, both[1], key.KID); err != nil {
		t.Error(err)
	}
	// Use in one tab is use in the other once it is told.
	w.clock.Advance(vault.IdleLimit - 1)
	if err := sign(t, both[1], key.KID); err != nil {
		t.Fatal(err)
	}
	both[0].Used(one.ID, w.clock.Now())
	w.clock.Advance(1)
	if err := sign(t, both[0], key.KID); err != nil {
		t.Errorf("the use in the other tab did not count: %v", err)
	}
	both[0].Used("another", w.clock.Now()+50)
	both[0].Used(one.ID, w.clock.Now()+1_000_000)
	if info, _ := both[0].Session(); info.IdleEnds != w.clock.Now()+vault.IdleLimit {
		t.Errorf("IdleEnds = %d, want no more than the limit from now", info.IdleEnds)
	}
}

func TestImpossibleSessionsAreNotAdopted(t *testing.T) {
	w := setUp(t)
	second := newWorld()
	second.create(t, "Eve", byPassphrase(passphrase))
	stolen, _ := second.Share()
	good, _ := w.Share()
	for name, change := range map[string]func(*vault.Shared){
		"no key":             func(s *vault.Shared) { s.Base = nil },
		"another key":        func(s *vault.Shared) { s.Base = stolen.Base },
		"another generation": func(s *vault.Shared) { s.Generation++ },
		"another epoch":      func(s *vault.Shared) { s.Epoch++ },
		"too long":           func(s *vault.Shared) { s.Ends++ },
		"a gate for hours":   func(s *vault.Shared) { s.Method = string(unlock.PasskeyGate) },
		"unknown method":     func(s *vault.Shared) { s.Method = "password" },
		"over":               func(s *vault.Shared) { s.Started, s.Used, s.Ends = s.Started-9000, s.Used-9000, s.Ends-9000 },
		"from the future":    func(s *vault.Shared) { s.Started, s.Used, s.Ends = s.Started+9000, s.Used+9000, s.Ends+9000 },
		"unknown user":       func(s *vault.Shared) { s.User = stolen.User },
		"no user":            func(s *vault.Shared) { s.User = "" },
		"no origin":          func(s *vault.Shared) { s.Grants = []string{"null"} },
	} {
		shared := good
		change(&shared)
		v := w.open(w.store)
		if err := v.Adopt(t.Context(), shared); err == nil {
			t.Errorf("%s: adopted", name)
		}
		if _, open := v.Session(); open {
			t.Errorf("%s: there is a session", name)
		}
	}
}

func TestOnlyOneUserIsOpenAtATime(t *testing.T) {
	w := setUp(t)
	both := tabs(t, w)
	bob := w.create(t, "Bob", byPassphrase(passphrase))
	if info, _ := both[0].Session(); info.User != bob.ID {
		t.Errorf("Session = %+v, want Bob's", info)
	}
	_, err := both[1].VAPIDGenerate(t.Context(), at("vapid.generate"))
	expectError(t, "Ada's session in the other tab", err, vault.ErrLocked)
}

func TestExpiryInTwoTabsIsLoggedOnce(t *testing.T) {
	w := setUp(t)
	both := tabs(t, w)
	w.clock.Advance(vault.IdleLimit)
	for _, v := range both {
		if ended, err := v.Expire(t.Context()); !ended || err != nil {
			t.Fatalf("Expire = %v, %v", ended, err)
		}
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	locks := 0
	for _, e := range entries(t, w.Vault) {
		if e.Method == "vault.lock" {
			locks++
		}
	}
	if locks != 1 {
		t.Errorf("%d entries of the end, want 1", locks)
	}
}

func TestWithoutAnyUserTheVaultIsNotSetUp(t *testing.T) {
	w := newWorld()
	_, err := w.VAPIDGenerate(t.Context(), at("vapid.generate"))
	expectError(t, "VAPIDGenerate", err, vault.ErrNotSetUp)
	_, err = w.Authorize(t.Context(), at("vapid.sign"), vault.ConsentUnlocked)
	expectError(t, "Authorize", err, vault.ErrNotSetUp)
	if state, n, err := w.CheckState(t.Context()); state != vault.StateEmpty || n != 0 || err != nil {
		t.Errorf("CheckState = %v, %d, %v", state, n, err)
	}
}

func TestForgottenSessionIsGoneWithoutAnEntry(t *testing.T) {
	w := setUp(t)
	before := snapshot(w.store)
	if !w.Forget() || w.Forget() {
		t.Error("Forget: want true, then false")
	}
	if _, open := w.Session(); open || snapshot(w.store) != before {
		t.Error("there is a session, or the store changed")
	}
}

func TestEventsTellWhatHappened(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	w.events = nil
	w.clock.Advance(60)
	if err := sign(t, w.Vault, key.KID); err != nil {
		t.Fatal(err)
	}
	head, err := w.AuditCheckpoint(t.Context(), at("audit.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.events) != 2 || w.events[0].Kind != vault.EventCheckpoint || w.events[1].Kind != vault.EventUsed ||
		w.events[0].Checkpoint != head.Checkpoint || w.events[0].Size != head.Size || w.events[0].User != w.user.ID {
		t.Errorf("events = %+v", w.events)
	}
	w.events = nil
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	if len(w.events) != 2 || w.events[1].Kind != vault.EventState {
		t.Errorf("events = %+v", w.events)
	}
}
