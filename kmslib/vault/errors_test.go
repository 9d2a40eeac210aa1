// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

func TestErrorsSayWhatFailedAndKeepTheirCause(t *testing.T) {
	cause := errors.New("disk on fire")
	failed := &vault.StorageError{Op: "commit", Kind: vault.StorageQuota, Err: cause}
	if !errors.Is(failed, cause) {
		t.Error("StorageError hides its cause")
	}
	for err, want := range map[error]string{
		failed: "storage commit: quota: disk on fire",
		&vault.StorageError{Op: "get", Kind: vault.StorageUnavailable}:      "storage get: unavailable",
		&vault.RecordError{Collection: "vapid", Reason: "it is torn"}:       "record of vapid is kept but cannot be read: it is torn",
		&vault.InputError{Field: "origin", Reason: "expected https:// and"}: "origin: expected https:// and",
	} {
		if err.Error() != want {
			t.Errorf("message %q, want %q", err, want)
		}
	}
}

func TestErrorOfAnOperationNamesTheStep(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	failing := &vaulttest.FailingStore{Store: w.store, FailAt: 2, Kind: vault.StorageUnavailable}
	err := newVault(failing, w.clock).VAPIDDelete(t.Context(), app, key.KID)
	if err == nil || err.Error() != "deleting the key: storage commit: unavailable" {
		t.Errorf("error = %v", err)
	}
}

// busyStore always conflicts, as if another tab were faster each time.
type busyStore struct{ vault.Store }

func (busyStore) Commit(context.Context, []vault.Change) error { return vault.ErrConflict }

func TestConflictOnAKeyThatIsStillThereIsReported(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	v := newVault(busyStore{w.store}, w.clock)
	if err := v.VAPIDDelete(t.Context(), app, key.KID); !errors.Is(err, vault.ErrConflict) {
		t.Errorf("VAPIDDelete: error = %v, want ErrConflict", err)
	}
	if _, err := v.VAPIDGenerate(t.Context(), app); !errors.Is(err, vault.ErrConflict) {
		t.Errorf("VAPIDGenerate: error = %v, want ErrConflict", err)
	}
}

func TestCheckChangesAcceptsTheLimits(t *testing.T) {
	longest := strings.Repeat("~", vault.MaxNameLength)
	good := vault.Change{Ref: vault.Ref{Collection: longest, Key: longest}, Value: make([]byte, vault.MaxValueLength)}
	if err := vault.CheckChanges([]vault.Change{good}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", longest + "~", "é", "\x7f", "\x00"} {
		for _, ref := range []vault.Ref{{Collection: name, Key: "k"}, {Collection: "c", Key: name}} {
			var refused *vault.InputError
			if err := vault.CheckChanges([]vault.Change{{Ref: ref}}); !errors.As(err, &refused) {
				t.Errorf("a name of %d bytes: error = %v, want an InputError", len(name), err)
			}
		}
	}
}
