// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"strings"
)

// SessionInfo describes the sessions with one device, first of all the active
// one.
type SessionInfo struct {
	Peer            Address
	ID              string // of the active session; "": none, and what follows is zero
	Active          bool   // there is one to send in
	Acknowledged    bool   // the device has answered
	Version         uint8  // of its messages: 3 or 4
	PostQuantum     bool   // its message keys have a post-quantum part both ways
	Epoch           uint64 // how often that was renewed
	Created, Used   int64  // Unix seconds
	RegistrationID  uint32 // that the device had
	IdentityChanged bool   // nothing is sent in it: the person does not trust its key
	Archived        int    // how many others there are
}

// Sessions returns the devices there are sessions with, sorted by address as text.
func (a *Account) Sessions(ctx context.Context) (all []SessionInfo, err error) {
	err = a.do(ctx, func(t *tx) error {
		names, err := t.names(KindPeer)
		if err != nil {
			return err
		}
		for _, name := range names {
			of, err := ParseAddress(name)
			if err != nil {
				return &StateError{KindPeer, "its name is not an address"}
			}
			p, err := t.peer(of)
			if err != nil {
				return err
			}
			info, err := t.info(of, p)
			if err != nil {
				return err
			}
			all = append(all, info)
		}
		return nil
	})
	return all, err
}

// info describes the sessions with a device.
func (t *tx) info(of Address, p *peer) (SessionInfo, error) {
	info := SessionInfo{Peer: of, Active: p.active, Archived: p.archivedCount()}
	if !p.active {
		return info, nil
	}
	c, err := t.conversation(of, p.sessions[0].id)
	if err != nil {
		return SessionInfo{}, err
	}
	contact, err := t.contact(of.Name)
	if err != nil {
		return SessionInfo{}, err
	}
	info.ID = p.sessions[0].id.String()
	info.Acknowledged = c.start == nil
	info.Version = uint8(c.ratchet.Version())
	info.PostQuantum, info.Epoch = c.ratchet.PostQuantum(), c.ratchet.Epoch()
	info.Created, info.Used = c.created, c.used
	info.RegistrationID = c.registrationID
	info.IdentityChanged = !contact.trusted(c.theirs)
	return info, nil
}

// ArchiveSession ends sending in the active session with a device; messages that
// are on the way can still be decrypted. The next Encrypt needs a StartSession, or
// a message of the device. It returns ErrNoSession if none is active.
func (a *Account) ArchiveSession(ctx context.Context, device Address) error {
	return a.do(ctx, func(t *tx) error {
		if err := device.check("address"); err != nil {
			return err
		}
		p, err := t.peer(device)
		if err != nil {
			return err
		}
		if !p.active {
			return ErrNoSession
		}
		p.archive(max(t.env.Now, 1))
		t.putPeer(device, p)
		return nil
	})
}

// CloseSession erases all sessions with a device, also what cannot be read of
// them. It returns ErrNoSession if there are none.
func (a *Account) CloseSession(ctx context.Context, device Address) error {
	return a.do(ctx, func(t *tx) error {
		if err := device.check("address"); err != nil {
			return err
		}
		p, err := t.peer(device)
		switch {
		case isState(err):
			return t.closeUnreadable(device)
		case err != nil:
			return err
		case len(p.sessions) == 0:
			return ErrNoSession
		}
		for _, r := range p.sessions {
			t.delete(KindSession, sessionName(device, r.id))
		}
		t.delete(KindPeer, device.String())
		return nil
	})
}

// closeUnreadable erases the sessions with a device whose record does not say
// which they are.
func (t *tx) closeUnreadable(device Address) error {
	names, err := t.names(KindSession)
	if err != nil {
		return err
	}
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, device.String()+"/"); ok && !strings.Contains(rest, "/") {
			t.delete(KindSession, name)
		}
	}
	t.delete(KindPeer, device.String())
	return nil
}

// isState says that a stored value cannot be read.
func isState(err error) bool {
	var state *StateError
	return errors.As(err, &state)
}
