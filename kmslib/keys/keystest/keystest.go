// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package keystest tests implementations of keys.Ops, and has one in Go for
// tests of others.
//
// An Ops passes if every one of Cases returns nil. The cases need neither
// package testing nor a store, so that an Ops which only works in a browser
// runs them there:
//
//	for _, c := range keystest.Cases(ops) {
//		err := c.Run(ctx)
//
// With go test, TestOps does that.
package keystest

import (
	"context"

	"ats.run/kms-enclave/kmslib/keys"
)

// T is what TestOps needs of *testing.T.
type T[Self any] interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Run(name string, f func(Self)) bool
}

// TestOps runs each of Cases as a subtest.
func TestOps[TB T[TB]](t TB, ops keys.Ops) {
	t.Helper()
	for _, c := range Cases(ops) {
		t.Run(c.Name, func(t TB) {
			t.Helper()
			if err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
