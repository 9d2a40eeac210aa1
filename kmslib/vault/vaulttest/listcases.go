// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/vault"
)

func listIsSorted(ctx context.Context, store vault.Store) error {
	want := []vault.Ref{ref(" "), ref("A"), ref("a"), ref("a b"), ref("aa"), ref("b"), ref("~")}
	for _, i := range []int{3, 0, 6, 2, 5, 1, 4} {
		change := vault.Change{Ref: want[i]}
		other := vault.Change{Ref: vault.Ref{Collection: "test2", Key: want[i].Key}}
		before := vault.Change{Ref: vault.Ref{Collection: "tes", Key: want[i].Key}}
		if err := commit(ctx, store, other, change, before); err != nil {
			return err
		}
	}
	refs, err := store.List(ctx, "test")
	if err != nil {
		return err
	}
	if !slices.Equal(refs, want) {
		return errors.New("List is not the collection's records sorted by the bytes of their keys")
	}
	return nil
}

func similarNames(ctx context.Context, store vault.Store) error {
	refs := []vault.Ref{{Collection: "a", Key: "b c"}, {Collection: "a b", Key: "c"}, {Collection: "a/b", Key: "c"}, {Collection: "a", Key: "b/c"}}
	for i, r := range refs {
		if err := commit(ctx, store, vault.Change{Ref: r, Value: []byte{byte(i)}}); err != nil {
			return err
		}
	}
	for i, r := range refs {
		record, err := store.Get(ctx, r)
		if err != nil || !bytes.Equal(record.Value, []byte{byte(i)}) {
			return errors.New("a record has the value of another")
		}
	}
	return nil
}

func copiedWhenWritten(ctx context.Context, store vault.Store) error {
	value := []byte("before")
	err := store.Commit(ctx, []vault.Change{{Ref: ref("a"), Value: value}})
	copy(value, "after!")
	return firstError(err, expect(ctx, store, "a", 1, "before"))
}

func copiedWhenRead(ctx context.Context, store vault.Store) error {
	if err := commit(ctx, store, write("a", 0, "before")); err != nil {
		return err
	}
	record, err := store.Get(ctx, ref("a"))
	copy(record.Value, "after!")
	return firstError(err, expect(ctx, store, "a", 1, "before"))
}

func largeValue(ctx context.Context, store vault.Store) error {
	value := string(bytes.Repeat([]byte{0, 1, 0x80, 0xff}, vault.MaxValueLength/4))
	return firstError(commit(ctx, store, write("a", 0, value)), expect(ctx, store, "a", 1, value))
}
