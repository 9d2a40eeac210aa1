// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
)

// openVersion opens a database as some release of the enclave would; version 0
// stands for whatever version it has.
func openVersion(ctx context.Context, name string, version int) (jsbridge.Value, error) {
	args := []any{name}
	if version > 0 {
		args = append(args, version)
	}
	request, err := jsbridge.Call(jsbridge.Global().Get("indexedDB"), "open", args...)
	if err != nil {
		return jsbridge.Value{}, err
	}
	return settle(ctx, request)
}

// upgrade makes a database of a version, as change says.
func upgrade(ctx context.Context, name string, version int, change func(database jsbridge.Value)) (jsbridge.Value, error) {
	request, err := jsbridge.Call(jsbridge.Global().Get("indexedDB"), "open", name, version)
	if err != nil {
		return jsbridge.Value{}, err
	}
	listener := jsbridge.Callback(func(jsbridge.Value) { change(request.Get("result")) })
	defer listener.Release()
	request.Set("onupgradeneeded", listener.Value)
	return settle(ctx, request)
}

// raw makes one request of an object store, past package idbstore.
func raw(ctx context.Context, name, store, mode, method string, args ...any) (jsbridge.Value, error) {
	database, err := openVersion(ctx, name, 0)
	if err != nil {
		return jsbridge.Value{}, err
	}
	defer database.Call("close")
	transaction, err := jsbridge.Call(database, "transaction", store, mode)
	if err != nil {
		return jsbridge.Value{}, err
	}
	request, err := jsbridge.Call(transaction.Call("objectStore", store), method, args...)
	if err != nil {
		return jsbridge.Value{}, err
	}
	return settle(ctx, request)
}

// settle waits for an IDBRequest.
func settle(ctx context.Context, request jsbridge.Value) (jsbridge.Value, error) {
	done := make(chan struct{})
	listener := jsbridge.Callback(func(jsbridge.Value) { close(done) })
	defer listener.Release()
	request.Set("onsuccess", listener.Value)
	request.Set("onerror", listener.Value)
	select {
	case <-done:
	case <-ctx.Done():
		return jsbridge.Value{}, ctx.Err()
	}
	if failed := request.Get("error"); !jsbridge.IsNothing(failed) {
		return jsbridge.Value{}, jsbridge.ErrorOf(failed)
	}
	return request.Get("result"), nil
}
