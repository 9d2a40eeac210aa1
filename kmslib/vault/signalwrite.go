// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"slices"

	signal "ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// commit adds what changes say to the transaction. Values are sealed; the caller
// clears them.
func (s *signalStore) commit(ctx context.Context, changes []signal.Change) error {
	if err := checkSignalSize(changes); err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	if slices.ContainsFunc(changes, isEnd) {
		return s.deleteAll(ctx)
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	if s.naming == nil {
		if !slices.ContainsFunc(changes, func(c signal.Change) bool { return c.Value != nil }) {
			return nil // there is nothing to delete
		}
		if err := s.create(ctx); err != nil {
			return err
		}
	}
	if err := s.listMany(ctx, changes); err != nil {
		return err
	}
	for _, c := range changes {
		if err := s.change(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// checkSignalSize returns a *LimitError if changes are too many or too large.
func checkSignalSize(changes []signal.Change) error {
	writes, size := 0, 0
	for _, c := range changes {
		if len(c.Value) > record.MaxSignalValue {
			return &LimitError{"bytes of one Signal record", record.MaxSignalValue}
		}
		if c.Value != nil {
			writes++
			size += len(c.Value)
		}
	}
	switch {
	case writes > MaxSignalWrites:
		return &LimitError{"Signal records written at once", MaxSignalWrites}
	case size > MaxSignalBytes:
		return &LimitError{"bytes of Signal records written at once", MaxSignalBytes}
	}
	return nil
}

// create makes the account record, with a naming key that is kept as long as the
// account.
func (s *signalStore) create(ctx context.Context) error {
	naming, err := s.t.v.random(record.NamingSize)
	if err != nil {
		return err
	}
	plaintext := record.SignalAccount(naming)
	defer clear(plaintext)
	ref := s.ref(record.SignalAccountKey(s.origin))
	change, err := s.t.v.sealSignal(ctx, s.t.ring, ref, 0, plaintext)
	if err != nil {
		return err
	}
	s.t.put(change)
	s.cache.put(ref.Key, 1, naming)
	s.naming = naming
	for _, kind := range signal.Kinds() {
		s.listed[kind] = true // open found that there is nothing
	}
	return nil
}

// listMany lists kinds of which several records change whose versions are not
// known, so that they are not read one by one.
func (s *signalStore) listMany(ctx context.Context, changes []signal.Change) error {
	const several = 4
	unknown := make(map[signal.Kind]int)
	for _, c := range changes {
		key, err := s.key(c.Key)
		if err != nil {
			return err
		}
		if _, known := s.known(c.Key.Kind, key); !known {
			unknown[c.Key.Kind]++
		}
	}
	for kind, n := range unknown {
		if n < several {
			continue
		}
		if err := s.list(ctx, kind); err != nil {
			return err
		}
	}
	return nil
}

// list learns the versions of all records of a kind.
func (s *signalStore) list(ctx context.Context, kind signal.Kind) error {
	entries, err := s.scan(ctx, record.SignalKindPrefix(s.origin, string(kind)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		s.versions[e.Ref.Key] = e.Version
	}
	s.listed[kind] = true
	return nil
}

// known returns the version of a record if it was read before.
func (s *signalStore) known(kind signal.Kind, key string) (version uint64, known bool) {
	if e, ok := s.cache.look(key); ok {
		return e.version, true
	}
	version, ok := s.versions[key]
	return version, ok || s.listed[kind]
}

// version returns the version of a record, 0 if there is none.
func (s *signalStore) version(ctx context.Context, kind signal.Kind, key string) (uint64, error) {
	if version, known := s.known(kind, key); known {
		return version, nil
	}
	stored, err := s.t.v.get(ctx, s.ref(key))
	if err != nil {
		return 0, during("reading the Signal account", err)
	}
	return stored.Version, nil
}

// change adds one change.
func (s *signalStore) change(ctx context.Context, c signal.Change) error {
	key, err := s.key(c.Key)
	if err != nil {
		return err
	}
	version, err := s.version(ctx, c.Key.Kind, key)
	if err != nil {
		return err
	}
	if c.Value == nil {
		if version > 0 {
			s.t.put(Change{Ref: s.ref(key), IfVersion: version, Delete: true})
		}
		s.cache.put(key, 0, nil)
		s.t.ring.unlearn(key)
		return nil
	}
	plaintext := record.SignalValue(c.Key.Name, c.Value)
	defer clear(plaintext)
	sealed, err := s.t.v.sealSignal(ctx, s.t.ring, s.ref(key), version, plaintext)
	if err != nil {
		return err
	}
	s.t.put(sealed)
	s.t.ring.learn(key, c.Key.Name)
	s.cache.put(key, version+1, c.Value)
	return nil
}

// isEnd says whether a change deletes the account: there is none without an
// identity.
func isEnd(c signal.Change) bool { return c.Key.Kind == signal.KindIdentity && c.Value == nil }

// deleteAll deletes every record of the account, also those that cannot be read.
func (s *signalStore) deleteAll(ctx context.Context) error {
	prefix := record.SignalPrefix(s.origin)
	entries, err := s.scan(ctx, prefix)
	if err != nil {
		return err
	}
	for _, e := range entries {
		s.t.put(Change{Ref: e.Ref, IfVersion: e.Version, Delete: true})
		s.t.ring.unlearn(e.Ref.Key)
	}
	s.cache.dropPrefix(prefix)
	return nil
}
