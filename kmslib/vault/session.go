// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"
	"maps"
	"slices"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/unlock"
)

// The limits of a session, in seconds.
const (
	IdleLimit     = 900    // since the last use
	AbsoluteLimit = 28_800 // since the unlock
	GateLimit     = 300    // since the unlock, where a passkey gate opened it
)

// tellUse is how often EventUsed is told at most, in seconds.
const tellUse = 30

// session is an open vault. Its grants and times are guarded by the Vault's
// mutex.
type session struct {
	id        string
	user      string
	label     string
	method    unlock.Method
	enrolment string
	epoch     int64 // of the user, when it was opened
	started   int64 // Unix seconds
	used      int64 // Unix seconds
	ends      int64 // Unix seconds
	told      int64 // when EventUsed was last told
	grants    map[string]bool
	ring      *keyring
	policies  map[string]string // digests of policy records by origin, as the roster has them
}

// limitOf returns how long a session by a method lasts, in seconds.
func limitOf(method unlock.Method) int64 {
	if method == unlock.PasskeyGate {
		return GateLimit
	}
	return AbsoluteLimit
}

// deadline returns when s ends without further use. The clock must not have
// gone back before its start either.
func (s *session) deadline() int64 { return min(s.used+IdleLimit, s.ends) }

func (s *session) isOver(now int64) bool { return now >= s.deadline() || now < s.started-maxSkew }

// over is isOver of a session that others may use.
func (v *Vault) over(s *session, now int64) bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return s.isOver(now)
}

// maxSkew is how far clocks may go back, in seconds, before a session is over.
const maxSkew = 60

// SessionInfo is what is told of the open session.
type SessionInfo struct {
	ID        string
	User      string // id
	Label     string // the user's
	Method    unlock.Method
	Enrolment string   // id
	Started   int64    // Unix seconds
	IdleEnds  int64    // Unix seconds: when it ends without use
	Ends      int64    // Unix seconds: when it ends in any case
	Grants    []string // origins for which it is open, sorted
}

func (s *session) info() SessionInfo {
	return SessionInfo{
		ID: s.id, User: s.user, Label: s.label, Method: s.method, Enrolment: s.enrolment,
		Started: s.started, IdleEnds: s.deadline(), Ends: s.ends,
		Grants: slices.Sorted(maps.Keys(s.grants)),
	}
}

// Session returns the open session, or false if there is none.
func (v *Vault) Session() (SessionInfo, bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.session == nil || v.session.isOver(v.config.Clock.Now()) {
		return SessionInfo{}, false
	}
	return v.session.info(), true
}

// open returns the open session, nil if there is none or its time is over.
func (v *Vault) open() *session {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.session == nil || v.session.isOver(v.config.Clock.Now()) {
		return nil
	}
	return v.session
}

// openRing returns the keys of the open session if it is the user's, or nil.
func (v *Vault) openRing(user string) *keyring {
	if s := v.open(); s != nil && s.user == user {
		return s.ring
	}
	return nil
}

// setSession makes s the open session, and returns the one before.
func (v *Vault) setSession(s *session) *session {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	before := v.session
	v.session = s
	if v.cache != nil && (s == nil || v.cache.user.ID != s.user) {
		v.setCache(nil)
	}
	v.endStreams()
	return before
}

// drop ends s here if it is still the open session, and says whether it was.
func (v *Vault) drop(s *session) bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if s == nil || v.session != s {
		return false
	}
	v.session = nil
	v.setCache(nil)
	v.endStreams()
	return true
}

// require returns the session if it is open for the asking origin. Its time is
// checked now; use says when it was used.
func (v *Vault) require(ctx context.Context, a Asker) (*session, error) {
	if err := checkOrigin(a.Origin); err != nil {
		return nil, err
	}
	s := v.open()
	if s == nil {
		return nil, v.whyLocked(ctx)
	}
	v.mutex.Lock()
	granted := s.grants[a.Origin]
	v.mutex.Unlock()
	if !granted {
		return nil, ErrNotGranted
	}
	return s, nil
}

// whyLocked returns ErrNotSetUp if there are no users, else ErrLocked. A session
// whose time is over is ended.
func (v *Vault) whyLocked(ctx context.Context) error {
	if _, err := v.Expire(ctx); err != nil {
		return err
	}
	state, _, err := v.CheckState(ctx)
	switch {
	case err != nil:
		return err
	case state == StateEmpty:
		return ErrNotSetUp
	}
	return ErrLocked
}

// touch notes that s was used now.
func (v *Vault) touch(s *session) {
	now := v.config.Clock.Now()
	v.mutex.Lock()
	s.used = max(s.used, now)
	tell := v.session == s && now-s.told >= tellUse
	if tell {
		s.told = now
	}
	v.mutex.Unlock()
	if tell {
		v.notify(Event{Kind: EventUsed, User: s.user})
	}
}

// within is change by the log key of the session s, which must not have been
// ended elsewhere. It counts as use. The keys are in the transaction: Rotate may
// have given the session others.
func (v *Vault) within(ctx context.Context, s *session, build func(*transaction) error) error {
	return v.inSession(s, func(s *session) error {
		return v.change(ctx, s.user, s.ring, func(t *transaction) error {
			if err := v.checkOpen(t, s); err != nil {
				return err
			}
			return build(t)
		})
	})
}

// inSession runs try in the session s, or in what Rotate made of it, and notes
// that it was used. If try finds that it was ended elsewhere, it is dropped.
func (v *Vault) inSession(s *session, try func(*session) error) error {
	err := try(s)
	if next := v.open(); errors.Is(err, ErrLocked) && next != nil && next != s && next.id == s.id {
		s = next
		err = try(s)
	} else if errors.Is(err, ErrLocked) && v.drop(s) {
		v.notify(Event{Kind: EventState, User: s.user})
	}
	if err == nil {
		v.touch(s)
	}
	return err
}

// checkOpen returns ErrLocked if s was ended elsewhere, or its keys are not those
// of the state.
func (v *Vault) checkOpen(t *transaction, s *session) error {
	if t.state.user.Epoch != s.epoch || t.state.user.Generation != s.ring.generation || v.over(s, t.now) {
		return ErrLocked
	}
	t.session = s.id
	return nil
}

// Grant opens the session for the asking origin too. ErrLocked: there is none.
func (v *Vault) Grant(ctx context.Context, a Asker) error {
	if err := checkOrigin(a.Origin); err != nil {
		return err
	}
	s := v.open()
	if s == nil {
		return v.whyLocked(ctx)
	}
	err := v.within(ctx, s, func(t *transaction) error {
		t.log(a, auditlog.Entry{Method: "vault.grant"})
		return nil
	})
	if err != nil {
		return err
	}
	v.mutex.Lock()
	s.grants[a.Origin] = true
	v.mutex.Unlock()
	v.notify(Event{Kind: EventState, User: s.user})
	return nil
}
