// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
)

// Lock ends the session here and, by way of the storage, in every other tab.
// It is ended even if the error, of logging it, is not nil. Without a session
// it does nothing.
func (v *Vault) Lock(ctx context.Context, a Asker) error {
	_ = v.Flush(ctx, true)
	s := v.setSession(nil)
	if s == nil {
		return nil
	}
	err := v.endSession(ctx, s, a, "", true)
	v.notify(Event{Kind: EventState, User: s.user})
	return err
}

// endSession writes that s has ended: everywhere, or only itself because its
// time was over. Of several tabs that share a session one writes it.
func (v *Vault) endSession(ctx context.Context, s *session, a Asker, detail string, everywhere bool) error {
	return v.change(ctx, s.user, s.ring, func(t *transaction) error {
		user := &t.state.user
		if user.Epoch != s.epoch || user.Closed == s.id {
			return nil
		}
		user.Closed = s.id
		if everywhere {
			user.Epoch++
		}
		t.putUser()
		t.session = s.id
		t.log(a, auditlog.Entry{Method: "vault.lock", Detail: detail})
		return nil
	})
}

// NextDeadline returns when the session ends if nothing happens until then, in
// Unix seconds, or false if there is none.
func (v *Vault) NextDeadline() (int64, bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.session == nil {
		return 0, false
	}
	return v.session.deadline(), true
}

// Expire ends the session if its time is over, and says whether it did. Like
// Lock it ends it even with an error.
func (v *Vault) Expire(ctx context.Context) (bool, error) {
	now := v.config.Clock.Now()
	v.mutex.Lock()
	s := v.session
	v.mutex.Unlock()
	if s == nil || !v.over(s, now) || !v.drop(s) {
		return false, nil
	}
	detail := "idle"
	if now >= s.ends {
		detail = "time-limit"
	}
	err := v.endSession(ctx, s, Asker{}, detail, false)
	v.notify(Event{Kind: EventState, User: s.user})
	return true, err
}

// Forget drops the session without a word in the log: another tab locked, and
// wrote it. It says whether there was one.
func (v *Vault) Forget() bool {
	s := v.setSession(nil)
	if s != nil {
		v.notify(Event{Kind: EventState, User: s.user})
	}
	return s != nil
}
