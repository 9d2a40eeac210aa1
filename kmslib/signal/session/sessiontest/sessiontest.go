// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package sessiontest tests what package session stands on, and what stands on it.
//
// A Store is a session.Reader that can be written. It passes if every one of Cases
// returns nil on an empty one; with go test, Run does that. MemStore is the simplest
// one.
//
// A World has Devices with accounts that write to each other over a network which
// loses, repeats and reorders messages, and goes offline, as a Behaviour says. All
// its randomness comes from one seed, so that a failure can be seen again.
package sessiontest

import (
	"context"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
)

// Store keeps the values of one account.
type Store interface {
	session.Reader
	// Apply makes all changes or, with an error, none. To delete what is not there
	// is no error.
	Apply(ctx context.Context, changes []session.Change) error
}

// Run runs each of Cases as a subtest on a store of its own, which newStore makes
// empty.
func Run(t *testing.T, newStore func() Store) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Helper()
			if err := c.Run(t.Context(), newStore()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
