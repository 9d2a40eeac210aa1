// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"errors"
	"sync/atomic"

	"ats.run/kms-enclave/kmslib/vault"
)

// ErrCrashed is the error of a CrashStore after the crash.
var ErrCrashed = errors.New("vaulttest: crashed")

// CrashStore passes calls on to Store until it crashes: as if the program were
// killed before or after a call, and never heard of anything again. A CrashStore
// that was not armed does not crash.
type CrashStore struct {
	Store vault.Store

	calls atomic.Int64 // since Arm
	at    atomic.Int64 // negative: after the call
}

var _ vault.Store = (*CrashStore)(nil)

// Arm makes it crash at the call number at, counted from 1 and from now on:
// before that is passed on, or after. With 0 it only counts.
func (s *CrashStore) Arm(at int64, after bool) {
	if after {
		at = -at
	}
	s.calls.Store(0)
	s.at.Store(at)
}

// Calls returns how many calls there have been since Arm.
func (s *CrashStore) Calls() int64 { return s.calls.Load() }

// pass runs a call unless the crash came first.
func (s *CrashStore) pass(call func() error) error {
	n, at := s.calls.Add(1), s.at.Load()
	if at > 0 && n >= at || at < 0 && n > -at {
		return ErrCrashed
	}
	err := call()
	if at < 0 && n == -at {
		return ErrCrashed
	}
	return err
}

// Get implements vault.Store.
func (s *CrashStore) Get(ctx context.Context, ref vault.Ref) (record vault.Record, err error) {
	err = s.pass(func() error { record, err = s.Store.Get(ctx, ref); return err })
	return record, err
}

// List implements vault.Store.
func (s *CrashStore) List(ctx context.Context, collection string) (refs []vault.Ref, err error) {
	err = s.pass(func() error { refs, err = s.Store.List(ctx, collection); return err })
	return refs, err
}

// Scan implements vault.Store.
func (s *CrashStore) Scan(ctx context.Context, collection, from string, limit int) (entries []vault.Entry, err error) {
	err = s.pass(func() error { entries, err = s.Store.Scan(ctx, collection, from, limit); return err })
	return entries, err
}

// Commit implements vault.Store.
func (s *CrashStore) Commit(ctx context.Context, changes []vault.Change) error {
	return s.pass(func() error { return s.Store.Commit(ctx, changes) })
}
