// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
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
		&vault.ThrottledError{RetryAfter: 5000}:                             vault.ErrThrottled.Error() + " (5000 ms)",
		&vault.LimitError{What: "attachments open at once", Limit: 4}:       "attachments open at once: at most 4",
		&vault.RosterError{Added: []string{"x"}}:                            vault.ErrRoster.Error() + ": added 1, missing 0, changed 0",
	} {
		if err.Error() != want {
			t.Errorf("message %q, want %q", err, want)
		}
	}
}

func TestErrorOfAnOperationNamesTheStep(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	failing := &vaulttest.FailingStore{Store: w.store, Kind: vault.StorageUnavailable}
	v := w.open(failing)
	shared, _ := w.Share()
	if err := v.Adopt(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	failing.FailAt = failing.Calls() + 4
	err := v.VAPIDDelete(t.Context(), at("vapid.delete"), key.KID)
	if err == nil || err.Error() != "storing: storage commit: unavailable" {
		t.Errorf("error = %v", err)
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
