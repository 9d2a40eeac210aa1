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

// Get implements vault.Store.
func (s *Store) Get(ctx context.Context, ref vault.Ref) (vault.Record, error) {
	result, err := s.read(ctx, "get", "get", keyOf(ref))
	if err != nil {
		return vault.Record{}, err
	}
	return decode(ref, result)
}

// List implements vault.Store.
func (s *Store) List(ctx context.Context, collection string) ([]vault.Ref, error) {
	result, err := s.read(ctx, "list", "getAllKeys", keysFrom(collection, ""))
	if err != nil {
		return nil, err
	}
	refs := make([]vault.Ref, result.Length())
	for i := range refs {
		refs[i] = refOf(collection, result.Index(i))
	}
	return refs, nil
}

// Scan implements vault.Store.
func (s *Store) Scan(ctx context.Context, collection, from string, limit int) ([]vault.Entry, error) {
	if limit < 1 {
		return nil, &vault.InputError{Field: "limit", Reason: "expected at least 1"}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	store, err := s.reading("scan")
	if err != nil {
		return nil, err
	}
	// Both see the same records, as they are of one transaction.
	wanted, count := keysFrom(collection, from), min(limit, maxCount)
	keyRequest, err := jsbridge.Call(store, "getAllKeys", wanted, count)
	if err != nil {
		return nil, fault("scan", err)
	}
	found, err := request(ctx, store, "getAll", wanted, count)
	if err != nil {
		return nil, fault("scan", err)
	}
	return decodeAll(collection, keyRequest.Get("result"), found)
}

// maxCount is the greatest count that a request takes (Indexed Database API,
// section 4.5, [EnforceRange] unsigned long).
const maxCount = 1<<32 - 1

func decodeAll(collection string, names, found jsbridge.Value) ([]vault.Entry, error) {
	entries := make([]vault.Entry, found.Length())
	for i := range entries {
		ref := refOf(collection, names.Index(i))
		record, err := decode(ref, found.Index(i))
		if errors.Is(err, vault.ErrNotFound) { // undefined was stored
			err = &vault.RecordError{Collection: collection, Reason: "the browser does not give back what it stored"}
		}
		if err != nil {
			return nil, err
		}
		entries[i] = vault.Entry{Ref: ref, Record: record}
	}
	return entries, nil
}

// keysFrom returns the range of the keys of a collection that are not before
// from. An array sorts before longer ones that it begins, and every array after
// every string (Indexed Database API, section 2.4).
func keysFrom(collection, from string) jsbridge.Value {
	return jsbridge.Global().Get("IDBKeyRange").Call("bound", []any{collection, from}, []any{collection, []any{}})
}

func refOf(collection string, key jsbridge.Value) vault.Ref {
	return vault.Ref{Collection: collection, Key: key.Index(1).String()}
}

// reading returns the object store of a new transaction that reads.
func (s *Store) reading(op string) (jsbridge.Value, error) {
	transaction, err := jsbridge.Call(s.database, "transaction", recordStore, "readonly")
	if err != nil {
		return jsbridge.Value{}, fault(op, err)
	}
	return transaction.Call("objectStore", recordStore), nil
}

// read makes one request in a transaction of its own.
func (s *Store) read(ctx context.Context, op, method string, arg any) (jsbridge.Value, error) {
	if err := ctx.Err(); err != nil {
		return jsbridge.Value{}, err
	}
	store, err := s.reading(op)
	if err != nil {
		return jsbridge.Value{}, err
	}
	result, err := request(ctx, store, method, arg)
	if err != nil {
		return jsbridge.Value{}, fault(op, err)
	}
	return result, nil
}

// await waits for an IDBRequest.
func await(ctx context.Context, request jsbridge.Value) (jsbridge.Value, error) {
	settled := make(chan struct{})
	var listener jsbridge.Func
	listener = jsbridge.Callback(func(jsbridge.Value) {
		listener.Release()
		close(settled)
	})
	request.Set("onsuccess", listener.Value)
	request.Set("onerror", listener.Value)
	select {
	case <-settled:
	case <-ctx.Done():
		return jsbridge.Value{}, ctx.Err()
	}
	if failed := request.Get("error"); !jsbridge.IsNothing(failed) {
		return jsbridge.Value{}, jsbridge.ErrorOf(failed)
	}
	return request.Get("result"), nil
}

func keyOf(ref vault.Ref) []any { return []any{ref.Collection, ref.Key} }
