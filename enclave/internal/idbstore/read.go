// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package idbstore

import (
	"context"

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
	// An array sorts before longer ones that it begins, and every array after
	// every string (Indexed Database API, section 2.4).
	everyKey := jsbridge.Global().Get("IDBKeyRange").Call("bound", []any{collection}, []any{collection, []any{}})
	result, err := s.read(ctx, "list", "getAllKeys", everyKey)
	if err != nil {
		return nil, err
	}
	refs := make([]vault.Ref, result.Length())
	for i := range refs {
		refs[i] = vault.Ref{Collection: collection, Key: result.Index(i).Index(1).String()}
	}
	return refs, nil
}

// read makes one request in a transaction of its own.
func (s *Store) read(ctx context.Context, op, method string, arg any) (jsbridge.Value, error) {
	if err := ctx.Err(); err != nil {
		return jsbridge.Value{}, err
	}
	transaction, err := jsbridge.Call(s.database, "transaction", recordStore, "readonly")
	if err != nil {
		return jsbridge.Value{}, fault(op, err)
	}
	request, err := jsbridge.Call(transaction.Call("objectStore", recordStore), method, arg)
	if err != nil {
		return jsbridge.Value{}, fault(op, err)
	}
	result, err := await(ctx, request)
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
