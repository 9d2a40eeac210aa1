// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"errors"
	"strconv"

	"ats.run/kms-enclave/kmslib/vault"
)

func scanIsSorted(ctx context.Context, store vault.Store) error {
	keys := []string{" ", "0", "1", "10", "2", "A", "a", "a b", "~"}
	for _, i := range []int{3, 0, 8, 6, 2, 7, 5, 1, 4} {
		for _, collection := range []string{"tes", "test", "test2", "test/x"} {
			change := vault.Change{
				Ref:   vault.Ref{Collection: collection, Key: keys[i]},
				Value: []byte(collection + keys[i]),
			}
			if err := commit(ctx, store, change); err != nil {
				return err
			}
		}
	}
	for first, from := range keys {
		for _, limit := range []int{1, 2, len(keys), 1000} {
			want := keys[first:min(first+limit, len(keys))]
			if err := expectScan(ctx, store, from, limit, want); err != nil {
				return err
			}
		}
	}
	return firstError(
		expectScan(ctx, store, "", 1000, keys),
		expectScan(ctx, store, "", 1, keys[:1]),
		expectScan(ctx, store, "00", 2, keys[2:4]), // between two keys
		expectScan(ctx, store, "~~", 1000, nil),
	)
}

// expectScan returns an error unless Scan returns the records of want, each
// with its value.
func expectScan(ctx context.Context, store vault.Store, from string, limit int, want []string) error {
	entries, err := store.Scan(ctx, "test", from, limit)
	if err != nil {
		return err
	}
	if len(entries) != len(want) {
		return errors.New("Scan from " + strconv.Quote(from) + ": " + strconv.Itoa(len(entries)) +
			" records, want " + strconv.Itoa(len(want)))
	}
	for i, entry := range entries {
		if entry.Ref != ref(want[i]) || string(entry.Value) != "test"+want[i] || entry.Version != 1 {
			return errors.New("Scan from " + strconv.Quote(from) + ": not the record " + strconv.Quote(want[i]))
		}
	}
	return nil
}

func scanAgrees(ctx context.Context, store vault.Store) error {
	err := firstError(
		commit(ctx, store, write("a", 0, "one"), write("b", 0, "one"), write("c", 0, "one")),
		commit(ctx, store, write("a", 1, "two"), vault.Change{Ref: ref("b"), IfVersion: 1, Delete: true}),
	)
	if err != nil {
		return err
	}
	entries, err := store.Scan(ctx, "test", "", 10)
	if err != nil {
		return err
	}
	if len(entries) != 2 || entries[0].Ref != ref("a") || entries[1].Ref != ref("c") ||
		entries[0].Version != 2 || string(entries[0].Value) != "two" {
		return errors.New("Scan does not return what was written last")
	}
	copy(entries[0].Value, "xxx")
	return expect(ctx, store, "a", 2, "two")
}

func scanLimits(ctx context.Context, store vault.Store) error {
	if err := expectScan(ctx, store, "", 1, nil); err != nil {
		return err
	}
	for _, limit := range []int{0, -1} {
		_, err := store.Scan(ctx, "test", "", limit)
		if _, refused := errors.AsType[*vault.InputError](err); !refused {
			return errors.New("Scan with limit " + strconv.Itoa(limit) + ": want *vault.InputError")
		}
	}
	return nil
}

// scanHandles returns the case that Scan brings the Handles.
func scanHandles(keys vault.KeyOps) func(context.Context, vault.Store) error {
	return func(ctx context.Context, store vault.Store) error {
		handle, point, err := keys.GenerateP256(ctx)
		if err != nil {
			return err
		}
		err = commit(ctx, store, vault.Change{Ref: ref("a"), Handle: handle}, write("b", 0, "without"))
		if err != nil {
			return err
		}
		entries, err := store.Scan(ctx, "test", "", 10)
		if err != nil {
			return err
		}
		if len(entries) != 2 || entries[0].Handle == nil || entries[1].Handle != nil {
			return errors.New("Scan does not bring the handles that were written")
		}
		return expectSignature(ctx, keys, entries[0].Handle, point)
	}
}

// aesHandleSeals returns the case that a sealing key survives storage.
func aesHandleSeals(keys vault.KeyOps) func(context.Context, vault.Store) error {
	return func(ctx context.Context, store vault.Store) error {
		handle, err := keys.GenerateAES(ctx)
		if err != nil {
			return err
		}
		nonce, aad, text := make([]byte, 12), []byte("vaulttest"), []byte("text")
		sealed, err := keys.Seal(ctx, handle, nonce, aad, text)
		if err != nil {
			return err
		}
		if err := commit(ctx, store, vault.Change{Ref: ref("a"), Handle: handle}); err != nil {
			return err
		}
		record, err := store.Get(ctx, ref("a"))
		if err != nil {
			return err
		}
		opened, err := keys.Open(ctx, record.Handle, nonce, aad, sealed)
		if err != nil || string(opened) != string(text) {
			return errors.New("the key that was read back does not open what it sealed")
		}
		return nil
	}
}
