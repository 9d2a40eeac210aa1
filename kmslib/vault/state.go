// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"
	"maps"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// userState is what was read of a user. Every commit that touches a record of
// the user also writes the head of the log, so that all of it holds as long as
// the head has the version that it had.
type userState struct {
	user        record.User
	userVersion uint64
	head        auditlog.Head
	headVersion uint64
	vapid       map[string]vapidKey // by the key of the record
	signal      signalCache
}

func (s *userState) clone() *userState {
	copied := *s
	copied.vapid = maps.Clone(s.vapid)
	if copied.vapid == nil {
		copied.vapid = make(map[string]vapidKey)
	}
	copied.signal = s.signal.clone()
	return &copied
}

// readUser returns the record of a user who exists and was not reset.
func (v *Vault) readUser(ctx context.Context, id string) (record.User, uint64, error) {
	user, version, err := v.readAnyUser(ctx, id)
	if err == nil && user.Reset {
		return user, version, ErrNotFound
	}
	return user, version, err
}

// readAnyUser returns the record of a user who exists or was reset.
func (v *Vault) readAnyUser(ctx context.Context, id string) (record.User, uint64, error) {
	if !record.IsID(id) {
		return record.User{}, 0, ErrNotFound
	}
	stored, err := v.config.Store.Get(ctx, userRef(id))
	if errors.Is(err, ErrNotFound) {
		return record.User{}, 0, err
	}
	if err != nil {
		return record.User{}, 0, during("reading the user", err)
	}
	user, err := record.ParseUser(id, stored.Value)
	if err != nil {
		return user, 0, damaged(usersCollection, err)
	}
	return user, stored.Version, nil
}

// loadState returns the state of a user. It reads no more than the head of the
// log if what is remembered still holds.
func (v *Vault) loadState(ctx context.Context, user string) (*userState, error) {
	ref := headRef(user)
	stored, err := v.get(ctx, ref)
	if err != nil {
		return nil, during("reading the log", err)
	}
	if known := v.remembered(user); known != nil && known.headVersion == stored.Version {
		return known.clone(), nil
	}
	state := &userState{headVersion: stored.Version, vapid: make(map[string]vapidKey)}
	if state.user, state.userVersion, err = v.readUser(ctx, user); err != nil {
		return nil, err
	}
	if stored.Version == 0 {
		return nil, &RecordError{ref.Collection, "the head of the log is missing"}
	}
	if state.head, err = auditlog.ParseHead(user, stored.Value); err != nil {
		return nil, damaged(ref.Collection, err)
	}
	return state, nil
}

// remembered returns what is remembered of a user, or nil.
func (v *Vault) remembered(user string) *userState {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.cache == nil || v.cache.user.ID != user {
		return nil
	}
	return v.cache
}

// remember keeps the state of the user whose session is open.
func (v *Vault) remember(state *userState) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.session != nil && v.session.user == state.user.ID {
		v.setCache(state)
	}
}

// forgetState drops what is remembered.
func (v *Vault) forgetState() {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.setCache(nil)
}

// setCache replaces what is remembered, and clears the secrets that were. The
// caller holds the mutex.
func (v *Vault) setCache(next *userState) {
	if before := v.cache; before != nil && before != next {
		before.discard(next)
	}
	v.cache = next
}

// discard clears the secrets of a state that is not used any more, but for those
// that next has too.
func (s *userState) discard(next *userState) {
	if next == nil {
		next = new(userState)
	}
	s.signal.wipeExcept(&next.signal)
}

// abandon is discard of a state that was not stored.
func (v *Vault) abandon(state *userState) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	state.discard(v.cache)
}
