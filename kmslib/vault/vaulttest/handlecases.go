// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault"
)

// handleSigns returns the case that a Handle survives storage: what is read
// back signs for the point it was made with.
func handleSigns(ops vault.KeyOps) func(context.Context, vault.Store) error {
	return func(ctx context.Context, store vault.Store) error {
		handle, point, err := ops.GenerateP256(ctx)
		if err != nil {
			return err
		}
		change := vault.Change{Ref: ref("a"), Value: []byte("with a key"), Handle: handle}
		err = firstError(
			commit(ctx, store, change, write("b", 0, "without")),
			expect(ctx, store, "a", 1, "with a key"),
			expectSigner(ctx, store, ops, "a", point),
		)
		if err != nil {
			return err
		}
		record, err := store.Get(ctx, ref("b"))
		if err == nil && record.Handle != nil {
			return errors.New("a record without a handle was read with one")
		}
		return err
	}
}

// handleReplaced returns the case that a change replaces the Handle too, also
// by none.
func handleReplaced(ops vault.KeyOps) func(context.Context, vault.Store) error {
	return func(ctx context.Context, store vault.Store) error {
		first, _, err1 := ops.GenerateP256(ctx)
		second, point, err2 := ops.GenerateP256(ctx)
		err := firstError(err1, err2,
			commit(ctx, store, vault.Change{Ref: ref("a"), Handle: first}),
			commit(ctx, store, vault.Change{Ref: ref("a"), IfVersion: 1, Handle: second}),
		)
		if err != nil {
			return err
		}
		err = firstError(
			expectSigner(ctx, store, ops, "a", point),
			commit(ctx, store, write("a", 2, "no handle")),
		)
		if err != nil {
			return err
		}
		record, err := store.Get(ctx, ref("a"))
		if err == nil && record.Handle != nil {
			return errors.New("a replaced record kept its old handle")
		}
		return err
	}
}

// expectSigner returns an error unless the record's Handle signs for point.
func expectSigner(ctx context.Context, store vault.Store, ops vault.KeyOps, key string, point []byte) error {
	record, err := store.Get(ctx, ref(key))
	if err != nil {
		return err
	}
	if record.Handle == nil {
		return errors.New("the handle was not kept")
	}
	return expectSignature(ctx, ops, record.Handle, point)
}

// expectSignature returns an error unless handle signs for point.
func expectSignature(ctx context.Context, ops vault.KeyOps, handle vault.Handle, point []byte) error {
	message := []byte("vaulttest")
	signature, err := ops.SignP256(ctx, handle, message)
	if err != nil {
		return err
	}
	spki, err := keys.SPKI(point)
	if err == nil {
		err = ops.Verify(ctx, keys.ES256, spki, message, signature)
	}
	if err != nil {
		return errors.New("the handle signs for another key")
	}
	return nil
}
