// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// tabs opens the vault in two tabs that share one session.
func tabs(t *testing.T, w *world) [2]*vault.Vault {
	t.Helper()
	shared, open := w.Share()
	if !open {
		t.Fatal("there is no session to share")
	}
	second := w.open(w.store)
	if err := second.Adopt(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	return [2]*vault.Vault{w.Vault, second}
}

// work does one operation of many kinds, chosen by n.
func work(t *testing.T, v *vault.Vault, n uint32, kid string) error {
	switch n % 8 {
	case 0:
		key, err := v.VAPIDGenerate(t.Context(), at("vapid.generate"))
		if err != nil {
			return err
		}
		if err := sign(t, v, key.KID); err != nil {
			return err
		}
		return v.VAPIDDelete(t.Context(), at("vapid.delete"), key.KID)
	case 1:
		v.Refused(t.Context(), from(other, "vapid.sign"), "not_granted")
		return v.Flush(t.Context(), true)
	case 2:
		_, err := v.VAPIDPublicKey(t.Context(), at("vapid.publicKey"), kid)
		return err
	case 3:
		return v.Grant(t.Context(), from(other, "vault.unlock"))
	case 4:
		class := []vault.Consent{vault.ConsentNone, vault.ConsentUnlocked, vault.ConsentConfirm}[n/8%3]
		return v.SetPolicy(t.Context(), at("vault.manage"), other, "vapid.sign", class)
	}
	return sign(t, v, kid)
}

// Two tabs do 1,000 mixed operations each: their log has no gap and no fork, and
// everything in it was signed by the key that it names.
//
// Mistake M14 (docs/mistakes.md).
func TestTwoTabsLeaveALogWithoutGapOrFork(t *testing.T) {
	const each = 1000
	for name, locks := range map[string]vault.Locker{"one lock": new(vaulttest.Locker), "no lock": vaulttest.NoLocker{}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.locks = locks
			w.Vault = w.open(w.store)
			w.user = w.create(t, "Ada", byPassphrase(passphrase))
			key := generate(t, w.Vault)
			before := len(entries(t, w.Vault))
			var group sync.WaitGroup
			var mutex sync.Mutex
			given := 0
			for i, v := range tabs(t, w) {
				random := rand.New(rand.NewPCG(1, uint64(i)))
				group.Go(func() {
					for range each {
						n := random.Uint32()
						err := work(t, v, n, key.KID)
						for name == "no lock" && errors.Is(err, vault.ErrConflict) {
							err = work(t, v, n, key.KID)
						}
						if err != nil {
							t.Errorf("operation %d: %v", n%8, err)
							return
						}
						mutex.Lock()
						given++
						mutex.Unlock()
					}
				})
			}
			group.Wait()
			result := verifyLog(t, w.Vault)
			t.Logf("%d operations, %d entries", given, result.Size)
			if given != 2*each || result.Size < int64(before+given/2) || result.Delegated != 0 {
				t.Errorf("%d operations, result %+v", given, result)
			}
		})
	}
}

// Two tabs that know nothing of each other's sessions work on one store too.
func TestTabsWithSessionsOfTheirOwnKeepOneLog(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	second := w.open(w.store)
	unlockBy(t, second, w.user.ID, passphrase)
	for range 20 {
		for _, v := range []*vault.Vault{w.Vault, second} {
			if err := sign(t, v, key.KID); err != nil {
				t.Fatal(err)
			}
		}
	}
	one, err1 := w.AuditCheckpoint(t.Context(), at("audit.checkpoint"))
	two, err2 := second.AuditCheckpoint(t.Context(), at("audit.checkpoint"))
	if err1 != nil || err2 != nil || one != two {
		t.Errorf("the tabs see different logs: %+v and %+v, %v, %v", one, two, err1, err2)
	}
	if err := second.VAPIDDelete(t.Context(), at("vapid.delete"), key.KID); err != nil {
		t.Fatal(err)
	}
	expectError(t, "sign in the other tab", sign(t, w.Vault, key.KID), vault.ErrNotFound)
	verifyLog(t, w.Vault)
}

func TestConcurrentDeletionsSucceedOnce(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() { errs <- w.VAPIDDelete(t.Context(), at("vapid.delete"), key.KID) }()
	}
	deleted := 0
	for range cap(errs) {
		switch err := <-errs; {
		case err == nil:
			deleted++
		case !errors.Is(err, vault.ErrNotFound):
			t.Errorf("error = %v, want ErrNotFound", err)
		}
	}
	if deleted != 1 {
		t.Errorf("%d deletions succeeded, want 1", deleted)
	}
}

func TestConcurrentSetUpsMakeUsersThatAllOpen(t *testing.T) {
	w := newWorld()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			v := w.open(w.store)
			_, err := v.CreateUser(t.Context(), at("vault.setup"), "Ada", []vault.NamedEnroller{byPassphrase(passphrase)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	users, err := w.Users(t.Context())
	if err != nil || len(users) != 8 {
		t.Fatalf("%d users, %v; want 8", len(users), err)
	}
	for _, u := range users {
		unlockBy(t, w.Vault, u.ID, passphrase)
		verifyLog(t, w.Vault)
	}
	if !slices.IsSortedFunc(users, func(a, b vault.User) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	}) {
		t.Error("users are not sorted by id")
	}
}
