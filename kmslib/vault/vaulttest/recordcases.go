// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"errors"
	"strconv"

	"ats.run/kms-enclave/kmslib/vault"
)

func unknownIsNotFound(ctx context.Context, store vault.Store) error {
	refs, err := store.List(ctx, "test")
	if err != nil || len(refs) != 0 {
		return errors.New("List of an empty collection is not empty")
	}
	return expectAbsent(ctx, store, "a")
}

func writtenIsReadBack(ctx context.Context, store vault.Store) error {
	return firstError(
		commit(ctx, store, write("a", 0, "\x00one\xff")),
		expect(ctx, store, "a", 1, "\x00one\xff"),
		expectAbsent(ctx, store, "b"),
	)
}

func emptyValueIsKept(ctx context.Context, store vault.Store) error {
	return firstError(commit(ctx, store, write("a", 0, "")), expect(ctx, store, "a", 1, ""))
}

func versionsCount(ctx context.Context, store vault.Store) error {
	for version := range uint64(5) {
		value := "value " + strconv.FormatUint(version, 10)
		if err := commit(ctx, store, write("a", version, value)); err != nil {
			return err
		}
		if err := expect(ctx, store, "a", version+1, value); err != nil {
			return err
		}
	}
	return nil
}

func creatingTwiceConflicts(ctx context.Context, store vault.Store) error {
	return firstError(
		commit(ctx, store, write("a", 0, "first")),
		expectError("second creation", commit(ctx, store, write("a", 0, "second")), vault.ErrConflict),
		expect(ctx, store, "a", 1, "first"),
	)
}

func staleVersionConflicts(ctx context.Context, store vault.Store) error {
	remove := vault.Change{Ref: ref("a"), IfVersion: 1, Delete: true}
	return firstError(
		commit(ctx, store, write("a", 0, "one")),
		commit(ctx, store, write("a", 1, "two")),
		expectError("stale change", commit(ctx, store, write("a", 1, "stale")), vault.ErrConflict),
		expectError("stale deletion", commit(ctx, store, remove), vault.ErrConflict),
		expectError("change ahead", commit(ctx, store, write("a", 3, "ahead")), vault.ErrConflict),
		expect(ctx, store, "a", 2, "two"),
	)
}

func changingAbsentConflicts(ctx context.Context, store vault.Store) error {
	remove := vault.Change{Ref: ref("a"), IfVersion: 1, Delete: true}
	return firstError(
		expectError("change", commit(ctx, store, write("a", 1, "x")), vault.ErrConflict),
		expectError("deletion", commit(ctx, store, remove), vault.ErrConflict),
		expectAbsent(ctx, store, "a"),
	)
}

func deletedIsGone(ctx context.Context, store vault.Store) error {
	err := firstError(
		commit(ctx, store, write("a", 0, "old")),
		commit(ctx, store, vault.Change{Ref: ref("a"), IfVersion: 1, Delete: true}),
		expectAbsent(ctx, store, "a"),
	)
	if err != nil {
		return err
	}
	refs, err := store.List(ctx, "test")
	if err != nil || len(refs) != 0 {
		return errors.New("a deleted record is still listed")
	}
	return firstError(commit(ctx, store, write("a", 0, "new")), expect(ctx, store, "a", 1, "new"))
}
