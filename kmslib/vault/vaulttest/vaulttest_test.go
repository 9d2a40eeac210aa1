// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest_test

import (
	"context"
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

func TestMemStoreConforms(t *testing.T) {
	vaulttest.TestStore(t, func(*testing.T) vault.Store { return new(vaulttest.MemStore) })
}

func TestFailingStoreThatDoesNotFailConforms(t *testing.T) {
	vaulttest.TestStore(t, func(*testing.T) vault.Store {
		return &vaulttest.FailingStore{Store: new(vaulttest.MemStore)}
	})
}

// The faults are what the conformance test is for: a store with one of them
// must fail at least one case.
func TestConformanceCatchesFaultyStores(t *testing.T) {
	ctx := context.Background()
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			for _, c := range vaulttest.Cases(keystest.Ops{}) {
				if err := c.Run(ctx, &faultyStore{Store: new(vaulttest.MemStore), fault: fault}); err != nil {
					return
				}
			}
			t.Error("no case noticed")
		})
	}
}

// faultyStore is a store whose Commit or answers are tampered with.
type faultyStore struct {
	vault.Store
	fault fault
}

type fault struct {
	commit func(context.Context, vault.Store, []vault.Change) error
	get    func(vault.Record, error) (vault.Record, error)
	list   func(context.Context, vault.Store, string) ([]vault.Ref, error)
	scan   func(ctx context.Context, s vault.Store, collection, from string, limit int) ([]vault.Entry, error)
}

func (s *faultyStore) Commit(ctx context.Context, changes []vault.Change) error {
	if s.fault.commit == nil {
		return s.Store.Commit(ctx, changes)
	}
	return s.fault.commit(ctx, s.Store, changes)
}

func (s *faultyStore) Get(ctx context.Context, ref vault.Ref) (vault.Record, error) {
	record, err := s.Store.Get(ctx, ref)
	if s.fault.get == nil {
		return record, err
	}
	return s.fault.get(record, err)
}

func (s *faultyStore) List(ctx context.Context, collection string) ([]vault.Ref, error) {
	if s.fault.list == nil {
		return s.Store.List(ctx, collection)
	}
	return s.fault.list(ctx, s.Store, collection)
}

func (s *faultyStore) Scan(ctx context.Context, collection, from string, limit int) ([]vault.Entry, error) {
	if s.fault.scan == nil {
		return s.Store.Scan(ctx, collection, from, limit)
	}
	return s.fault.scan(ctx, s.Store, collection, from, limit)
}

var faults = map[string]fault{
	"changes are committed one by one": {commit: func(ctx context.Context, s vault.Store, changes []vault.Change) error {
		for _, c := range changes {
			if err := s.Commit(ctx, []vault.Change{c}); err != nil {
				return err
			}
		}
		return nil
	}},
	"conflicts are hidden": {commit: func(ctx context.Context, s vault.Store, changes []vault.Change) error {
		if err := s.Commit(ctx, changes); !errors.Is(err, vault.ErrConflict) {
			return err
		}
		return nil
	}},
	"the handle is dropped": {get: func(r vault.Record, err error) (vault.Record, error) {
		r.Handle = nil
		return r, err
	}},
	"versions are all one": {get: func(r vault.Record, err error) (vault.Record, error) {
		r.Version = min(r.Version, 1)
		return r, err
	}},
	"absence is an empty record": {get: func(r vault.Record, err error) (vault.Record, error) {
		return r, nil
	}},
	"a list is reversed": {list: func(ctx context.Context, s vault.Store, c string) ([]vault.Ref, error) {
		refs, err := s.List(ctx, c)
		for i := range len(refs) / 2 {
			refs[i], refs[len(refs)-1-i] = refs[len(refs)-1-i], refs[i]
		}
		return refs, err
	}},
	"a scan begins after from": {scan: func(ctx context.Context, s vault.Store, c, from string, n int) ([]vault.Entry, error) {
		return s.Scan(ctx, c, from+" ", n)
	}},
	"a scan ignores from": {scan: func(ctx context.Context, s vault.Store, c, _ string, n int) ([]vault.Entry, error) {
		return s.Scan(ctx, c, "", n)
	}},
	"a scan ignores its limit": {scan: func(ctx context.Context, s vault.Store, c, from string, n int) ([]vault.Entry, error) {
		return s.Scan(ctx, c, from, max(n, 1000))
	}},
	"a scan forgets the handles": {scan: func(ctx context.Context, s vault.Store, c, from string, n int) ([]vault.Entry, error) {
		entries, err := s.Scan(ctx, c, from, n)
		for i := range entries {
			entries[i].Handle = nil
		}
		return entries, err
	}},
	"a scan ignores the context": {scan: func(ctx context.Context, s vault.Store, c, from string, n int) ([]vault.Entry, error) {
		return s.Scan(context.WithoutCancel(ctx), c, from, n)
	}},
	"a cancelled context is ignored": {commit: func(ctx context.Context, s vault.Store, changes []vault.Change) error {
		return s.Commit(context.WithoutCancel(ctx), changes)
	}},
}
