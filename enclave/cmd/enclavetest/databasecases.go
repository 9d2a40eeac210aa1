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

var keptRef = vault.Ref{Collection: "test", Key: "kept"}

// databaseCases are the promises of package idbstore that other stores do not
// make.
func databaseCases(keys vault.KeyOps) []testCase {
	return []testCase{
		inDatabase("a key survives closing and opening the database", func(ctx context.Context, s *named) error {
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
		}),
		inDatabase("the probe gives a key back and leaves nothing", func(ctx context.Context, s *named) error {
			signing, _, err := keys.GenerateP256(ctx)
			if err != nil {
				return err
			}
			sealing, err := keys.GenerateAES(ctx)
			if err != nil {
				return err
			}
			found, err := s.Probe(ctx, signing, sealing)
			if err != nil {
				return err
			}
			if _, err := keys.SignP256(ctx, found[0], []byte("message")); err != nil {
				return err
			}
			if _, err := keys.Seal(ctx, found[1], make([]byte, 12), nil, []byte("message")); err != nil {
				return err
			}
			count, err := raw(ctx, s.name, "probe", "readonly", "count")
			if err == nil && count.Int() != 0 {
				return errors.New("the probe left something behind")
			}
			return err
		}),
		inDatabase("a damaged record is reported and kept", damagedRecordIsKept),
		inDatabase("a closed store is unavailable", func(ctx context.Context, s *named) error {
			s.Close()
			return wantUnavailable(ctx, s.Store)
		}),
		inDatabase("a store gives way to a newer release", func(ctx context.Context, s *named) error {
			newer, err := openVersion(ctx, s.name, 99)
			if err != nil {
				return err
			}
			newer.Call("close")
			return wantUnavailable(ctx, s.Store)
		}),
		inDatabase("the database of a newer release is left alone", newerDatabaseIsKept),
		inDatabase("what is no key is not stored as one", func(ctx context.Context, s *named) error {
			return wantRefusedHandle(ctx, s, "text")
		}),
		inDatabase("a secret that waits to be wrapped is not stored", func(ctx context.Context, s *named) error {
			secret, err := keys.GenerateSecret(ctx)
			if err != nil {
				return err
			}
			return wantRefusedHandle(ctx, s, secret)
		}),
		inDatabase("an extractable key is not stored", func(ctx context.Context, s *named) error {
			key, err := extractableKey(ctx)
			if err != nil {
				return err
			}
			return wantRefusedHandle(ctx, s, key)
		}),
		inDatabase("an extractable key that somebody stored is not used", func(ctx context.Context, s *named) error {
			key, err := extractableKey(ctx)
			if err != nil {
				return err
			}
			stored := map[string]any{"version": 1, "value": jsbridge.Bytes(nil), "handle": key}
			if _, err := raw(ctx, s.name, "records", "readwrite", "put", stored, []any{keptRef.Collection, keptRef.Key}); err != nil {
				return err
			}
			return wantRecordError(s.Get(ctx, keptRef))
		}),
		{"where there is no database its failure is told by every method", func(ctx context.Context) error {
			full := &vault.StorageError{Op: "open", Kind: vault.StorageQuota}
			return wantStorageError(ctx, idbstore.Unavailable{Err: full}, vault.StorageQuota)
		}},
	}
}

// wantRefusedHandle wants that a commit with the handle is refused.
//
// Mistakes M27 and M28 (docs/mistakes.md): what is stored is never a key that
// whoever copies the profile, or runs a script, could read.
func wantRefusedHandle(ctx context.Context, s *named, handle vault.Handle) error {
	_, refused := errors.AsType[*vault.InputError](s.Commit(ctx, []vault.Change{{Ref: keptRef, Handle: handle}}))
	if !refused {
		return errors.New("want *vault.InputError")
	}
	return nil
}

func extractableKey(ctx context.Context) (jsbridge.Value, error) {
	subtle := jsbridge.Global().Get("crypto").Get("subtle")
	algorithm := map[string]any{"name": "AES-GCM", "length": 256}
	return jsbridge.CallAwait(ctx, subtle, "generateKey", algorithm, true, []any{"encrypt"})
}

func wantRecordError(_ vault.Record, err error) error {
	if _, ok := errors.AsType[*vault.RecordError](err); !ok {
		return errors.New("a record was read that should not be: want *vault.RecordError")
	}
	return nil
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
		if err := wantRecordError(s.Get(ctx, keptRef)); err != nil {
			return err
		}
		_, err := s.Scan(ctx, keptRef.Collection, "", 1)
		if _, ok := errors.AsType[*vault.RecordError](err); !ok {
			return errors.New("a damaged record was scanned: want *vault.RecordError")
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
	return wantStorageError(ctx, store, vault.StorageUnavailable)
}

func wantStorageError(ctx context.Context, store vault.Store, kind vault.StorageKind) error {
	_, getError := store.Get(ctx, keptRef)
	_, listError := store.List(ctx, keptRef.Collection)
	_, scanError := store.Scan(ctx, keptRef.Collection, "", 1)
	commitError := store.Commit(ctx, []vault.Change{{Ref: keptRef}})
	for _, err := range []error{getError, listError, scanError, commitError} {
		failed, ok := errors.AsType[*vault.StorageError](err)
		if !ok || failed.Kind != kind {
			return errors.New("want *vault.StorageError of kind " + string(kind))
		}
	}
	return nil
}
