// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"io"

	"ats.run/kms-enclave/kmslib/keys"
)

// Ref is the address of a record. CheckChanges says what the names may be.
type Ref struct{ Collection, Key string }

// Handle is a key that only the KeyOps which made it can use. Nothing looks
// inside.
type Handle = keys.Handle

// KeyOps makes and uses keys; package keys specifies it.
type KeyOps = keys.Ops

// Record is what a Store holds at a Ref.
type Record struct {
	Version uint64 // 1 for a new record, and one more with each change
	Value   []byte
	Handle  Handle // nil if there is none
}

// Entry is a record with its address.
type Entry struct {
	Ref Ref
	Record
}

// Change is one step of a Commit: it writes or deletes a record.
type Change struct {
	Ref       Ref
	IfVersion uint64 // the version that is to be replaced; 0: none must exist
	Value     []byte
	Handle    Handle
	Delete    bool
}

// Store keeps records. Every Store passes the conformance test of package
// vaulttest, which says the same as these comments and more. Each method
// returns the context's error if that is done, and *StorageError for failures
// of the storage itself.
type Store interface {
	// Get returns the record at ref, whose Value is the caller's own copy, or
	// ErrNotFound.
	Get(ctx context.Context, ref Ref) (Record, error)

	// List returns the addresses of all records in a collection, sorted by the
	// bytes of their keys.
	List(ctx context.Context, collection string) ([]Ref, error)

	// Scan returns the first records of a collection whose keys are not before
	// from, in the order of List, at most limit of them. from may be "", which
	// is before every key. A limit below 1 is an *InputError. One record that
	// cannot be read fails the whole Scan with a *RecordError.
	Scan(ctx context.Context, collection, from string, limit int) ([]Entry, error)

	// Commit makes all changes or, with any error, none. It returns ErrConflict
	// if a record is not at the version that its Change says. A written record
	// gets the version IfVersion+1. Values are copied before Commit returns.
	// Changes that CheckChanges refuses are refused with its error.
	Commit(ctx context.Context, changes []Change) error
}

// Locker keeps the Vaults over one Store, in other tabs too, from working at
// once. It saves work: what keeps the state right is the Store's ErrConflict.
type Locker interface {
	// Lock waits until no other holder has the lock name, takes it, and returns
	// what gives it back, which is called once. The error is the context's, or
	// a *StorageError.
	Lock(ctx context.Context, name string) (release func(), err error)
}

// Clock tells the time.
type Clock interface {
	Now() int64 // Unix seconds
}

// Random is a source of cryptographically secure random bytes.
type Random = io.Reader
