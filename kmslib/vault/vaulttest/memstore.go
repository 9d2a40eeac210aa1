// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"ats.run/kms-enclave/kmslib/vault"
)

// MemStore is a Store in memory, the model that other stores are held against.
// The zero MemStore is empty and ready.
type MemStore struct {
	mutex   sync.Mutex
	records map[vault.Ref]vault.Record
}

var _ vault.Store = (*MemStore)(nil)

// Get implements vault.Store.
func (s *MemStore) Get(ctx context.Context, ref vault.Ref) (vault.Record, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return vault.Record{}, err
	}
	record, ok := s.records[ref]
	if !ok {
		return vault.Record{}, vault.ErrNotFound
	}
	record.Value = bytes.Clone(record.Value)
	return record, nil
}

// List implements vault.Store.
func (s *MemStore) List(ctx context.Context, collection string) ([]vault.Ref, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var refs []vault.Ref
	for ref := range s.records {
		if ref.Collection == collection {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, func(a, b vault.Ref) int { return strings.Compare(a.Key, b.Key) })
	return refs, nil
}

// Commit implements vault.Store.
func (s *MemStore) Commit(ctx context.Context, changes []vault.Change) error {
	if err := vault.CheckChanges(changes); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, c := range changes {
		if s.records[c.Ref].Version != c.IfVersion {
			return vault.ErrConflict
		}
	}
	if s.records == nil {
		s.records = make(map[vault.Ref]vault.Record)
	}
	for _, c := range changes {
		if c.Delete {
			delete(s.records, c.Ref)
			continue
		}
		s.records[c.Ref] = vault.Record{
			Version: c.IfVersion + 1,
			Value:   bytes.Clone(c.Value),
			Handle:  c.Handle,
		}
	}
	return nil
}
