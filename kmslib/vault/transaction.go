// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/auditlog"
)

// lockName is the lock that a Vault holds while it changes something.
const lockName = "kms-enclave-vault"

// maxTries is how often a change is tried again after a conflict.
const maxTries = 5

// errStale says that what a change was built on is no longer there, so that the
// whole operation begins again.
var errStale = errors.New("vault: internal: state changed meanwhile")

// transaction is one attempt to change the state of a user.
type transaction struct {
	v       *Vault
	state   *userState // as it will be; the caller changes it
	ring    *keyring   // whose log key signs; nil for the delegated key
	now     int64      // Unix seconds
	session string     // id, for entries; "" without one
	changes []Change
	entries []auditlog.Entry

	// unlogged, if not nil, is called where no key can sign the entries. They
	// are dropped, and it may alter the changes.
	unlogged func()
}

// put adds a change, or replaces that of the same record.
func (t *transaction) put(c Change) {
	for i := range t.changes {
		if t.changes[i].Ref == c.Ref {
			t.changes[i] = c
			return
		}
	}
	t.changes = append(t.changes, c)
}

// putUser adds the change of the user record to what state says.
func (t *transaction) putUser() {
	t.put(Change{Ref: userRef(t.state.user.ID), IfVersion: t.state.userVersion, Value: t.state.user.Marshal()})
	t.state.userVersion++
}

// log adds an entry. Its Outcome is OutcomeOK unless it says otherwise.
func (t *transaction) log(a Asker, e auditlog.Entry) {
	if e.Outcome == "" {
		e.Outcome = auditlog.OutcomeOK
	}
	if e.Method == "" {
		e.Method = a.Method
	}
	e.Origin, e.Request, e.Release = a.Origin, a.Request, t.v.release()
	e.Time, e.Session = t.now, t.session
	t.entries = append(t.entries, e)
}

// change makes the changes and entries of build in one commit, signed by the
// log key of ring, or by the delegated key if ring is nil. If another Vault was
// faster, build is called again with the new state. With an error from build
// nothing is changed. Entries are signed only if there is something to log.
func (v *Vault) change(ctx context.Context, user string, ring *keyring, build func(*transaction) error) error {
	var head *auditlog.Head
	err := v.locked(ctx, func() (err error) {
		head, err = v.tryChange(ctx, user, ring, build)
		return err
	})
	if err == nil && head != nil {
		v.announce(*head)
	}
	return err
}

// locked runs f while no other Vault changes anything.
func (v *Vault) locked(ctx context.Context, f func() error) error {
	release, err := v.config.Locks.Lock(ctx, lockName)
	if err != nil {
		return during("waiting for other tabs", err)
	}
	defer release()
	return f()
}

func (v *Vault) tryChange(
	ctx context.Context, user string, ring *keyring, build func(*transaction) error,
) (*auditlog.Head, error) {
	for range maxTries {
		state, err := v.loadState(ctx, user)
		if err != nil {
			return nil, err
		}
		head, err := v.attemptChange(ctx, state, ring, build)
		if !errors.Is(err, ErrConflict) {
			return head, err
		}
		v.forgetState()
	}
	return nil, ErrConflict
}

func (v *Vault) attemptChange(
	ctx context.Context, state *userState, ring *keyring, build func(*transaction) error,
) (*auditlog.Head, error) {
	t := &transaction{v: v, state: state, ring: ring, now: v.config.Clock.Now()}
	if err := build(t); err != nil {
		v.abandon(state)
		return nil, err
	}
	if len(t.changes) == 0 && len(t.entries) == 0 {
		return nil, nil
	}
	if err := t.sign(ctx); err != nil {
		v.abandon(state)
		return nil, err
	}
	if err := v.config.Store.Commit(ctx, t.changes); err != nil {
		v.forgetState()
		v.abandon(state)
		if errors.Is(err, ErrConflict) {
			return nil, err
		}
		return nil, during("storing", err)
	}
	v.remember(t.state)
	return &t.state.head, nil
}

// sign appends the entries to the log, and adds what that changes.
func (t *transaction) sign(ctx context.Context) error {
	records, head, err := t.appendAll(ctx)
	switch {
	case errors.Is(err, errNoAuthor) && t.unlogged != nil:
		t.unlogged()
	case err != nil:
		return during("writing the log", err)
	default:
		t.changes = append(t.changes, records...)
		t.state.head = head
	}
	// Also without an entry: the version of the head says that something changed.
	t.put(Change{Ref: headRef(t.state.user.ID), IfVersion: t.state.headVersion, Value: t.state.head.Marshal()})
	t.state.headVersion++
	return nil
}

// appendAll returns the records of the entries and the head after them.
func (t *transaction) appendAll(ctx context.Context) ([]Change, auditlog.Head, error) {
	head := t.state.head
	if len(t.entries) == 0 {
		return nil, head, nil
	}
	a, err := t.v.author(ctx, head.User, t.ring)
	if err != nil {
		return nil, head, err
	}
	records := make([]Change, 0, len(t.entries))
	for _, e := range t.entries {
		r, next, err := a.append(ctx, head, e)
		if err != nil {
			return nil, head, err
		}
		records = append(records, Change{Ref: auditRef(head.User, r.Seq), Value: r.Marshal()})
		head = next
	}
	return records, head, nil
}
