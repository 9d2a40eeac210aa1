// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// Methods and outcomes that this package logs by itself.
const (
	methodUnlock = "vault.unlock"
	methodProve  = "vault.prove"

	outcomeWrong     = "wrong_credential"
	outcomeThrottled = "rate_limited"
	outcomeDamaged   = "damaged"
)

// attempt is one try to open the vault by an enrolment.
type attempt struct {
	asker     Asker
	method    string // methodUnlock or methodProve
	slot      unlock.Slot
	proof     unlock.Proof
	counter   uint32
	enrolment *unlock.Enrolment
	stored    Record // the enrolment's
	opened    *unlock.Opened
	failure   error             // why it was not opened
	renewed   *unlock.Enrolment // in its place, if it was recalibrated
	ring      *keyring
	roster    record.Roster
	user      record.User // as it is after the attempt
}

// Unlock opens a session of user by one of the enrolments, and grants it to
// the asking origin. counter is the signature counter of a verified assertion,
// 0 for other methods. Errors: *ThrottledError, those of
// unlock.Enrolment.Open, ErrRoster, ErrNotFound, *RecordError.
//
// An attempt is judged in the commit that counts it, so that attempts at the
// same time, in other tabs too, each count and none learns more than one guess
// may.
func (v *Vault) Unlock(
	ctx context.Context, a Asker, user, enrolmentID string, proof unlock.Proof, counter uint32,
) (SessionInfo, error) {
	if err := checkOrigin(a.Origin); err != nil {
		return SessionInfo{}, err
	}
	try := &attempt{
		asker: a, method: methodUnlock, slot: unlock.Slot{User: user, ID: enrolmentID}, proof: proof, counter: counter,
	}
	id, err := v.newID()
	if err != nil {
		return SessionInfo{}, err
	}
	if err := v.try(ctx, try, id); err != nil {
		return SessionInfo{}, err
	}
	s := v.newSession(id, try.user, try.ring, enrolmentID, try.enrolment.Method, a)
	s.setPolicies(try.roster)
	info := s.info()
	v.begin(ctx, s)
	return info, nil
}

// Prove is Unlock for one change of the enrolments or the vault itself: it
// opens no session. The authority of what it returns ends after ProofLifetime.
func (v *Vault) Prove(
	ctx context.Context, a Asker, user, enrolmentID string, proof unlock.Proof, counter uint32,
) (*Proven, error) {
	if err := checkOrigin(a.Origin); err != nil {
		return nil, err
	}
	try := &attempt{
		asker: a, method: methodProve, slot: unlock.Slot{User: user, ID: enrolmentID}, proof: proof, counter: counter,
	}
	if err := v.try(ctx, try, ""); err != nil {
		return nil, err
	}
	secret, err := try.opened.Secret(ctx)
	if err != nil {
		return nil, during("opening the vault key", err)
	}
	return &Proven{
		v: v, asker: a, user: user, enrolment: enrolmentID, ends: v.config.Clock.Now() + ProofLifetime,
		ring: try.ring, secret: secret,
	}, nil
}

// try makes the attempt, again if the enrolment was changed meanwhile.
func (v *Vault) try(ctx context.Context, a *attempt, session string) error {
	err := errStale
	for i := 0; i < maxTries && errors.Is(err, errStale); i++ {
		if err = v.openEnrolment(ctx, a); err != nil {
			break
		}
		err = v.judge(ctx, a, session)
	}
	switch {
	case errors.Is(err, errStale):
		return ErrConflict
	case errors.Is(err, ErrThrottled):
		v.refuse(ctx, a.slot.User, a.asker, a.method, outcomeThrottled)
	}
	return err
}

// openEnrolment reads the enrolment and tries the proof on it.
func (v *Vault) openEnrolment(ctx context.Context, a *attempt) error {
	user, _, err := v.readUser(ctx, a.slot.User)
	if err != nil {
		return err
	}
	if err := v.CheckAttempt(ctx, a.slot.User); err != nil {
		return err
	}
	if a.enrolment, a.stored, err = v.readEnrolment(ctx, a.slot); err != nil {
		return err
	}
	start := v.config.Millis()
	a.opened, a.failure = a.enrolment.Open(ctx, v.env(), a.slot, a.proof)
	took := v.config.Millis() - start
	if a.failure != nil {
		if isWrong(a.failure) {
			return nil // judged where it is counted
		}
		if _, broken := errors.AsType[*unlock.DamagedError](a.failure); broken {
			v.refuse(ctx, a.slot.User, a.asker, a.method, outcomeDamaged)
		}
		return a.failure
	}
	if a.enrolment.Generation() != user.Generation {
		again, _, err := v.readUser(ctx, a.slot.User)
		if err == nil && again.Generation == user.Generation {
			err = &RecordError{enrolmentsOf(a.slot.User), "it carries another vault key than the user's"}
		}
		return cmp.Or(err, errStale)
	}
	base, err := a.opened.Base(ctx)
	if err != nil {
		return during("opening the vault key", err)
	}
	if a.ring, err = v.newKeyring(ctx, a.slot.User, user.Generation, base); err != nil {
		return err
	}
	v.recalibrate(ctx, a, took)
	return nil
}

