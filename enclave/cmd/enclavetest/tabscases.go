// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault"
)

// tabsCases are the promises of package tabs. Each tab has a vault that only
// remembers what it was told.
func tabsCases(ops keys.Ops) []testCase {
	return []testCase{
		{"a new tab is handed the session of another worker, with a key that works", func(ctx context.Context) error {
			return sessionFromWorker(ctx, ops)
		}},
		{"an open session is told once and adopted everywhere", func(ctx context.Context) error {
			a, b := joinTab(ctx), joinTab(ctx)
			defer a.leave()
			defer b.leave()
			session, err := testSession(ctx, ops)
			if err != nil {
				return err
			}
			a.open(session)
			if err := eventually(func() bool { return b.session != nil && b.session.ID == session.ID }); err != nil {
				return err
			}
			time.Sleep(30 * time.Millisecond)
			if a.adopted != 0 || b.adopted != 1 {
				return errors.New("a session was adopted by the tab that opened it, or more than once")
			}
			return nil
		}},
		{"origins that two tabs let in are united", func(ctx context.Context) error {
			a, b := joinTab(ctx), joinTab(ctx)
			defer a.leave()
			defer b.leave()
			session, err := testSession(ctx, ops)
			if err != nil {
				return err
			}
			other := session
			other.Grants = []string{"https://b.example"}
			a.session, b.session = &session, &other
			a.tabs.Changed()
			b.tabs.Changed()
			both := []string{"https://a.example", "https://b.example"}
			return eventually(func() bool {
				return slices.Equal(a.session.Grants, both) && slices.Equal(b.session.Grants, both)
			})
		}},
		{"a lock in one tab locks the other, and only that session", func(ctx context.Context) error {
			a, b := joinTab(ctx), joinTab(ctx)
			defer a.leave()
			defer b.leave()
			session, err := testSession(ctx, ops)
			if err != nil {
				return err
			}
			a.open(session)
			if err := eventually(func() bool { return b.session != nil }); err != nil {
				return err
			}
			a.send(map[string]any{"kms": "lock", "session": "another session"})
			time.Sleep(20 * time.Millisecond)
			if b.session == nil {
				return errors.New("the lock of another session locked this one")
			}
			a.session = nil
			a.tabs.Changed()
			return eventually(func() bool { return b.session == nil && b.locked == 1 })
		}},
		{"use in one tab counts in the other", func(ctx context.Context) error {
			a, b := joinTab(ctx), joinTab(ctx)
			defer a.leave()
			defer b.leave()
			session, err := testSession(ctx, ops)
			if err != nil {
				return err
			}
			a.open(session)
			if err := eventually(func() bool { return b.session != nil }); err != nil {
				return err
			}
			a.session.Used = session.Used + 60
			a.tabs.Used()
			return eventually(func() bool { return b.session.Used == session.Used+60 })
		}},
		{"messages of another shape are ignored", func(ctx context.Context) error { return ignoresOtherShapes(ctx, ops) }},
	}
}

// ignoresOtherShapes sends what no enclave sends.
//
// Mistake M22 (docs/mistakes.md).
func ignoresOtherShapes(ctx context.Context, ops keys.Ops) error {
	a, b := joinTab(ctx), joinTab(ctx)
	defer a.leave()
	defer b.leave()
	extractable, err := extractableKey(ctx)
	if err != nil {
		return err
	}
	base, err := ops.ImportBase(ctx, make([]byte, 32))
	if err != nil {
		return err
	}
	whole := func(change map[string]any) map[string]any {
		session := map[string]any{"id": "id", "user": "user", "method": "passphrase", "enrolment": "e", "generation": 1,
			"started": 1, "used": 1, "ends": 2, "epoch": 1, "grants": []any{"https://a.example"}, "base": base}
		for name, value := range change {
			session[name] = value
		}
		return map[string]any{"kms": "session", "session": session}
	}
	bigInt := jsbridge.Global().Get("BigInt").Invoke(1)
	for _, m := range []any{
		nil, 1, "text", bigInt, []any{}, map[string]any{}, map[string]any{"kms": 1}, map[string]any{"kms": "lock"},
		map[string]any{"kms": "session"}, map[string]any{"kms": "session", "session": "text"},
		map[string]any{"kms": "used", "session": 7, "at": "now"}, map[string]any{"kms": "used", "session": "id", "at": bigInt},
		whole(map[string]any{"id": ""}), whole(map[string]any{"id": 7}), whole(map[string]any{"user": nil}),
		whole(map[string]any{"ends": 1.5}), whole(map[string]any{"epoch": -1}), whole(map[string]any{"started": bigInt}),
		whole(map[string]any{"grants": "https://a.example"}), whole(map[string]any{"grants": []any{7}}),
		whole(map[string]any{"base": nil}), whole(map[string]any{"base": "key"}), whole(map[string]any{"base": extractable}),
	} {
		a.send(m)
	}
	a.send(whole(nil)) // which is well formed, and comes after all of them
	if err := eventually(func() bool { return b.session != nil }); err != nil {
		return err
	}
	if b.adopted != 1 {
		return errors.New("a malformed session was adopted")
	}
	return nil
}

// sessionFromWorker asks a worker with a session (command "share") for it.
func sessionFromWorker(ctx context.Context, ops keys.Ops) error {
	other, err := startWorker(`{"do":"share"}`)
	if err != nil {
		return err
	}
	defer other.end()
	if _, err := other.next(ctx); err != nil { // it has joined
		return err
	}
	a := joinTab(ctx)
	defer a.leave()
	a.tabs.Hello(ctx)
	if err := eventually(func() bool { return a.session != nil }); err != nil {
		return err
	}
	session, err := testSession(ctx, ops)
	if err != nil {
		return err
	}
	want, err1 := ops.DeriveBytes(ctx, session.Base, nil, []byte("case"), 32)
	got, err2 := ops.DeriveBytes(ctx, a.session.Base, nil, []byte("case"), 32)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(want, got) || a.session.ID != session.ID || a.session.Ends != session.Ends {
		return errors.New("another session came over than was there")
	}
	return refusesExport(ctx, a.session.Base, "deriveKey", "deriveBits")
}

// share is a worker with an open session.
func share(ctx context.Context, ops keys.Ops) error {
	session, err := testSession(ctx, ops)
	if err != nil {
		return err
	}
	joinTab(ctx).session = &session
	post(flag("shares"))
	select {}
}

func testSession(ctx context.Context, ops keys.Ops) (vault.Shared, error) {
	base, err := ops.ImportBase(ctx, bytes.Repeat([]byte{7}, 32))
	return vault.Shared{ID: "session", User: "user", Method: "passphrase", Enrolment: "enrolment", Generation: 3,
		Started: 1790000000, Used: 1790000001, Ends: 1790028800, Epoch: 5, Grants: []string{"https://a.example"}, Base: base}, err
}
