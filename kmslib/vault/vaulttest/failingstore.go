// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"sync/atomic"

	"ats.run/kms-enclave/kmslib/vault"
)

// FailingStore passes calls on to Store, but the call number FailAt, counted
// from 1 over all methods, returns a *vault.StorageError of the Kind instead
// and does nothing. The zero FailAt never fails.
type FailingStore struct {
	Store  vault.Store
	FailAt int64
	Kind   vault.StorageKind

	calls atomic.Int64
}

var _ vault.Store = (*FailingStore)(nil)

// Calls returns how many calls there have been.
func (s *FailingStore) Calls() int64 { return s.calls.Load() }

// Get implements vault.Store.
func (s *FailingStore) Get(ctx context.Context, ref vault.Ref) (vault.Record, error) {
	if err := s.fail("get"); err != nil {
		return vault.Record{}, err
	}
	return s.Store.Get(ctx, ref)
}

// List implements vault.Store.
func (s *FailingStore) List(ctx context.Context, collection string) ([]vault.Ref, error) {
	if err := s.fail("list"); err != nil {
		return nil, err
	}
	return s.Store.List(ctx, collection)
}

// Scan implements vault.Store.
func (s *FailingStore) Scan(ctx context.Context, collection, from string, limit int) ([]vault.Entry, error) {
	if err := s.fail("scan"); err != nil {
		return nil, err
	}
	return s.Store.Scan(ctx, collection, from, limit)
}

// Commit implements vault.Store.
func (s *FailingStore) Commit(ctx context.Context, changes []vault.Change) error {
	if err := s.fail("commit"); err != nil {
		return err
	}
	return s.Store.Commit(ctx, changes)
}

func (s *FailingStore) fail(op string) error {
	if s.calls.Add(1) == s.FailAt {
		return &vault.StorageError{Op: op, Kind: s.Kind}
	}
	return nil
}
