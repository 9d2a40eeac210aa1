// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/idbstore"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

// databaseCase is a property of the database behind a store.
type databaseCase struct {
	name string
	run  func(context.Context, *named) error
}

var keptRef = vault.Ref{Collection: "test", Key: "kept"}

func databaseCases(keys vault.KeyOps) []databaseCase {
	return []databaseCase{
		{"a key survives closing and opening the database", func(ctx context.Context, s *named) error {
			if _, err := storedKey(ctx, s, keys); err != nil {
				return err
			}
			s.Close()
			again, err := idbstore.Open(ctx, s.name)
			if err != nil {
				return err
			}
			defer again.Close()
			record, err := again.Get(ctx, vault.Ref{Collection: "test", Key: "key"})
			if err != nil {
				return err
			}
			_, err = keys.SignP256(ctx, record.Handle, []byte("message"))
			return err
		}},
		{"the probe gives a key back and leaves nothing", func(ctx context.Context, s *named) error {
			handle, _, err := keys.GenerateP256(ctx)
			if err != nil {
				return err
			}
			found, err := s.Probe(ctx, handle)
			if err != nil {
				return err
			}
			if _, err := keys.SignP256(ctx, found, []byte("message")); err != nil {
				return err
			}
			count, err := raw(ctx, s.name, "probe", "readonly", "count")
			if err == nil && count.Int() != 0 {
				return errors.New("the probe left something behind")
			}
			return err
		}},
		{"a damaged record is reported and kept", damagedRecordIsKept},
		{"a closed store is unavailable", func(ctx context.Context, s *named) error {
			s.Close()
			return wantUnavailable(ctx, s.Store)
		}},
		{"a store gives way to a newer release", func(ctx context.Context, s *named) error {
			newer, err := openVersion(ctx, s.name, 99)
			if err != nil {
				return err
			}
			newer.Call("close")
			return wantUnavailable(ctx, s.Store)
		}},
		{"the database of a newer release is left alone", newerDatabaseIsKept},
		{"what is no key is not stored as one", func(ctx context.Context, s *named) error {
			_, refused := errors.AsType[*vault.InputError](s.Commit(ctx, []vault.Change{{Ref: keptRef, Handle: "text"}}))
			if !refused {
				return errors.New("want *vault.InputError")
			}
			return nil
		}},
	}
}

// damagedRecords are values that no release of the enclave stores.
func damagedRecords() []any {
	return []any{
		nil, "text", map[string]any{},
		jsbridge.Global().Get("BigInt").Invoke(1),
		map[string]any{"version": 1},
		map[string]any{"version": 1.5, "value": jsbridge.Bytes(nil)},
		map[string]any{"version": jsbridge.Global().Get("BigInt").Invoke(1), "value": jsbridge.Bytes(nil)},
		map[string]any{"version": 1, "value": "text"},
		map[string]any{"version": 1, "value": jsbridge.Bytes(nil), "handle": "text"},
	}
}

func damagedRecordIsKept(ctx context.Context, s *named) error {
	key := []any{keptRef.Collection, keptRef.Key}
	for _, damaged := range damagedRecords() {
		if _, err := raw(ctx, s.name, "records", "readwrite", "put", damaged, key); err != nil {
			return err
		}
		_, err := s.Get(ctx, keptRef)
		if _, ok := errors.AsType[*vault.RecordError](err); !ok {
			return errors.New("a damaged record was read: want *vault.RecordError")
		}
		if s.Commit(ctx, []vault.Change{{Ref: keptRef, Value: []byte("new")}}) == nil {
			return errors.New("a damaged record was replaced")
		}
		count, err := raw(ctx, s.name, "records", "readonly", "count")
		if err != nil || count.Int() != 1 {
			return errors.New("the damaged record is gone")
		}
	}
	return nil
}

func newerDatabaseIsKept(ctx context.Context, s *named) error {
	if err := s.Commit(ctx, []vault.Change{{Ref: keptRef, Value: []byte("kept")}}); err != nil {
		return err
	}
	s.Close()
	newer, err := openVersion(ctx, s.name, 99)
	if err != nil {
		return err
	}
	newer.Call("close")
	_, err = idbstore.Open(ctx, s.name)
	if _, ok := errors.AsType[*vault.StorageError](err); !ok {
		return errors.New("a newer database was opened: want *vault.StorageError")
	}
	count, err := raw(ctx, s.name, "records", "readonly", "count")
	if err != nil || count.Int() != 1 {
		return errors.New("the record of the newer release is gone")
	}
	return nil
}

func wantUnavailable(ctx context.Context, store vault.Store) error {
	_, getError := store.Get(ctx, keptRef)
	_, listError := store.List(ctx, keptRef.Collection)
	commitError := store.Commit(ctx, []vault.Change{{Ref: keptRef}})
	for _, err := range []error{getError, listError, commitError} {
		failed, ok := errors.AsType[*vault.StorageError](err)
		if !ok || failed.Kind != vault.StorageUnavailable {
			return errors.New("want *vault.StorageError of kind unavailable")
		}
	}
	return nil
}