// isWrong says whether a proof was a wrong guess.
func isWrong(err error) bool {
	return errors.Is(err, unlock.ErrWrongSecret) || errors.Is(err, unlock.ErrPRFChanged)
}

// judge counts the attempt, and finds out in the same commit whether it was
// allowed.
func (v *Vault) judge(ctx context.Context, a *attempt, session string) error {
	outcome := a.failure
	err := v.change(ctx, a.slot.User, a.ring, func(t *transaction) error {
		throttle, version, err := v.readThrottle(ctx, a.slot.User)
		if err != nil {
			return err
		}
		if wait := waiting(throttle, t.now); wait > 0 {
			return &ThrottledError{1000 * wait}
		}
		detail := string(a.enrolment.Method)
		if a.failure != nil {
			t.fail(a.asker, throttle, version, auditlog.Entry{
				Method: a.method, Outcome: outcomeWrong, Key: a.slot.ID, Detail: detail,
			})
			return nil
		}
		t.session = session
		t.succeed(a.asker, throttle, version)
		t.log(a.asker, auditlog.Entry{Method: a.method, Key: a.slot.ID, Detail: detail})
		return v.admit(ctx, t, a)
	})
	if err != nil {
		return err
	}
	return outcome
}

// admit checks a successful attempt against what the vault remembers, and
// records the use.
func (v *Vault) admit(ctx context.Context, t *transaction, a *attempt) error {
	enrolment, stored, err := v.readEnrolment(ctx, a.slot)
	switch {
	case err != nil:
		return err
	case stored.Version != a.stored.Version || !bytes.Equal(stored.Value, a.stored.Value),
		t.state.user.Generation != a.ring.generation:
		return errStale
	}
	roster, version, err := v.readRoster(ctx, a.ring)
	if err != nil {
		return err
	}
	if err := isOn(roster, a.slot.ID, enrolment); err != nil {
		return err
	}
	if enrolment, err = counted(enrolment, a.counter); err != nil {
		return err
	}
	if a.renewed != nil {
		enrolment = a.renewed
		if err := v.renew(ctx, t, a, roster, version); err != nil {
			return err
		}
	}
	t.put(Change{
		Ref: enrolmentRef(a.slot.User, a.slot.ID), IfVersion: stored.Version,
		Value: enrolment.WithUsed(t.now).Marshal(), Handle: stored.Handle,
	})
	if a.method == methodUnlock {
		t.state.user.Opened = t.now
		t.putUser()
	}
	a.roster, a.user = roster, t.state.user
	signer, err := v.logSigner(ctx, a.ring)
	if err != nil {
		return err
	}
	return t.renewDelegate(ctx, signer)
}

// isOn returns nil if an enrolment is on the roster, else a *RosterError.
func isOn(roster record.Roster, id string, e *unlock.Enrolment) error {
	i := slices.IndexFunc(roster.Enrolments, func(r record.Enrolled) bool { return r.ID == id })
	switch {
	case i < 0:
		return &RosterError{Added: []string{id}}
	case !bytes.Equal(roster.Enrolments[i].Point, e.PointHash()):
		return &RosterError{Changed: []string{id}}
	}
	return nil
}

// counted returns the enrolment with the signature counter of its passkey's use.
func counted(e *unlock.Enrolment, counter uint32) (*unlock.Enrolment, error) {
	credential := e.Credential()
	if credential == nil {
		return e, nil
	}
	if counter <= credential.Counter && (counter != 0 || credential.Counter != 0) {
		return nil, &InputError{"counter", "expected one above that of the last use"}
	}
	return e.WithCounter(counter), nil
}

// readEnrolment returns the enrolment at a slot with its record.
func (v *Vault) readEnrolment(ctx context.Context, slot unlock.Slot) (*unlock.Enrolment, Record, error) {
	if !record.IsID(slot.ID) {
		return nil, Record{}, ErrNotFound
	}
	stored, err := v.config.Store.Get(ctx, enrolmentRef(slot.User, slot.ID))
	if errors.Is(err, ErrNotFound) {
		return nil, stored, err
	}
	if err != nil {
		return nil, stored, during("reading the enrolment", err)
	}
	enrolment, err := unlock.Parse(slot, stored.Value)
	if err != nil {
		return nil, stored, damaged(enrolmentsOf(slot.User), err)
	}
	return enrolment, stored, nil
}
