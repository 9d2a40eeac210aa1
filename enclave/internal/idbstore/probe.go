// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package idbstore

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

// Probe stores handles, reads them back, deletes them, and returns what was
// read. The error is the context's or a *vault.StorageError. No record is
// touched.
func (s *Store) Probe(ctx context.Context, handles ...vault.Handle) ([]vault.Handle, error) {
	found, err := s.probe(ctx, handles)
	if errors.Is(err, errNotGivenBack) {
		return nil, err
	}
	if err != nil {
		return nil, fault("open", err)
	}
	return found, nil
}

func (s *Store) probe(ctx context.Context, handles []vault.Handle) ([]vault.Handle, error) {
	array := make([]any, len(handles))
	for i, handle := range handles {
		array[i] = handle
	}
	transaction, err := jsbridge.Call(s.database, "transaction", probeStore, "readwrite",
		map[string]any{"durability": "relaxed"})
	if err != nil {
		return nil, err
	}
	store := transaction.Call("objectStore", probeStore)
	key, err := request(ctx, store, "add", map[string]any{"handles": array})
	if err != nil {
		return nil, err
	}
	stored, err := request(ctx, store, "get", key)
	if err != nil {
		return nil, err
	}
	if _, err := request(ctx, store, "delete", key); err != nil {
		return nil, err
	}
	return readBack(stored, len(handles))
}

// errNotGivenBack is what some browsers do with keys, instead of saying so when
// they are stored.
var errNotGivenBack = &vault.StorageError{
	Op:   "open",
	Kind: vault.StorageHandles,
	Err:  errors.New("the browser does not give back a CryptoKey that it stored"),
}

func readBack(stored jsbridge.Value, count int) ([]vault.Handle, error) {
	if jsbridge.IsNothing(stored) || !jsbridge.IsA(stored.Get("handles"), "Array") {
		return nil, errNotGivenBack
	}
	found := make([]vault.Handle, count)
	for i := range found {
		handle := stored.Get("handles").Index(i)
		if !isKept(handle) {
			return nil, errNotGivenBack
		}
		found[i] = handle
	}
	return found, nil
}

// request makes one request of an object store and waits for it. The next one
// may follow in the same transaction, since the goroutine that waited runs
// before the browser's event is over.
func request(ctx context.Context, store jsbridge.Value, method string, args ...any) (jsbridge.Value, error) {
	pending, err := jsbridge.Call(store, method, args...)
	if err != nil {
		return jsbridge.Value{}, err
	}
	return await(ctx, pending)
}
