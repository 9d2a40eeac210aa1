// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// Rotate replaces the vault key, and seals everything under the new one, in one
// commit. It needs nobody's secret but the proof. It refuses with a *RecordError
// if there is a record that it cannot read, since nothing could ever open that
// again, and with a *RosterError if an enrolment is not one of the vault's. The
// proof, and the session of the user if it is open here, go on with the new
// key; other tabs lock until the session is shared again.
func (p *Proven) Rotate(ctx context.Context) error {
	secret, err := p.v.config.Keys.GenerateSecret(ctx)
	if err != nil {
		return during("making the vault key", err)
	}
	var next *keyring
	err = p.change(ctx, func(in *proof) error {
		if err := compare(in.roster, in.found); err != nil {
			return err
		}
		r := &rotation{proof: in, user: p.user, nextSecret: secret}
		r.next, err = p.v.ringOf(ctx, p.user, in.ring.generation+1, secret)
		if err != nil {
			return err
		}
		next = r.next
		in.log(p.asker, auditlog.Entry{Method: "vault.rotate"})
		return r.run(ctx)
	})
	if err != nil {
		return err
	}
	p.mutex.Lock()
	before := p.ring
	p.ring, p.secret = next, secret
	p.mutex.Unlock()
	p.v.goOn(before, next)
	p.v.notify(Event{Kind: EventState, User: p.user})
	return nil
}

// goOn gives the open session the next keys of its user.
func (v *Vault) goOn(before, next *keyring) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if s := v.session; s != nil && s.user == next.user && s.ring.generation == before.generation {
		changed := *s
		changed.ring = next
		v.session = &changed
		v.setCache(nil)
	}
}

// rotation is what Rotate does in its commit.
type rotation struct {
	*proof
	user       string
	next       *keyring
	nextSecret Handle
}

func (r *rotation) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.enrolments, r.logKey, r.vapid, r.signal} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	roster, err := r.v.sealRoster(ctx, r.next, r.roster, r.rosterVersion)
	if err != nil {
		return err
	}
	r.put(roster)
	r.state.user.Generation = r.next.generation
	clear(r.state.vapid)
	r.state.signal = signalCache{}
	r.putUser()
	return nil
}

// enrolments encapsulates the new vault key to every enrolment.
func (r *rotation) enrolments(ctx context.Context) error {
	for _, f := range r.found {
		if f.enrolment == nil {
			return &RecordError{enrolmentsOf(r.user), f.damaged}
		}
		slot := unlock.Slot{User: r.user, ID: f.id}
		e, err := f.enrolment.Reencapsulate(ctx, r.v.env(), slot, r.secret, r.nextSecret, r.next.generation)
		if err != nil {
			return during("sealing the vault key for an enrolment", err)
		}
		r.put(Change{Ref: enrolmentRef(r.user, f.id), IfVersion: f.Version, Value: e.Marshal(), Handle: f.Handle})
	}
	return nil
}

// logKey wraps the log key under the new vault key.
func (r *rotation) logKey(ctx context.Context) error {
	ref := logKeyRef(r.user)
	stored, old, err := r.v.readLogKey(ctx, r.user)
	if err != nil {
		return err
	}
	key := old
	key.Generation = r.next.generation
	if key.Nonce, err = r.v.random(keys.NonceSize); err != nil {
		return err
	}
	key.Wrapped, err = r.v.config.Keys.Rewrap(ctx, keys.UseSign,
		r.ring.logWrap, old.Nonce, old.Data(place(ref, stored.Version)), old.Wrapped,
		r.next.logWrap, key.Nonce, key.Data(place(ref, stored.Version+1)))
	if err != nil {
		return sealError(ref.Collection, "wrapping the log key", err)
	}
	r.put(Change{Ref: ref, IfVersion: stored.Version, Value: key.Marshal()})
	return nil
}

// vapid wraps every VAPID key under the new vault key.
func (r *rotation) vapid(ctx context.Context) error {
	entries, err := r.v.scanAll(ctx, vapidOf(r.user))
	if err != nil {
		return during("reading the keys", err)
	}
	for _, e := range entries {
		old, err := record.ParseVAPID(e.Ref.Key, e.Value)
		if err != nil {
			return damaged(e.Ref.Collection, err)
		}
		change, err := r.v.rewrapVAPID(ctx, r.ring, r.next, old, e)
		if err != nil {
			return err
		}
		r.put(change)
	}
	return nil
}

// signal seals every record of Signal accounts under the new vault key.
func (r *rotation) signal(ctx context.Context) error {
	entries, err := r.v.scanAll(ctx, signalOf(r.user))
	if err != nil {
		return during("reading the Signal accounts", err)
	}
	for _, e := range entries {
		plaintext, err := r.v.openSignal(ctx, r.ring, e.Ref, e.Record)
		if err != nil {
			return err
		}
		change, err := r.v.sealSignal(ctx, r.next, e.Ref, e.Version, plaintext)
		clear(plaintext)
		if err != nil {
			return err
		}
		r.put(change)
	}
	return nil
}
