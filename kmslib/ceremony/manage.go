// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
)

// manager is the flow of the screen "manage".
type manager struct {
	*talk
	about   About
	session vault.SessionInfo // the one that the screen shows
	message string            // what was just done
	why     notice
}

// errDone ends the flow.
var errDone = errors.New("the person is done")

// Manage shows the person the vault until the person is done. If it is locked,
// the person opens it first, which does not let the asking origin in. Changes
// of the ways in and of the vault key need a proof of their own. Besides the
// errors of a Stage and a Dialog it returns vault.ErrNotSetUp.
func (c *Ceremonies) Manage(ctx context.Context, asker vault.Asker, about About) error {
	users, err := (&talk{vault: c.config.Vault}).users(ctx)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return vault.ErrNotSetUp
	}
	session, _ := c.config.Vault.Session()
	t, err := c.begin(ctx, asker, session.Label)
	if err != nil {
		return err
	}
	defer t.end()
	m := &manager{talk: t, about: about}
	for err == nil {
		err = m.step(ctx)
	}
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// step shows the vault once and does what the person wants.
func (m *manager) step(ctx context.Context) error {
	if err := m.opened(ctx); err != nil {
		return err
	}
	data, err := m.data(ctx)
	if err != nil {
		return m.fail(ctx, err)
	}
	in, err := m.ask(ctx, ScreenManage, m.why, data)
	if err != nil {
		return err
	}
	m.why, m.message = notice{}, ""
	if now, open := m.vault.Session(); in.Action != "close" && (!open || now.ID != m.session.ID) {
		m.why = notice{problem: ProblemLocked} // what was chosen was chosen for another vault
		return nil
	}
	err = m.act(ctx, in)
	if errors.Is(err, errBack) {
		return nil
	}
	return m.noted(err)
}

// opened makes sure that a vault is open, and for the enclave's own origin, for
// which the person manages it. The asking origin is not let in by that.
func (m *manager) opened(ctx context.Context) error {
	for {
		session, open := m.vault.Session()
		switch {
		case open && slices.Contains(session.Grants, m.dialog.Origin()):
			m.session, m.subject.User = session, session.Label
			return nil
		case open:
			if err := m.vault.Grant(ctx, m.self()); err != nil && !errors.Is(err, vault.ErrLocked) {
				return err
			}
			continue
		}
		app := m.asker
		m.asker = m.self()
		err := m.unlock(ctx, m.session.User)
		m.asker = app
		if err != nil {
			return err
		}
	}
}

// self is the enclave's own document as the vault knows it.
func (m *manager) self() vault.Asker {
	return vault.Asker{Origin: m.dialog.Origin(), Method: m.asker.Method, Request: m.asker.Request}
}

// noted keeps an error for the next screen, if it is one for the person.
func (m *manager) noted(err error) error {
	if err == nil || errors.Is(err, errDone) {
		return err
	}
	why, known := problemOf(err)
	if !known {
		return err
	}
	m.why = why
	return nil
}

func (m *manager) act(ctx context.Context, in Input) error {
	switch in.Action {
	case "add":
		return m.add(ctx, in)
	case "remove":
		return m.remove(ctx, in.Fields["id"])
	case "rename":
		return m.rename(ctx, in.Fields["id"], in.Fields["label"])
	case "change":
		return m.change(ctx, in.Fields["id"])
	case "rotate":
		return m.done(DoneRotated, m.proven(ctx, PurposeRotate, "", (*vault.Proven).Rotate))
	case "policy":
		return m.policy(ctx, in)
	case "log":
		return m.log(ctx)
	case "reset":
		return m.reset(ctx)
	case "lock":
		_ = m.vault.Lock(ctx, m.asker) // it is locked even if that could not be logged
	}
	return errDone
}

// done keeps message for the next screen, if err is nil.
func (m *manager) done(message string, err error) error {
	if err == nil {
		m.message = message
	}
	return err
}

// proven makes the person prove, by a way in other than without, and makes one
// change with that. If the proof is over by then, the person proves again.
func (m *manager) proven(
	ctx context.Context, purpose, without string, change func(*vault.Proven, context.Context) error,
) error {
	for {
		proof, err := m.prove(ctx, purpose, without)
		if err != nil {
			return err
		}
		m.dialog.Busy(BusySaving)
		if err := change(proof, ctx); !errors.Is(err, vault.ErrProofExpired) {
			return err
		}
	}
}

func (m *manager) prove(ctx context.Context, purpose, without string) (*vault.Proven, error) {
	user := vault.User{ID: m.session.User, Label: m.session.Label}
	way := wayIn{screen: ScreenProve, user: user, users: 1, purpose: purpose, without: without}
	open, err := m.ways(ctx, way)
	if err != nil {
		return nil, err
	}
	if open.none() {
		return nil, vault.ErrLastEnrolment
	}
	var proof *vault.Proven
	err = m.attempt(ctx, way, func(id string, p unlock.Proof, counter uint32) (err error) {
		proof, err = m.vault.Prove(ctx, m.asker, user.ID, id, p, counter)
		return err
	})
	return proof, err
}

// enrolment returns one of those that the screen shows.
func (m *manager) enrolment(ctx context.Context, id string) (vault.EnrolmentInfo, error) {
	enrolments, err := m.vault.Enrolments(ctx, m.session.User)
	if err != nil {
		return vault.EnrolmentInfo{}, err
	}
	i := slices.IndexFunc(enrolments, func(e vault.EnrolmentInfo) bool { return e.ID == id })
	if i < 0 {
		return vault.EnrolmentInfo{}, vault.ErrNotFound
	}
	return enrolments[i], nil
}
