// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

// Command enclavetest is a program for a worker in a browser under test, in no
// release. It runs the conformance test of vault.Store on IndexedDB, and tries
// what must not work, such as exporting a private key.
//
// It posts one message for each case, and one at the end, all JSON texts:
//
//	{"name":"a written record is read back","ok":true}
//	{"error":"…","name":"…","ok":false}
//	{"done":true,"failed":1,"passed":2}
package main

import (
	"context"
	"strconv"

	"ats.run/kms-enclave/enclave/internal/idbstore"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
	"ats.run/kms-enclave/kmslib/wire"
)

func main() {
	ctx := context.Background()
	keys := webcrypto.New()
	cases := vaulttest.Cases(keys)
	for _, c := range databaseCases(keys) {
		cases = append(cases, vaulttest.Case{Name: c.name, Run: inDatabase(c.run)})
	}
	cases = append(cases, keyCases(keys)...)
	cases = append(cases, bridgeCases()...)
	var passed, failed int64
	for i, c := range cases {
		err := runCase(ctx, "enclavetest-"+strconv.Itoa(i), c)
		if err != nil {
			failed++
		} else {
			passed++
		}
		post(outcome(c.Name, err)...)
	}
	post(
		wire.Member{Name: "done", Value: wire.Bool(true)},
		wire.Member{Name: "passed", Value: wire.Int(passed)},
		wire.Member{Name: "failed", Value: wire.Int(failed)},
	)
}

// runCase runs a case on a new database of that name, which it deletes.
func runCase(ctx context.Context, name string, c vaulttest.Case) error {
	if err := idbstore.Delete(ctx, name); err != nil {
		return err
	}
	store, err := idbstore.Open(ctx, name)
	if err != nil {
		return err
	}
	err = c.Run(ctx, &named{store, name})
	store.Close()
	if err != nil {
		return err
	}
	return idbstore.Delete(ctx, name)
}

// named is a store with the name of its database, for cases that look behind
// the store.
type named struct {
	*idbstore.Store
	name string
}

func inDatabase(run func(context.Context, *named) error) func(context.Context, vault.Store) error {
	return func(ctx context.Context, store vault.Store) error { return run(ctx, store.(*named)) }
}

func outcome(name string, err error) []wire.Member {
	members := []wire.Member{
		{Name: "name", Value: wire.String(name)},
		{Name: "ok", Value: wire.Bool(err == nil)},
	}
	if err != nil {
		members = append(members, wire.Member{Name: "error", Value: wire.String(err.Error())})
	}
	return members
}

func post(members ...wire.Member) {
	jsbridge.Global().Call("postMessage", string(wire.Object(members...).Append(nil)))
}
