// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package idbstore

import (
	"context"
	"errors"
	"time"

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
	// The stores stay as they are. From here on keys belong to users and every
	// use of one is logged, so a release that knows neither must not write here.
	func(jsbridge.Value) error { return nil },
	// The same. From here on there are records of Signal's protocol, which a
	// release that does not know them would leave under the old vault key when it
	// makes a new one.
	func(jsbridge.Value) error { return nil },
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
	o := &opening{request: request, done: make(chan error, 1)}
	o.listener = jsbridge.Callback(o.hear)
	for _, event := range []string{"upgradeneeded", "success", "blocked", "error"} {
		request.Call("addEventListener", event, o.listener)
	}
	select {
	case err = <-o.done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		o.givenUp = true
		return nil, err
	}
	return newStore(request.Get("result")), nil
}

// blockedPatience is how long an older release may take to give way.
const blockedPatience = 2 * time.Second

// opening is a request to open a database. Its events can come after whoever
// asked has given up: then nothing is migrated, and nothing stays open.
type opening struct {
	request  jsbridge.Value
	listener jsbridge.Func
	done     chan error
	givenUp  bool
}

func (o *opening) hear(event jsbridge.Value) {
	switch event.Get("type").String() {
	case "upgradeneeded":
		if o.givenUp {
			o.abort()
			return
		}
		o.migrate(event.Get("oldVersion").Int())
	case "blocked": // also while the other tab gives way, which takes it a moment
		time.AfterFunc(blockedPatience, func() {
			report(o.done, unavailable("open", errors.New("another tab has an older release of the enclave open")))
		})
	case "success":
		o.listener.Release()
		if o.givenUp {
			o.request.Get("result").Call("close")
		}
		report(o.done, nil)
	case "error":
		o.listener.Release()
		report(o.done, fault("open", jsbridge.ErrorOf(o.request.Get("error"))))
	}
}

// migrate brings the database from a version to the newest one. If a step
// fails, the database stays as it was, and the request to open it fails.
func (o *opening) migrate(from int) {
	for _, step := range migrations[from:] {
		if step(o.request.Get("result")) != nil {
			o.abort()
			return
		}
	}
}

func (o *opening) abort() { _, _ = jsbridge.Call(o.request.Get("transaction"), "abort") }

// newStore returns a Store that gives way when a newer release, in another
// tab, wants to migrate. From then on it is unavailable.
func newStore(database jsbridge.Value) *Store {
	giveWay := jsbridge.Callback(func(jsbridge.Value) { database.Call("close") })
	database.Set("onversionchange", giveWay.Value)
	return &Store{database}
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
