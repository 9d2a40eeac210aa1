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

// Name is the name of the enclave's database.
const Name = "kms-enclave"

const (
	recordStore = "records"
	probeStore  = "probe"
)

// migrations lead from version i to version i+1. The database has the version
// len(migrations).
var migrations = [...]func(database jsbridge.Value) error{
	func(database jsbridge.Value) error {
		if _, err := jsbridge.Call(database, "createObjectStore", recordStore); err != nil {
			return err
		}
		_, err := jsbridge.Call(database, "createObjectStore", probeStore, map[string]any{"autoIncrement": true})
		return err
	},
}

// Store keeps records in one database.
type Store struct{ database jsbridge.Value }

var _ vault.Store = (*Store)(nil)

// Open opens the database name, after making or migrating it where needed. The
// error is the context's or a *vault.StorageError.
func Open(ctx context.Context, name string) (*Store, error) {
	factory, err := jsbridge.GlobalMember("indexedDB")
	if err != nil {
		return nil, fault("open", err)
	}
	if jsbridge.IsNothing(factory) {
		return nil, unavailable("open", errors.New("this browser has no IndexedDB here"))
	}
	request, err := jsbridge.Call(factory, "open", name, len(migrations))
	if err != nil {
		return nil, fault("open", err)
	}
	opened := make(chan error, 1)
	listener := jsbridge.Callback(func(event jsbridge.Value) {
		switch event.Get("type").String() {
		case "upgradeneeded":
			migrate(request, event.Get("oldVersion").Int())
		case "success":
			report(opened, nil)
		case "blocked":
			report(opened, unavailable("open", errors.New("another tab has an older release of the enclave open")))
		case "error":
			report(opened, fault("open", jsbridge.ErrorOf(request.Get("error"))))
		}
	})
	defer listener.Release()
	for _, event := range []string{"upgradeneeded", "success", "blocked", "error"} {
		request.Call("addEventListener", event, listener)
	}
	select {
	case err := <-opened:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return newStore(request.Get("result")), nil
}

// newStore returns a Store that gives way when a newer release, in another
// tab, wants to migrate. From then on it is unavailable.
func newStore(database jsbridge.Value) *Store {
	giveWay := jsbridge.Callback(func(jsbridge.Value) { database.Call("close") })
	database.Set("onversionchange", giveWay.Value)
	return &Store{database}
}

// migrate brings the database from a version to the newest one. If a step
// fails, the database stays as it was, and the request to open it fails.
func migrate(request jsbridge.Value, from int) {
	for _, step := range migrations[from:] {
		if step(request.Get("result")) != nil {
			_, _ = jsbridge.Call(request.Get("transaction"), "abort")
			return
		}
	}
}

// report gives the first outcome to whoever waits for it.
func report(to chan error, err error) {
	select {
	case to <- err:
	default:
	}
}

// Close closes the connection. Whatever is asked of the Store later is
// unavailable.
func (s *Store) Close() { s.database.Call("close") }

// Delete deletes the database name and everything in it. Only tests do that.
func Delete(ctx context.Context, name string) error {
	request, err := jsbridge.Call(jsbridge.Global().Get("indexedDB"), "deleteDatabase", name)
	if err != nil {
		return fault("delete", err)
	}
	_, err = await(ctx, request)
	return err
}
