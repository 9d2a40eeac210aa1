// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"maps"
	"slices"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// Shared is an open session as one tab hands it to another: strings, numbers,
// and the one Handle from which all others are derived.
type Shared struct {
	ID         string
	User       string
	Method     string
	Enrolment  string
	Generation int64
	Epoch      int64
	Started    int64
	Used       int64
	Ends       int64
	Grants     []string
	Base       Handle
}

// Share returns the open session for another tab, or false if there is none.
func (v *Vault) Share() (Shared, bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	s := v.session
	if s == nil || s.isOver(v.config.Clock.Now()) {
		return Shared{}, false
	}
	return Shared{
		ID: s.id, User: s.user, Method: string(s.method), Enrolment: s.enrolment,
		Generation: s.ring.generation, Epoch: s.epoch,
		Started: s.started, Used: s.used, Ends: s.ends,
		Grants: slices.Sorted(maps.Keys(s.grants)), Base: s.ring.base,
	}, true
}

// Adopt takes over a session that another tab opened. If it is the session
// that is open here, grants and the time of last use are united. A session
// whose time is over, whose key does not open the user's records, or which
// storage says was ended, is refused with ErrLocked.
func (v *Vault) Adopt(ctx context.Context, shared Shared) error {
	now := v.config.Clock.Now()
	s := shared.session()
	if s == nil || s.used > now+maxSkew || s.isOver(now) {
		return ErrLocked
	}
	if v.unite(s, shared.Generation) {
		return nil
	}
	user, _, err := v.readUser(ctx, s.user)
	if err != nil {
		return err
	}
	if user.Epoch != s.epoch || user.Generation != shared.Generation || user.Closed == s.id {
		return ErrLocked
	}
	s.label = user.Label
	if s.ring, err = v.newKeyring(ctx, s.user, shared.Generation, shared.Base); err != nil {
		return err
	}
	if _, err := v.logSigner(ctx, s.ring); err != nil {
		return err
	}
	roster, _, err := v.readRoster(ctx, s.ring)
	if err != nil {
		return err
	}
	s.setPolicies(roster)
	v.setSession(s)
	v.notify(Event{Kind: EventState, User: s.user})
	return nil
}

// session returns what was shared, or nil if it cannot be a session.
func (s Shared) session() *session {
	method := unlock.Method(s.Method)
	isMethod := slices.Contains([]unlock.Method{
		unlock.Passphrase, unlock.PasskeyPRF, unlock.PasskeyGate, unlock.Recovery,
	}, method)
	if !record.IsID(s.ID) || !record.IsID(s.User) || !record.IsID(s.Enrolment) || !isMethod || s.Base == nil ||
		s.Generation < 1 || s.Started < 0 || s.Used < s.Started || s.Ends-s.Started > limitOf(method) {
		return nil
	}
	grants := make(map[string]bool, len(s.Grants))
	for _, origin := range s.Grants {
		if checkOrigin(origin) != nil {
			return nil
		}
		grants[origin] = true
	}
	return &session{
		id: s.ID, user: s.User, method: method, enrolment: s.Enrolment, epoch: s.Epoch,
		started: s.Started, used: s.Used, ends: s.Ends, grants: grants,
	}
}

// unite adds the grants and the last use of s to the open session if that is
// the same one.
func (v *Vault) unite(s *session, generation int64) bool {
	v.mutex.Lock()
	open := v.session
	same := open != nil && open.id == s.id && open.user == s.user && open.ring.generation == generation
	changed := false
	if same {
		open.used = max(open.used, s.used)
		for origin := range s.grants {
			changed = changed || !open.grants[origin]
			open.grants[origin] = true
		}
	}
	v.mutex.Unlock()
	if changed {
		v.notify(Event{Kind: EventState, User: s.user})
	}
	return same
}

// Used notes that the session was used in another tab at the given time, in
// Unix seconds. Other sessions and times that have not come are ignored.
func (v *Vault) Used(session string, at int64) {
	now := v.config.Clock.Now()
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if s := v.session; s != nil && s.id == session && at <= now+maxSkew && !s.isOver(now) {
		s.used = max(s.used, min(at, now))
	}
}
