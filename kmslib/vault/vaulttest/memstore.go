// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
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
	return s.sorted(collection), nil
}

// sorted returns the addresses in a collection.
func (s *MemStore) sorted(collection string) []vault.Ref {
	var refs []vault.Ref
	for ref := range s.records {
		if ref.Collection == collection {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, func(a, b vault.Ref) int { return strings.Compare(a.Key, b.Key) })
	return refs
}

// Scan implements vault.Store.
func (s *MemStore) Scan(ctx context.Context, collection, from string, limit int) ([]vault.Entry, error) {
	if err := vault.CheckScan(limit); err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var entries []vault.Entry
	for _, ref := range s.sorted(collection) {
		if ref.Key < from {
			continue
		}
		if len(entries) == limit {
			break
		}
		record := s.records[ref]
		record.Value = bytes.Clone(record.Value)
		entries = append(entries, vault.Entry{Ref: ref, Record: record})
	}
	return entries, nil
}

// All returns all records, sorted by collection and key.
func (s *MemStore) All() []vault.Entry {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := make([]vault.Entry, 0, len(s.records))
	for ref, record := range s.records {
		record.Value = bytes.Clone(record.Value)
		all = append(all, vault.Entry{Ref: ref, Record: record})
	}
	slices.SortFunc(all, func(a, b vault.Entry) int {
		return cmp.Or(strings.Compare(a.Ref.Collection, b.Ref.Collection), strings.Compare(a.Ref.Key, b.Ref.Key))
	})
	return all
}

// Clone returns another store with the same records.
func (s *MemStore) Clone() *MemStore {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return &MemStore{records: maps.Clone(s.records)} // values are never changed in place
}

// Put sets a record whatever was there, or deletes it if record is the zero
// Record: what somebody does who can write the storage.
func (s *MemStore) Put(ref vault.Ref, record vault.Record) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if record.Version == 0 {
		delete(s.records, ref)
		return
	}
	if s.records == nil {
		s.records = make(map[vault.Ref]vault.Record)
	}
	record.Value = bytes.Clone(record.Value)
	s.records[ref] = record
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
