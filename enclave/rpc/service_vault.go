// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// VaultSetup sets up a user with the person.
func (s *Service) VaultSetup(ctx context.Context, caller Caller, _ *VaultSetupRequest) (*SessionResponse, error) {
	if err := s.ceremonies.SetUp(ctx, caller.asker()); err != nil {
		return nil, s.refuse(ctx, caller, err)
	}
	return s.session(caller)
}

// VaultUnlock opens the vault with the person, if it is not open for the
// caller.
func (s *Service) VaultUnlock(ctx context.Context, caller Caller, q *VaultUnlockRequest) (*SessionResponse, error) {
	if err := s.ceremonies.Unlock(ctx, caller.asker(), q.User); err != nil {
		return nil, s.refuse(ctx, caller, err)
	}
	return s.session(caller)
}

// VaultLock locks the vault if it is open for the caller: an origin that was
// not let in cannot end what others do.
func (s *Service) VaultLock(ctx context.Context, caller Caller, _ *VaultLockRequest) (*VaultLockResponse, error) {
	session, open := s.vault.Session()
	if open && slices.Contains(session.Grants, caller.Origin) {
		_ = s.vault.Lock(ctx, caller.asker()) // it is locked even if that could not be logged
	}
	return &VaultLockResponse{}, nil
}

// VaultManage shows the person the vault.
func (s *Service) VaultManage(ctx context.Context, caller Caller, _ *VaultManageRequest) (*VaultManageResponse, error) {
	about := ceremony.About{Storage: s.environment.Storage()}
	for i := range table {
		if m := &table[i]; m.Ruled() {
			about.Methods = append(about.Methods, ceremony.Method{Name: m.Name, Class: vault.Consent(m.Consent)})
		}
	}
	if err := s.ceremonies.Manage(ctx, caller.asker(), about); err != nil {
		return nil, s.refuse(ctx, caller, err)
	}
	return &VaultManageResponse{}, nil
}

// session returns the session as the caller may know it, after a ceremony that
// opened it. Another tab can have locked it since.
func (s *Service) session(caller Caller) (*SessionResponse, error) {
	session, open := s.vault.Session()
	state := stateFor(caller.Origin, vault.StateUnlocked, 0, session)
	if !open || state.State != StateUnlocked {
		return nil, refusalOf(vault.ErrLocked)
	}
	return &SessionResponse{
		User: state.User, Method: state.Method, Protection: state.Protection, IdleEnds: state.IdleEnds, Ends: state.Ends,
	}, nil
}

// stateFor returns what an origin may know: to one that was not let in, an
// open vault looks like a locked one. Without an open session, session is zero.
func stateFor(origin string, state vault.State, users int, session vault.SessionInfo) SessionState {
	known := SessionState{State: string(state), Users: int64(users)}
	if state != vault.StateUnlocked {
		return known
	}
	if !slices.Contains(session.Grants, origin) {
		known.State = StateLocked
		return known
	}
	known.User = session.User
	known.Method = string(session.Method)
	known.Protection = ProtectionEncryption
	if session.Method == unlock.PasskeyGate {
		known.Protection = ProtectionPolicy
	}
	known.IdleEnds, known.Ends = session.IdleEnds, session.Ends
	return known
}

// Announce returns what the caller is to be told of an event of the vault, or
// false if nothing.
func (s *Service) Announce(ctx context.Context, caller Caller, event vault.Event) (Announcement, bool) {
	session, open := s.vault.Session()
	granted := open && slices.Contains(session.Grants, caller.Origin)
	switch {
	case event.Kind == vault.EventState:
		s.damaged.Store(0)
		state, users, err := s.vault.CheckState(ctx)
		if err != nil {
			return Announcement{}, false
		}
		known := stateFor(caller.Origin, state, users, session)
		return announcement(EventState, &known)
	case event.Kind == vault.EventCheckpoint && granted && session.User == event.User:
		return announcement(EventCheckpoint, &CheckpointMessage{User: event.User, Size: event.Size, Note: event.Checkpoint})
	}
	return Announcement{}, false
}

func announcement(name string, data Message) (Announcement, bool) {
	text, err := Encode(data)
	return Announcement{Event: name, Data: text}, err == nil
}
