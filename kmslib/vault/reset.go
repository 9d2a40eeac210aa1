// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
)

// Reset deletes the user's vault for good: enrolments, keys, Signal
// accounts and policies. The
// log stays, and says who did it.
func (p *Proven) Reset(ctx context.Context) error {
	p.mutex.Lock()
	ring := p.ring
	p.mutex.Unlock()
	// The log key must be at hand before its record is deleted.
	if _, err := p.v.logSigner(ctx, ring); err != nil {
		return err
	}
	err := p.change(ctx, func(in *proof) error { return in.reset(ctx, p.asker, "proven") })
	if err == nil {
		p.v.afterReset(p.user)
	}
	return err
}

// ResetUnproven deletes a user's vault for good when nobody can open it any
// more. typed is what the person typed into the enclave's own document: it must
// be the user's label exactly, else ErrConfirmation. The log stays, and says so
// if the delegated key can still sign.
func (v *Vault) ResetUnproven(ctx context.Context, a Asker, user, typed string) error {
	err := v.change(ctx, user, nil, func(t *transaction) error {
		if typed != t.state.user.Label {
			return ErrConfirmation
		}
		t.unlogged = func() {}
		return t.reset(ctx, a, "typed")
	})
	if err == nil {
		v.afterReset(user)
	}
	return err
}

// reset deletes everything of the user but the log.
func (t *transaction) reset(ctx context.Context, a Asker, detail string) error {
	user := t.state.user.ID
	collections := []string{enrolmentsOf(user), vapidOf(user), signalOf(user), policyOf(user), stateOf(user)}
	for _, collection := range collections {
		entries, err := t.v.scanAll(ctx, collection)
		if err != nil {
			return during("reading what is to be deleted", err)
		}
		for _, e := range entries {
			if e.Ref != headRef(user) {
				t.put(Change{Ref: e.Ref, IfVersion: e.Version, Delete: true})
			}
		}
	}
	t.state.user.Reset = true
	t.state.user.Epoch++
	t.putUser()
	t.log(a, auditlog.Entry{Method: "vault.reset", Detail: detail})
	return nil
}

func (v *Vault) afterReset(user string) {
	if s := v.open(); s != nil && s.user == user {
		v.drop(s)
	}
	v.notify(Event{Kind: EventState, User: user})
}
