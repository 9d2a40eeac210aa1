// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
)

// RefusalInterval is how long refusals that are alike are counted before the
// next entry about them, in seconds.
const RefusalInterval = 60

// maxTallies is how many kinds of refusals are counted at once.
const maxTallies = 256

// refusal is what makes refusals alike.
type refusal struct{ user, origin, method, outcome string }

// tally counts refusals that are alike since the last entry about them.
type tally struct {
	since   int64 // time of the last entry, Unix seconds
	count   int64
	request string // of the last
}

// Refused logs that a request was refused, with an outcome of package auditlog.
// Of refusals alike in origin, method and outcome the first is an entry at
// once; those of the following RefusalInterval are one more entry with their
// number. Nothing is reported: what cannot be logged now is counted on.
func (v *Vault) Refused(ctx context.Context, a Asker, outcome string) {
	user := ""
	if s := v.open(); s != nil {
		user = s.user
	} else if likely, err := v.likelyUser(ctx); err == nil {
		user = likely
	}
	if user != "" {
		v.refuse(ctx, user, a, a.Method, outcome)
	}
}

// refuse counts a refusal in the log of user, and logs it if its time has come.
func (v *Vault) refuse(ctx context.Context, user string, a Asker, method, outcome string) {
	key := refusal{user, a.Origin, method, outcome}
	now := v.config.Clock.Now()
	v.mutex.Lock()
	t := v.refusals[key]
	if t == nil && len(v.refusals) >= maxTallies {
		v.mutex.Unlock()
		_ = v.Flush(ctx, true)
		v.mutex.Lock()
	}
	if t == nil {
		t = new(tally)
		v.refusals[key] = t
	}
	t.count++
	t.request = a.Request
	due := t.due(now)
	v.mutex.Unlock()
	if due {
		_ = v.settle(ctx, key)
	}
}

// due says whether it is time for an entry: for the first, or once an interval.
func (t *tally) due(now int64) bool {
	return t.since == 0 || now-t.since >= RefusalInterval || now < t.since
}

// settle logs what was counted of one kind. With an error the count stays.
func (v *Vault) settle(ctx context.Context, key refusal) error {
	v.mutex.Lock()
	t := v.refusals[key]
	if t == nil || t.count == 0 {
		v.mutex.Unlock()
		return nil
	}
	count, since, request := t.count, t.since, t.request
	t.count, t.since = 0, v.config.Clock.Now()
	v.mutex.Unlock()

	err := v.change(ctx, key.user, nil, func(c *transaction) error {
		e := auditlog.Entry{Method: key.method, Outcome: key.outcome}
		if count > 1 {
			e.Repeats = count
		}
		if s := v.open(); s != nil && s.user == key.user {
			c.session = s.id
		}
		c.log(Asker{Origin: key.origin, Method: key.method, Request: request}, e)
		return nil
	})
	if err != nil {
		v.mutex.Lock()
		t.count += count
		t.since = since
		v.mutex.Unlock()
	}
	return err
}

// Flush logs the refusals that were counted and whose time has come, or all if
// now is true, and forgets kinds that did not come again.
func (v *Vault) Flush(ctx context.Context, now bool) error {
	at := v.config.Clock.Now()
	var due []refusal
	v.mutex.Lock()
	for key, t := range v.refusals {
		switch {
		case t.count > 0 && (now || t.due(at)):
			due = append(due, key)
		case t.count == 0 && t.due(at):
			delete(v.refusals, key)
		}
	}
	v.mutex.Unlock()
	var first error
	for _, key := range due {
		if err := v.settle(ctx, key); err != nil && first == nil {
			first = err
		}
	}
	return first
}
