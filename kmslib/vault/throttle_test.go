// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// wait returns how long the user has to wait, in seconds.
func wait(t *testing.T, v *vault.Vault, user string) int64 {
	t.Helper()
	ms, err := v.RetryAfter(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return ms / 1000
}

func TestDelayGrowsWithEachFailureAndSurvivesAReload(t *testing.T) {
	w := setUp(t)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900} {
		v := w.open(w.store) // as after a reload
		expectError(t, "wrong passphrase", tryPassphrase(t, v, w.user.ID, wrong), unlock.ErrWrongSecret)
		if got := wait(t, w.open(w.store), w.user.ID); got != want {
			t.Errorf("after %d failures: wait %d s, want %d", i+1, got, want)
		}
		if want > 0 {
			err := tryPassphrase(t, w.open(w.store), w.user.ID, passphrase)
			refused, ok := errors.AsType[*vault.ThrottledError](err)
			if !ok || refused.RetryAfter != 1000*want {
				t.Errorf("right passphrase too early: %v, want ThrottledError of %d s", err, want)
			}
			expectError(t, "CheckAttempt", w.CheckAttempt(t.Context(), w.user.ID), vault.ErrThrottled)
		}
		w.clock.Advance(want)
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if got := wait(t, w.Vault, w.user.ID); got != 0 {
		t.Errorf("after a success: wait %d s, want none", got)
	}
	verifyLog(t, w.Vault)
}

func TestSuccessForgivesAllFailures(t *testing.T) {
	w := setUp(t)
	for range 3 {
		for range 2 {
			expectError(t, "wrong", tryPassphrase(t, w.Vault, w.user.ID, wrong), unlock.ErrWrongSecret)
		}
		unlockBy(t, w.Vault, w.user.ID, passphrase)
	}
	if got := wait(t, w.Vault, w.user.ID); got != 0 {
		t.Errorf("wait %d s, want none", got)
	}
}

// Many attempts at once, in many tabs, with no lock to keep them apart: no more
// of them are judged than may be without a delay, and each of those counts.
//
// Mistake M16 (docs/mistakes.md).
func TestParallelAttemptsEachCount(t *testing.T) {
	for name, locks := range map[string]vault.Locker{"one lock": new(vaulttest.Locker), "no lock": vaulttest.NoLocker{}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.locks = locks
			w.Vault = w.open(w.store)
			w.user = w.create(t, "Ada", byPassphrase(passphrase))
			if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
				t.Fatal(err)
			}
			id := enrolment(t, w.Vault, w.user.ID, unlock.Passphrase).ID
			const attempts = 100
			errs := make(chan error, attempts)
			for range attempts {
				go func() {
					v := w.open(w.store)
					_, err := v.Unlock(t.Context(), at("vault.unlock"), w.user.ID, id, unlock.ByPassphrase([]byte(wrong)), 0)
					errs <- err
				}()
			}
			judged := 0
			for range attempts {
				switch err := <-errs; {
				case errors.Is(err, unlock.ErrWrongSecret):
					judged++
				case !errors.Is(err, vault.ErrThrottled) && !errors.Is(err, vault.ErrConflict):
					t.Errorf("error = %v", err)
				}
			}
			if judged != 3 {
				t.Errorf("%d attempts were judged, want 3", judged)
			}
			if got := wait(t, w.Vault, w.user.ID); got != 5 {
				t.Errorf("wait %d s, want 5", got)
			}
			w.clock.Advance(5)
			unlockBy(t, w.Vault, w.user.ID, passphrase)
			wrongs := 0
			for _, e := range entries(t, w.Vault) {
				if e.Outcome == "wrong_credential" {
					wrongs++
				}
			}
			if wrongs != judged {
				t.Errorf("%d failures in the log, want %d", wrongs, judged)
			}
			verifyLog(t, w.Vault)
		})
	}
}

func TestClockSetBackDoesNotLockOutForLong(t *testing.T) {
	w := setUp(t)
	for range 3 {
		expectError(t, "wrong", tryPassphrase(t, w.Vault, w.user.ID, wrong), unlock.ErrWrongSecret)
	}
	w.clock.Advance(-1_000_000)
	if got := wait(t, w.Vault, w.user.ID); got != 5 {
		t.Errorf("wait %d s, want 5", got)
	}
}

func TestFailuresThatTheDelegateCannotSignAreCountedAndLoggedAtTheUnlock(t *testing.T) {
	w := setUp(t)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	old := release
	t.Cleanup(func() { release = old })
	release = "77" + release[2:] // an update: the certificate is for the release before
	v := w.open(w.store)
	for range 2 {
		expectError(t, "wrong", tryPassphrase(t, v, w.user.ID, wrong), unlock.ErrWrongSecret)
	}
	expectError(t, "third", tryPassphrase(t, v, w.user.ID, wrong), unlock.ErrWrongSecret)
	expectError(t, "fourth", tryPassphrase(t, v, w.user.ID, passphrase), vault.ErrThrottled)
	w.clock.Advance(5)
	unlockBy(t, v, w.user.ID, passphrase)
	all := entries(t, v)
	late := all[len(all)-2]
	if late.Outcome != "wrong_credential" || late.Repeats != 3 || late.Detail != "logged-late" || late.Delegated {
		t.Errorf("entry = %+v, want three failures that the log key signed", late)
	}
	if err := v.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	expectError(t, "wrong", tryPassphrase(t, v, w.user.ID, wrong), unlock.ErrWrongSecret) // by the renewed certificate
	unlockBy(t, v, w.user.ID, passphrase)
	if result := verifyLog(t, v); result.Delegated != 1 || result.Certificates != 2 {
		t.Errorf("result = %+v", result)
	}
}

func TestFailedAssertionsCountAndAreLogged(t *testing.T) {
	w := setUp(t)
	for range 3 {
		if err := w.RecordFailure(t.Context(), at("vault.unlock"), w.user.ID, "wrong_credential"); err != nil {
			t.Fatal(err)
		}
	}
	expectError(t, "then", tryPassphrase(t, w.Vault, w.user.ID, passphrase), vault.ErrThrottled)
	if got := last(t, w.Vault); got != "vault.unlock rate_limited" {
		t.Errorf("last entry = %s", got)
	}
}

func TestProofsAreThrottledLikeUnlocks(t *testing.T) {
	w := setUp(t)
	id := enrolment(t, w.Vault, w.user.ID, unlock.Passphrase).ID
	for range 3 {
		_, err := w.Prove(t.Context(), at("vault.manage"), w.user.ID, id, unlock.ByPassphrase([]byte(wrong)), 0)
		expectError(t, "Prove", err, unlock.ErrWrongSecret)
	}
	_, err := w.Prove(t.Context(), at("vault.manage"), w.user.ID, id, unlock.ByPassphrase([]byte(passphrase)), 0)
	expectError(t, "Prove", err, vault.ErrThrottled)
	expectError(t, "Unlock", tryPassphrase(t, w.Vault, w.user.ID, passphrase), vault.ErrThrottled)
}
