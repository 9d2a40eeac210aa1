// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// The delay after failed attempts: none after the first freeAttempts-1, then
// firstDelay, doubled with each further failure up to maxDelay, in seconds.
const (
	freeAttempts = 3
	firstDelay   = 5
	maxDelay     = 900
)

// delayAfter returns how long to wait after so many failures, in seconds.
func delayAfter(failures int64) int64 {
	if failures < freeAttempts {
		return 0
	}
	delay := int64(firstDelay)
	for i := int64(freeAttempts); i < failures && delay < maxDelay; i++ {
		delay *= 2
	}
	return min(delay, maxDelay)
}

// waiting returns how long to wait at the time now, in seconds. It is never
// longer than the delay, in case the clock was set back.
func waiting(t record.Throttle, now int64) int64 {
	return max(0, min(t.Until-now, delayAfter(t.Failures)))
}

// readThrottle returns the throttle of a user with the version of its record.
func (v *Vault) readThrottle(ctx context.Context, user string) (record.Throttle, uint64, error) {
	stored, err := v.get(ctx, throttleRef(user))
	if err != nil || stored.Version == 0 {
		return record.Throttle{}, 0, err
	}
	t, err := record.ParseThrottle(stored.Value)
	if err != nil {
		return t, stored.Version, damaged(stateOf(user), err)
	}
	return t, stored.Version, nil
}

// RetryAfter returns how long the user has to wait before the next attempt to
// unlock, in milliseconds; 0 if not at all.
func (v *Vault) RetryAfter(ctx context.Context, user string) (int64, error) {
	if _, _, err := v.readUser(ctx, user); err != nil {
		return 0, err
	}
	t, _, err := v.readThrottle(ctx, user)
	if err != nil {
		return 0, err
	}
	return 1000 * waiting(t, v.config.Clock.Now()), nil
}

// CheckAttempt returns *ThrottledError if the user has to wait before the next
// attempt, so that a ceremony asks before it shows a passkey prompt.
func (v *Vault) CheckAttempt(ctx context.Context, user string) error {
	wait, err := v.RetryAfter(ctx, user)
	if err == nil && wait > 0 {
		err = &ThrottledError{wait}
	}
	return err
}

// RecordFailure counts a failed attempt that did not reach Unlock or Prove,
// such as an assertion that does not verify, and logs it with outcome.
func (v *Vault) RecordFailure(ctx context.Context, a Asker, user, outcome string) error {
	return v.change(ctx, user, nil, func(t *transaction) error {
		throttle, version, err := v.readThrottle(ctx, user)
		if err != nil {
			return err
		}
		t.fail(a, throttle, version, auditlog.Entry{Outcome: outcome})
		return nil
	})
}

// fail counts a failed attempt.
func (t *transaction) fail(a Asker, throttle record.Throttle, version uint64, e auditlog.Entry) {
	throttle.Failures++
	throttle.Until = t.now + delayAfter(throttle.Failures)
	put := func() {
		t.put(Change{Ref: throttleRef(t.state.user.ID), IfVersion: version, Value: throttle.Marshal()})
	}
	put()
	t.log(a, e)
	t.unlogged = func() {
		throttle.Unlogged++
		put()
	}
}

// succeed counts a successful attempt. Failures that could not be logged are
// logged now.
func (t *transaction) succeed(a Asker, throttle record.Throttle, version uint64) {
	if throttle.Unlogged > 0 {
		e := auditlog.Entry{Method: "vault.unlock", Outcome: outcomeWrong, Detail: "logged-late"}
		if throttle.Unlogged > 1 {
			e.Repeats = throttle.Unlogged
		}
		t.log(a, e)
	}
	if throttle.Failures > 0 || throttle.Unlogged > 0 {
		t.put(Change{Ref: throttleRef(t.state.user.ID), IfVersion: version, Value: record.Throttle{}.Marshal()})
	}
}
