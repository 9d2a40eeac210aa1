// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sessiontest_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

func TestMemStoreConforms(t *testing.T) {
	sessiontest.Run(t, func() sessiontest.Store { return new(sessiontest.MemStore) })
}

// faulty is a MemStore whose methods are bent.
type faulty struct {
	sessiontest.MemStore
	get   func(session.Key, []byte, error) ([]byte, error)
	names func([]string) []string
	apply func(*sessiontest.MemStore, []session.Change) []session.Change
}

func (s *faulty) Get(ctx context.Context, k session.Key) ([]byte, error) {
	value, err := s.MemStore.Get(ctx, k)
	if s.get != nil {
		return s.get(k, value, err)
	}
	return value, err
}

func (s *faulty) Names(ctx context.Context, kind session.Kind) ([]string, error) {
	names, err := s.MemStore.Names(ctx, kind)
	if s.names != nil {
		names = s.names(names)
	}
	return names, err
}

func (s *faulty) Apply(ctx context.Context, changes []session.Change) error {
	if s.apply != nil {
		changes = s.apply(&s.MemStore, changes)
	}
	return s.MemStore.Apply(ctx, changes)
}

// renamed returns the changes with other keys.
func renamed(changes []session.Change, key func(session.Key) session.Key) []session.Change {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].Key = key(changes[i].Key)
	}
	return changes
}

func TestFaultyStoresDoNotConform(t *testing.T) {
	shared := make(map[session.Key][]byte)
	for name, newStore := range map[string]func() *faulty{
		"nil for what is not there": func() *faulty {
			return &faulty{get: func(_ session.Key, value []byte, _ error) ([]byte, error) { return value, nil }}
		},
		"the same bytes to all readers": func() *faulty {
			clear(shared)
			return &faulty{get: func(k session.Key, value []byte, err error) ([]byte, error) {
				if len(shared[k]) == len(value) && err == nil {
					return shared[k], nil
				}
				shared[k] = value
				return value, err
			}}
		},
		"names unsorted": func() *faulty {
			return &faulty{names: func(names []string) []string { slices.Reverse(names); return names }}
		},
		"the first names only": func() *faulty {
			return &faulty{names: func(names []string) []string { return names[:min(len(names), 100)] }}
		},
		"deletes nothing": func() *faulty {
			return &faulty{apply: func(_ *sessiontest.MemStore, changes []session.Change) []session.Change {
				return slices.DeleteFunc(slices.Clone(changes), func(c session.Change) bool { return c.Value == nil })
			}}
		},
		"never replaces": func() *faulty {
			return &faulty{apply: func(s *sessiontest.MemStore, changes []session.Change) []session.Change {
				return slices.DeleteFunc(slices.Clone(changes), func(c session.Change) bool {
					_, there := s.Values()[c.Key]
					return there && c.Value != nil
				})
			}}
		},
		"short values": func() *faulty {
			return &faulty{apply: func(_ *sessiontest.MemStore, changes []session.Change) []session.Change {
				changes = slices.Clone(changes)
				for i, c := range changes {
					changes[i].Value = c.Value[:min(len(c.Value), 1<<16)]
				}
				return changes
			}}
		},
		"without regard to case": func() *faulty {
			return &faulty{apply: func(_ *sessiontest.MemStore, changes []session.Change) []session.Change {
				return renamed(changes, func(k session.Key) session.Key { k.Name = strings.ToLower(k.Name); return k })
			}}
		},
		"names cut": func() *faulty {
			return &faulty{apply: func(_ *sessiontest.MemStore, changes []session.Change) []session.Change {
				return renamed(changes, func(k session.Key) session.Key { k.Name = k.Name[:min(len(k.Name), 100)]; return k })
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			for _, c := range sessiontest.Cases() {
				if err := run(c, newStore()); err != nil {
					failed++
				}
			}
			if failed == 0 {
				t.Error("it conforms")
			}
		})
	}
}

// run runs a case; a panic is a failure.
func run(c sessiontest.Case, store sessiontest.Store) (err error) {
	defer func() {
		if recover() != nil {
			err = context.Canceled
		}
	}()
	return c.Run(context.Background(), store)
}

// The same seed gives the same traffic.
func TestTrafficIsDeterminedByItsSeed(t *testing.T) {
	var stores [2]*sessiontest.MemStore
	for i := range stores {
		w := sessiontest.NewWorld(7)
		stores[i] = new(sessiontest.MemStore)
		traffic := &sessiontest.Traffic{World: w, Behaviour: sessiontest.Behaviours()[4]}
		for j, name := range []string{"alice", "bob"} {
			store := new(sessiontest.MemStore)
			if j == 0 {
				store = stores[i]
			}
			d, err := w.NewDevice(t.Context(), session.Address{Name: name, Device: 1}, session.Policy{}, 2, store)
			if err != nil {
				t.Fatal(err)
			}
			traffic.Devices = append(traffic.Devices, d)
		}
		if err := traffic.Run(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	if !stores[0].Equal(stores[1]) {
		t.Error("two runs of one seed differ")
	}
}
