// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"strconv"
	"strings"

	"ats.run/kms-enclave/enclave/internal/idbstore"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
	"ats.run/kms-enclave/kmslib/wire"
)

// testCase is one promise. run returns nil if it is kept.
type testCase struct {
	name string
	run  func(context.Context) error
}

// allCases returns every case that one worker alone can run.
func allCases(ops *webcrypto.Keys) []testCase {
	var cases []testCase
	for _, c := range keystest.Cases(ops) {
		cases = append(cases, testCase{"keys: " + c.Name, c.Run})
	}
	for _, c := range vaulttest.Cases(ops) {
		cases = append(cases, inDatabase(c.Name, func(ctx context.Context, s *named) error { return c.Run(ctx, s) }))
	}
	for _, group := range [][]testCase{
		keyCases(ops), databaseCases(ops), migrationCases(ops), faultCases(ops), lockCases(), tabsCases(ops),
		stageCases(), dialogCases(), channelCases(), watchCases(), stretchCases(ops), bridgeCases(),
	} {
		cases = append(cases, group...)
	}
	return cases
}

// runCases runs the cases whose name contains only, and posts what became of
// each.
func runCases(ctx context.Context, cases []testCase, only string) {
	var passed, failed int64
	for _, c := range cases {
		if !strings.Contains(c.name, only) {
			continue
		}
		err := c.run(ctx)
		if err != nil {
			failed++
		} else {
			passed++
		}
		post(outcome(c.name, err)...)
	}
	post(
		wire.Member{Name: "done", Value: wire.Bool(true)},
		wire.Member{Name: "passed", Value: wire.Int(passed)},
		wire.Member{Name: "failed", Value: wire.Int(failed)},
	)
}

// named is a store with the name of its database, for cases that look behind
// the store.
type named struct {
	*idbstore.Store
	name string
}

// databases counts the databases that cases were given.
var databases int

// inDatabase returns a case that runs on a new database, which it deletes.
func inDatabase(name string, run func(context.Context, *named) error) testCase {
	return testCase{name, func(ctx context.Context) error {
		databases++
		database := "enclavetest-" + strconv.Itoa(databases)
		if err := idbstore.Delete(ctx, database); err != nil {
			return err
		}
		store, err := idbstore.Open(ctx, database)
		if err != nil {
			return err
		}
		err = run(ctx, &named{store, database})
		store.Close()
		if err != nil {
			return err
		}
		return idbstore.Delete(ctx, database)
	}}
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
