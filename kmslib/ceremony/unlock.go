// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// Unlock opens the vault of user, or of whomever the person chooses if user is
// "", for the asking origin. If it is open for that origin already, there is
// no dialogue; if it is open for another, the person only approves. Wrong
// secrets keep the screen open. Besides the errors of a Stage and a Dialog it
// returns vault.ErrNotSetUp, ErrUnknownUser and ErrDenied.
func (c *Ceremonies) Unlock(ctx context.Context, asker vault.Asker, user string) error {
	users, err := (&talk{vault: c.config.Vault}).users(ctx)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return vault.ErrNotSetUp
	}
	label := ""
	switch i := slices.IndexFunc(users, func(u vault.User) bool { return u.ID == user }); {
	case i >= 0:
		label = users[i].Label
	case user != "":
		return ErrUnknownUser
	case len(users) == 1:
		label = users[0].Label
	}
	session, open := c.config.Vault.Session()
	open = open && (user == "" || user == session.User)
	if open {
		if slices.Contains(session.Grants, asker.Origin) {
			return nil
		}
		label = session.Label
	}
	t, err := c.begin(ctx, asker, label)
	if err != nil {
		return err
	}
	defer t.end()
	if open {
		err := t.grant(ctx, session)
		if !errors.Is(err, vault.ErrLocked) {
			return err
		}
		user = session.User // it was locked meanwhile
	}
	return t.unlock(ctx, user)
}

// grant opens the session for the asking origin, if the person approves and it
// is still the one that was shown.
func (t *talk) grant(ctx context.Context, session vault.SessionInfo) error {
	data := []wire.Member{userMember(session.User, session.Label)}
	if err := t.approve(ctx, ScreenGrant, data); err != nil {
		return err
	}
	if now, open := t.vault.Session(); !open || now.ID != session.ID {
		return vault.ErrLocked
	}
	return t.vault.Grant(ctx, t.asker)
}

// unlock asks until the vault of a user is open.
func (t *talk) unlock(ctx context.Context, user string) error {
	for {
		users, err := t.users(ctx)
		switch {
		case err != nil:
			return err
		case len(users) == 0:
			return vault.ErrNotSetUp
		}
		chosen, err := t.choose(ctx, users, user)
		if err != nil {
			return err
		}
		if chosen == nil {
			if err := t.setUp(ctx); !errors.Is(err, errBack) {
				return err
			}
			continue
		}
		t.subject.User = chosen.Label
		way := wayIn{screen: ScreenUnlock, user: *chosen, users: len(users)}
		err = t.attempt(ctx, way, func(id string, proof unlock.Proof, counter uint32) error {
			_, err := t.vault.Unlock(ctx, t.asker, chosen.ID, id, proof, counter)
			return err
		})
		user = ""
		switch {
		case errors.Is(err, errOther):
			t.subject.User = ""
		case errors.Is(err, errReset):
			if err = t.resetUnproven(ctx, *chosen); errors.Is(err, errBack) {
				user, err = chosen.ID, nil
			}
			if err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// choose returns one of the users, or nil if the person wants to be a new one.
func (t *talk) choose(ctx context.Context, users []vault.User, wanted string) (*vault.User, error) {
	byID := func(id string) *vault.User {
		i := slices.IndexFunc(users, func(u vault.User) bool { return u.ID == id })
		if i < 0 {
			return nil
		}
		return &users[i]
	}
	if found := byID(wanted); found != nil {
		return found, nil
	}
	if len(users) == 1 {
		return &users[0], nil
	}
	data := []wire.Member{flag("add", true), list("users", users, func(u vault.User) wire.Value {
		return wire.Object(text("id", u.ID), text("label", u.Label), text("damaged", u.Damaged))
	})}
	in, err := t.ask(ctx, ScreenChooseUser, notice{}, data)
	if err != nil || in.Action == "add" {
		return nil, err
	}
	found := byID(in.Fields["user"])
	if found == nil {
		return nil, &ProtocolError{ScreenChooseUser, "the field user names none of those shown"}
	}
	return found, nil
}

// resetUnproven deletes a user whose vault the person cannot open any more,
// once the name was typed. It returns nil when that is done.
func (t *talk) resetUnproven(ctx context.Context, user vault.User) error {
	var why notice
	for {
		typed, err := t.askReset(ctx, user.Label, false, why)
		if err != nil {
			return err
		}
		t.dialog.Busy(BusySaving)
		err = t.vault.ResetUnproven(ctx, t.asker, user.ID, typed)
		if err == nil {
			t.tell(ctx, DoneReset)
			t.subject.User = ""
			return nil
		}
		var known bool
		if why, known = problemOf(err); !known {
			return err
		}
	}
}

// askReset asks for the name, which is what a reset is confirmed with.
func (t *talk) askReset(ctx context.Context, label string, proof bool, why notice) (string, error) {
	in, err := t.ask(ctx, ScreenReset, why, []wire.Member{text("label", label), flag("proof", proof)})
	switch {
	case err != nil:
		return "", err
	case in.Action == "back":
		return "", errBack
	}
	return in.Fields["typed"], nil
}

func userMember(id, label string) wire.Member {
	return wire.Member{Name: "user", Value: wire.Object(text("id", id), text("label", label))}
}
