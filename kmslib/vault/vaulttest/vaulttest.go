// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package vaulttest tests implementations of the interfaces of package vault,
// and has the simplest ones for tests of others.
//
// A Store passes if every one of Cases returns nil. The cases need neither
// package testing nor the machine's own keys, so that a store which only works
// in a browser runs them there:
//
//	for _, c := range vaulttest.Cases(keys) {
//		err := c.Run(ctx, newEmptyStore())
//
// With go test, TestStore does that.
package vaulttest

import (
	"context"

	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/vault"
)

// T is what TestStore needs of *testing.T.
type T[Self any] interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Run(name string, f func(Self)) bool
}

// TestStore runs each of Cases as a subtest on a store of its own, which
// newStore makes empty. Handles are those of
// keystest.Ops.
func TestStore[TB T[TB]](t TB, newStore func(TB) vault.Store) {
	t.Helper()
	for _, c := range Cases(keystest.Ops{}) {
		t.Run(c.Name, func(t TB) {
			t.Helper()
			if err := c.Run(t.Context(), newStore(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}
