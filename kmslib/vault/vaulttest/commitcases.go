// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/vault"
)

func conflictStopsAll(ctx context.Context, store vault.Store) error {
	if err := commit(ctx, store, write("b", 0, "kept"), write("c", 0, "kept")); err != nil {
		return err
	}
	changes := []vault.Change{
		write("a", 0, "new"),
		write("b", 1, "changed"),
		{Ref: ref("c"), IfVersion: 1, Delete: true},
		write("d", 7, "conflict"),
		write("e", 0, "new"),
	}
	for range changes { // the conflict comes at each place once
		err := firstError(
			expectError("commit", store.Commit(ctx, changes), vault.ErrConflict),
			expectAbsent(ctx, store, "a"),
			expect(ctx, store, "b", 1, "kept"),
			expect(ctx, store, "c", 1, "kept"),
			expectAbsent(ctx, store, "d"),
			expectAbsent(ctx, store, "e"),
		)
		if err != nil {
			return err
		}
		changes = append(changes[1:], changes[0])
	}
	return nil
}

func mixedCommit(ctx context.Context, store vault.Store) error {
	return firstError(
		commit(ctx, store, write("b", 0, "one"), write("c", 0, "one")),
		commit(ctx, store,
			write("a", 0, "new"),
			write("b", 1, "two"),
			vault.Change{Ref: ref("c"), IfVersion: 1, Delete: true}),
		expect(ctx, store, "a", 1, "new"),
		expect(ctx, store, "b", 2, "two"),
		expectAbsent(ctx, store, "c"),
	)
}

func emptyCommit(ctx context.Context, store vault.Store) error {
	return firstError(
		commit(ctx, store, write("a", 0, "one")),
		commit(ctx, store),
		expect(ctx, store, "a", 1, "one"),
	)
}

func impossibleChanges(ctx context.Context, store vault.Store) error {
	if err := commit(ctx, store, write("a", 0, "one")); err != nil {
		return err
	}
	for what, changes := range map[string][]vault.Change{
		"no collection":      {{Ref: vault.Ref{Key: "k"}}},
		"no key":             {{Ref: vault.Ref{Collection: "test"}}},
		"key beyond ASCII":   {write("é", 0, "x")},
		"twice":              {write("b", 0, "x"), write("b", 1, "y")},
		"delete none":        {{Ref: ref("b"), Delete: true}},
		"delete with value":  {{Ref: ref("a"), IfVersion: 1, Delete: true, Value: []byte("x")}},
		"good and bad":       {write("a", 1, "two"), write("", 0, "x")},
		"value over a MiB":   {write("b", 0, string(make([]byte, vault.MaxValueLength+1)))},
		"control characters": {write("a\nb", 0, "x")},
	} {
		var refused *vault.InputError
		if err := store.Commit(ctx, changes); !errors.As(err, &refused) {
			return errors.New(what + ": want *vault.InputError")
		}
		if err := expect(ctx, store, "a", 1, "one"); err != nil {
			return err
		}
	}
	return expectAbsent(ctx, store, "b")
}
