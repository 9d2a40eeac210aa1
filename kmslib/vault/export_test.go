// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
	signal "ats.run/kms-enclave/kmslib/signal/session"
)

// SignalStore is the Signal account of the asking origin, with each call a
// transaction of its own.
type SignalStore struct {
	Vault *Vault
	Asker Asker
}

// Get implements sessiontest.Store.
func (s SignalStore) Get(ctx context.Context, k signal.Key) (value []byte, err error) {
	err = s.read(ctx, func(r signal.Reader) (err error) {
		value, err = r.Get(ctx, k)
		return err
	})
	return value, err
}

// Names implements sessiontest.Store.
func (s SignalStore) Names(ctx context.Context, kind signal.Kind) (names []string, err error) {
	err = s.read(ctx, func(r signal.Reader) (err error) {
		names, err = r.Names(ctx, kind)
		return err
	})
	return names, err
}

func (s SignalStore) read(ctx context.Context, f func(signal.Reader) error) error {
	opened, err := s.Vault.require(ctx, s.Asker)
	if err != nil {
		return err
	}
	return s.Vault.reading(ctx, opened, func(t *transaction) error { return f(newSignalStore(t, s.Asker.Origin)) })
}

// Apply implements sessiontest.Store.
func (s SignalStore) Apply(ctx context.Context, changes []signal.Change) error {
	opened, err := s.Vault.require(ctx, s.Asker)
	if err != nil {
		return err
	}
	return s.Vault.within(ctx, opened, func(t *transaction) error {
		t.log(s.Asker, auditlog.Entry{})
		return newSignalStore(t, s.Asker.Origin).commit(ctx, changes)
	})
}

// Cached returns how many Signal records are remembered, and their bytes.
func (v *Vault) Cached() (records, bytes int) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.cache == nil {
		return 0, 0
	}
	return len(v.cache.signal.entries), v.cache.signal.bytes
}

// CachedValues returns the values that are remembered: the bytes themselves.
func (v *Vault) CachedValues() (all [][]byte) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.cache == nil {
		return nil
	}
	for _, e := range v.cache.signal.entries {
		if e.value != nil && e.value.bytes.Expose() != nil {
			all = append(all, *e.value.bytes.Expose())
		}
	}
	return all
}

// MaxCached are the limits of what is remembered.
const (
	MaxCachedRecords = maxSignalCached
	MaxCachedBytes   = maxSignalBytes
)

// Streams returns how many attachments are open.
func (v *Vault) Streams() int {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return len(v.streams)
}
