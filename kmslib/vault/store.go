// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"io"
)

// Ref is the address of a record. CheckChanges says what the names may be.
type Ref struct{ Collection, Key string }

// Handle is a private key that only the KeyOps which made it can use. Nothing
// looks inside.
type Handle any

// Record is what a Store holds at a Ref.
type Record struct {
	Version uint64 // 1 for a new record, and one more with each change
	Value   []byte
	Handle  Handle // nil if there is none
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

	// Commit makes all changes or, with any error, none. It returns ErrConflict
	// if a record is not at the version that its Change says. A written record
	// gets the version IfVersion+1. Values are copied before Commit returns.
	// Changes that CheckChanges refuses are refused with its error.
	Commit(ctx context.Context, changes []Change) error
}

// Clock tells the time.
type Clock interface {
	Now() int64 // Unix seconds
}

// Random is a source of cryptographically secure random bytes.
type Random = io.Reader

// KeyOps makes and uses private keys. Its errors wrap ErrNotSupported where
// the platform lacks an algorithm.
type KeyOps interface {
	// GenerateP256 makes an ECDSA key on P-256 that cannot be exported, and
	// returns it with its public point, 65 bytes uncompressed.
	GenerateP256(ctx context.Context) (Handle, []byte, error)

	// SignP256 returns the signature r ‖ s, 64 bytes, with SHA-256.
	SignP256(ctx context.Context, key Handle, message []byte) ([]byte, error)
}
