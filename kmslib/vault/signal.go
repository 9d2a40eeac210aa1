// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/auditlog"
	signal "ats.run/kms-enclave/kmslib/signal/session"
)

// SignalChange runs a step on the Signal account that the open user has for the
// asking origin. What the step changes, and an entry with the asker's method and
// the detail that the step returns, are one commit; with an error of the step,
// which is passed on as it is, nothing changes. If another Vault was faster, the
// step runs again on the new state: it must not have had an effect elsewhere.
// A *LimitError says that the step changed too much at once, a *RecordError that
// a record cannot be read.
func (v *Vault) SignalChange(ctx context.Context, a Asker, step func(*signal.Account) (detail string, err error)) error {
	s, err := v.require(ctx, a)
	if err != nil {
		return err
	}
	return v.within(ctx, s, func(t *transaction) error {
		store := newSignalStore(t, a.Origin)
		defer store.wipe()
		account := signal.Open(store, signal.Env{Now: t.now, Random: v.config.Random})
		detail, err := step(account)
		changes := account.Changes()
		defer wipeChanges(changes)
		if err != nil {
			return err
		}
		if err := store.commit(ctx, changes); err != nil {
			return err
		}
		t.log(a, auditlog.Entry{Detail: detail})
		return nil
	})
}

// errReadOnly says that a step of SignalRead changed something.
var errReadOnly = errors.New("vault: internal: a step that only reads changed something")

// SignalRead runs a step that only reads the Signal account which the open user
// has for the asking origin. It is not logged. If another Vault changes something
// meanwhile, the step runs again.
func (v *Vault) SignalRead(ctx context.Context, a Asker, step func(*signal.Account) error) error {
	s, err := v.require(ctx, a)
	if err != nil {
		return err
	}
	return v.reading(ctx, s, func(t *transaction) error {
		store := newSignalStore(t, a.Origin)
		defer store.wipe()
		account := signal.Open(store, signal.Env{Now: t.now, Random: v.config.Random})
		if err := step(account); err != nil {
			wipeChanges(account.Changes())
			return err
		}
		if changes := account.Changes(); len(changes) > 0 {
			wipeChanges(changes)
			return errReadOnly
		}
		return nil
	})
}

// wipeChanges clears the values of changes.
func wipeChanges(changes []signal.Change) {
	for _, c := range changes {
		clear(c.Value)
	}
}

// reading runs read on the state of the user of s, which must not have been
// ended elsewhere, and which did not change until read was done. It counts as
// use.
func (v *Vault) reading(ctx context.Context, s *session, read func(*transaction) error) error {
	return v.inSession(s, func(s *session) error {
		return v.locked(ctx, func() error { return v.tryReading(ctx, s, read) })
	})
}

func (v *Vault) tryReading(ctx context.Context, s *session, read func(*transaction) error) error {
	for range maxTries {
		state, err := v.loadState(ctx, s.user)
		if err != nil {
			return err
		}
		t := &transaction{v: v, state: state, ring: s.ring, now: v.config.Clock.Now()}
		if err := v.checkOpen(t, s); err != nil {
			return err
		}
		failed := read(t)
		head, err := v.get(ctx, headRef(s.user))
		if err != nil {
			return during("reading the log", err)
		}
		if head.Version == state.headVersion {
			v.remember(state)
			return failed
		}
		v.forgetState() // what was read was of two states
		v.abandon(state)
	}
	return ErrConflict
}
