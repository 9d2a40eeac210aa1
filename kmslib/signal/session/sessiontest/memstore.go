// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sessiontest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"ats.run/kms-enclave/kmslib/signal/session"
)

// MemStore is a Store in memory. The zero MemStore is empty. It may be used by many
// goroutines.
type MemStore struct {
	mutex  sync.Mutex
	values map[session.Key][]byte
}

var _ Store = (*MemStore)(nil)

// Get implements session.Reader.
func (s *MemStore) Get(ctx context.Context, k session.Key) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value, ok := s.values[k]
	if !ok {
		return nil, session.ErrNotFound
	}
	return bytes.Clone(value), nil
}

// Names implements session.Reader.
func (s *MemStore) Names(ctx context.Context, kind session.Kind) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var names []string
	for k := range s.values {
		if k.Kind == kind {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Apply implements Store. It refuses two changes of one key.
func (s *MemStore) Apply(ctx context.Context, changes []session.Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	seen := make(map[session.Key]bool)
	for _, c := range changes {
		if seen[c.Key] {
			return errors.New("sessiontest: two changes of one key")
		}
		seen[c.Key] = true
	}
	if s.values == nil {
		s.values = make(map[session.Key][]byte)
	}
	for _, c := range changes {
		if c.Value == nil {
			delete(s.values, c.Key)
		} else {
			s.values[c.Key] = bytes.Clone(c.Value)
		}
	}
	return nil
}

// Values returns a copy of everything.
func (s *MemStore) Values() map[session.Key][]byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := make(map[session.Key][]byte, len(s.values))
	for k, value := range s.values {
		all[k] = bytes.Clone(value)
	}
	return all
}

// Clone returns a store with the same values: what a thief has.
func (s *MemStore) Clone() *MemStore { return &MemStore{values: s.Values()} }

// Equal says whether both have the same values.
func (s *MemStore) Equal(other *MemStore) bool {
	return maps.EqualFunc(s.Values(), other.Values(), bytes.Equal)
}
