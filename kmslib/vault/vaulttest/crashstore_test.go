// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

func TestCrashStoreThatIsNotArmedConforms(t *testing.T) {
	vaulttest.TestStore(t, func(*testing.T) vault.Store {
		return &vaulttest.CrashStore{Store: new(vaulttest.MemStore)}
	})
}

func TestCrashStoreCrashesBeforeOrAfterTheCallAndForGood(t *testing.T) {
	ref := vault.Ref{Collection: "test", Key: "a"}
	for _, after := range []bool{false, true} {
		memory := new(vaulttest.MemStore)
		store := &vaulttest.CrashStore{Store: memory}
		store.Arm(2, after)
		if refs, err := store.List(t.Context(), "test"); err != nil || len(refs) != 0 {
			t.Errorf("the call before: %v, %v", refs, err)
		}
		if err := store.Commit(t.Context(), []vault.Change{{Ref: ref}}); !errors.Is(err, vaulttest.ErrCrashed) {
			t.Errorf("Commit: %v, want ErrCrashed", err)
		}
		if done := len(memory.All()) == 1; done != after {
			t.Errorf("committed: %v, want %v", done, after)
		}
		if _, err := store.Get(t.Context(), ref); !errors.Is(err, vaulttest.ErrCrashed) {
			t.Errorf("Get: %v, want ErrCrashed", err)
		}
		if store.Calls() != 3 {
			t.Errorf("%d calls, want 3", store.Calls())
		}
	}
}

func TestCloneIsAnotherStore(t *testing.T) {
	one := new(vaulttest.MemStore)
	ref := vault.Ref{Collection: "test", Key: "a"}
	one.Put(ref, vault.Record{Version: 7, Value: []byte("one")})
	two := one.Clone()
	two.Put(ref, vault.Record{})
	if len(two.All()) != 0 || len(one.All()) != 1 || string(one.All()[0].Value) != "one" {
		t.Errorf("stores hold %v and %v", one.All(), two.All())
	}
}

func TestLockerLetsInOneAtATime(t *testing.T) {
	locker := new(vaulttest.Locker)
	release, err := locker.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	other, err := locker.Lock(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	other()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := locker.Lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second holder: %v, want the context's error", err)
	}
	release()
	if release, err = locker.Lock(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	release()
}
