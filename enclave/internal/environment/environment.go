// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package environment

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/idbstore"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/rpc"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault"
)

// Environment is what was found.
type Environment struct {
	store      vault.Store
	algorithms []string
	kept       bool // whether the store keeps anything
	persistent bool // whether the browser promises not to evict it
}

var _ rpc.Environment = (*Environment)(nil)

// Find opens the enclave's database and tries what the vault will do: to make
// keys, keep them, read them back, and use them; also to wrap, unwrap and derive
// such that no byte of a key comes out. It never fails: a browser in which that
// does not work has a Store that is unavailable, or no algorithms.
//
// persist asks the browser not to evict what is stored and returns whether it
// promises that. It is called once, after the first commit: the moment at which
// there is something worth asking for, since some browsers ask the person.
func Find(ctx context.Context, ops keys.Ops, persist func(context.Context) bool) *Environment {
	made, persistent := make(chan probe, 1), make(chan bool, 1)
	go func() { made <- newProbe(ctx, ops) }() // while the database opens
	go func() { persistent <- isPersistent(ctx) }()
	store, err := idbstore.Open(ctx, idbstore.Name)
	if err != nil {
		return &Environment{store: idbstore.Unavailable{Err: err}}
	}
	e := &Environment{kept: true}
	e.store = &keeping{Store: store, stored: func() { e.persistent = e.persistent || persist(ctx) }}
	p := <-made
	if p.err != nil {
		return e
	}
	found, err := store.Probe(ctx, p.signing, p.sealing)
	if err != nil {
		return &Environment{store: idbstore.Unavailable{Err: err}}
	}
	if p.use(ctx, ops, found[0], found[1]) == nil {
		e.algorithms = []string{rpc.ES256}
	}
	e.persistent = <-persistent
	return e
}

// isPersistent asks without asking for anything. A browser that does not say
// is taken to evict.
func isPersistent(ctx context.Context) bool {
	manager := jsbridge.Global().Get("navigator").Get("storage")
	if jsbridge.IsNothing(manager) {
		return false
	}
	persisted, err := jsbridge.CallAwait(ctx, manager, "persisted")
	return err == nil && persisted.Truthy()
}

// Store returns the store that was found, which asks for persistence.
func (e *Environment) Store() vault.Store { return e.store }

// Algorithms implements rpc.Environment.
func (e *Environment) Algorithms() []string { return e.algorithms }

// Storage implements rpc.Environment.
func (e *Environment) Storage() string {
	switch {
	case !e.kept:
		return rpc.StorageNone
	case e.persistent:
		return rpc.StoragePersistent
	}
	return rpc.StorageBestEffort
}
