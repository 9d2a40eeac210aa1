// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"
	"slices"

	signal "ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// The limits of what one step may write; deletions do not count. A batch of 64
// messages, the largest there is, writes about 200 records, and publishing 100
// prekeys of both sorts a few more. A commit is held in memory several times.
const (
	MaxSignalWrites = 1024
	MaxSignalBytes  = 16 << 20
)

// errSignalKey says that package session uses a key that cannot be stored.
var errSignalKey = errors.New("vault: internal: impossible key of a Signal value")

// inClear are the kinds whose names are numbers that say nothing about people.
// They stand in the keys of records as they are.
var inClear = []signal.Kind{
	signal.KindPreKey, signal.KindSignedPreKey, signal.KindKyberPreKey, signal.KindReplay,
}

// signalStore is the Signal account of an origin during a transaction. It reads
// values for package session, and turns what that changes into changes of
// records.
type signalStore struct {
	t      *transaction
	cache  *signalCache
	origin string
	opened bool   // naming was looked for
	naming []byte // the naming key; nil: there is no account

	versions map[string]uint64    // of records that were listed, by key
	listed   map[signal.Kind]bool // all records of the kind are in versions
}

var _ signal.Reader = (*signalStore)(nil)

func newSignalStore(t *transaction, origin string) *signalStore {
	return &signalStore{
		t: t, cache: &t.state.signal, origin: origin,
		versions: make(map[string]uint64), listed: make(map[signal.Kind]bool),
	}
}

// wipe clears what it holds of secrets.
func (s *signalStore) wipe() { clear(s.naming) }

func (s *signalStore) ref(key string) Ref { return Ref{signalOf(s.t.state.user.ID), key} }

// key returns the key of the record of a value. The account must be open.
func (s *signalStore) key(k signal.Key) (string, error) {
	if !record.IsSignalKind(string(k.Kind)) || len(k.Name) > record.MaxSignalName {
		return "", errSignalKey
	}
	name := k.Name
	if !slices.Contains(inClear, k.Kind) || !record.IsSignalNumber(name) {
		name = record.HideSignalName(s.naming, string(k.Kind), name)
	}
	return record.SignalKey{Origin: s.origin, Kind: string(k.Kind), Name: name}.String(), nil
}

// open reads the naming key. Without an account record there must be no other
// records of the account either, since nobody knows their names any more.
func (s *signalStore) open(ctx context.Context) error {
	if s.opened {
		return nil
	}
	ref := s.ref(record.SignalAccountKey(s.origin))
	_, naming, ok := s.cache.get(ref.Key)
	if !ok {
		stored, err := s.t.v.get(ctx, ref)
		if err != nil {
			return during("reading the Signal account", err)
		}
		if stored.Version > 0 {
			naming, err = s.t.v.openNaming(ctx, s.t.ring, ref, stored)
		} else {
			err = s.checkEmpty(ctx)
		}
		if err != nil {
			return err
		}
		s.cache.put(ref.Key, stored.Version, naming)
	}
	s.opened, s.naming = true, naming
	return nil
}

// checkEmpty returns a *RecordError if there are records of the account.
func (s *signalStore) checkEmpty(ctx context.Context) error {
	ref := s.ref(record.SignalPrefix(s.origin))
	entries, err := s.t.v.config.Store.Scan(ctx, ref.Collection, ref.Key, 1)
	if err != nil {
		return during("reading the Signal account", err)
	}
	for _, e := range entries {
		if k, err := record.ParseSignalKey(e.Ref.Key); err == nil && k.Origin == s.origin {
			return &RecordError{ref.Collection, "the record of the account is missing"}
		}
	}
	return nil
}

// Get implements session.Reader.
func (s *signalStore) Get(ctx context.Context, k signal.Key) ([]byte, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if s.naming == nil {
		return nil, signal.ErrNotFound
	}
	key, err := s.key(k)
	if err != nil {
		return nil, err
	}
	if e, value, ok := s.cache.get(key); ok {
		if e.version == 0 {
			return nil, signal.ErrNotFound
		}
		return value, nil
	}
	if s.listed[k.Kind] && s.versions[key] == 0 {
		return nil, signal.ErrNotFound
	}
	ref := s.ref(key)
	stored, err := s.t.v.get(ctx, ref)
	if err != nil {
		return nil, during("reading the Signal account", err)
	}
	if stored.Version == 0 {
		s.cache.put(key, 0, nil)
		return nil, signal.ErrNotFound
	}
	name, value, err := s.t.v.openSignalValue(ctx, s.t.ring, ref, stored)
	if err != nil {
		return nil, asState(k.Kind, err)
	}
	if name != k.Name {
		clear(value)
		return nil, asState(k.Kind, errOtherName(ref))
	}
	s.t.ring.learn(key, name)
	s.cache.put(key, stored.Version, value)
	return value, nil
}

// damagedValue is a *RecordError that is also the *StateError by which package
// session knows that it cannot read a value.
type damagedValue struct {
	*RecordError
	state *signal.StateError
}

func (e *damagedValue) Unwrap() []error { return []error{e.RecordError, e.state} }

// asState returns err, as a *StateError too if it is a *RecordError.
func asState(kind signal.Kind, err error) error {
	if unreadable, ok := errors.AsType[*RecordError](err); ok {
		return &damagedValue{unreadable, &signal.StateError{Kind: kind, Reason: unreadable.Reason}}
	}
	return err
}

func errOtherName(ref Ref) error {
	return &RecordError{ref.Collection, "it is of another name than its key says"}
}

// Names implements session.Reader. A record that cannot be read is left out, and
// reported by Status.
func (s *signalStore) Names(ctx context.Context, kind signal.Kind) ([]string, error) {
	if err := s.open(ctx); err != nil || s.naming == nil {
		return nil, err
	}
	if !record.IsSignalKind(string(kind)) {
		return nil, errSignalKey
	}
	entries, err := s.scan(ctx, record.SignalKindPrefix(s.origin, string(kind)))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		s.versions[e.Ref.Key] = e.Version
		name, err := s.name(ctx, kind, e)
		if _, unreadable := errors.AsType[*RecordError](err); unreadable {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	s.listed[kind] = true
	slices.Sort(names)
	return names, nil
}

// name returns the true name of a record. It opens the record only if the key
// does not say it and it is not known.
func (s *signalStore) name(ctx context.Context, kind signal.Kind, e Entry) (string, error) {
	k, err := record.ParseSignalKey(e.Ref.Key)
	if err != nil {
		return "", damaged(e.Ref.Collection, err)
	}
	if record.IsSignalNumber(k.Name) {
		return k.Name, nil
	}
	if k.Name == record.HideSignalName(s.naming, k.Kind, "") {
		return "", nil // the only one of its kind
	}
	if name, ok := s.t.ring.nameOf(e.Ref.Key); ok {
		return name, nil
	}
	name, value, err := s.t.v.openSignalValue(ctx, s.t.ring, e.Ref, e.Record)
	if err != nil {
		return "", err
	}
	defer clear(value)
	if key, err := s.key(signal.Key{Kind: kind, Name: name}); err != nil || key != e.Ref.Key {
		return "", errOtherName(e.Ref)
	}
	s.t.ring.learn(e.Ref.Key, name)
	s.cache.put(e.Ref.Key, e.Version, value)
	return name, nil
}

// scan returns the records whose keys begin with prefix.
func (s *signalStore) scan(ctx context.Context, prefix string) ([]Entry, error) {
	entries, err := s.t.v.scanPrefix(ctx, signalOf(s.t.state.user.ID), prefix)
	if err != nil {
		return nil, during("reading the Signal account", err)
	}
	return entries, nil
}
