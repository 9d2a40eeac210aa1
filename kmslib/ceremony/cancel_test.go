// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
)

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// picture returns all that ceremonies can change, but for the log and counters
// of attempts.
func (b *bench) picture() string {
	b.Helper()
	users, err := b.vault.Users(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var out strings.Builder
	for _, user := range users {
		out.WriteString(user.ID + user.Label)
		for _, collection := range []string{user.ID + "/enrolments", user.ID + "/policy", user.ID + "/vapid"} {
			entries, err := b.store.Scan(b.Context(), collection, "", 1000)
			if err != nil {
				b.Fatal(err)
			}
			for _, e := range entries {
				if collection != user.ID+"/enrolments" {
					out.WriteString(e.Ref.Key + string(e.Record.Value))
				}
			}
		}
		enrolments, err := b.vault.Enrolments(b.Context(), user.ID)
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range enrolments {
			out.WriteString(e.ID + string(e.Method) + e.Label)
		}
	}
	return out.String()
}

// Mistake M40 (docs/mistakes.md).
func TestCancellingSetUpAtAnyScreenStoresNothing(t *testing.T) {
	var paper pen
	script := func(key *ceremonytest.Authenticator) []ceremonytest.Step {
		key.PRF = ceremonytest.PRFNever
		return []ceremonytest.Step{
			start("Ada", "passkey"), step("create-passkey", key.Create), step("use-passkey", key.Get),
			step("gate-notice", ceremonytest.Do("continue")), step("recovery-key", paper.write(ceremonytest.Do("continue"))),
			step("confirm-recovery", paper.give("continue")), done(),
		}
	}
	for n := range len(script(new(ceremonytest.Authenticator))) - 1 {
		b := newBench(t)
		steps := script(b.key)
		b.script(append(steps[:n], step(steps[n].Screen, ceremonytest.Cancel()))...)
		if err := b.ceremonies.SetUp(t.Context(), asker("vault.setup")); !errors.Is(err, ceremony.ErrCancelled) {
			t.Errorf("cancelled at %s: %v, want ErrCancelled", steps[n].Screen, err)
		}
		b.played()
		if n := b.store.commits.Load(); n != 0 {
			t.Errorf("cancelled at %s: %d commits", steps[n].Screen, n)
		}
	}
}

// Mistake M40 (docs/mistakes.md).
func TestCancellingManageAtAnyScreenChangesNothing(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	id := b.enrolment("Ada", "passphrase").ID
	prove := step("prove", ceremonytest.Give("passphrase", passphrase))
	manage := func(action string, fields ...string) ceremonytest.Step {
		return step("manage", ceremonytest.Do(action, fields...))
	}
	gate := &ceremonytest.Authenticator{PRF: ceremonytest.PRFRefused}
	for name, steps := range map[string][]ceremonytest.Step{
		"add passkey":       {manage("add", "method", "passkey"), prove, step("create-passkey", nil)},
		"add gate":          {manage("add", "method", "passkey"), prove, step("create-passkey", gate.Create), step("gate-notice", nil)},
		"add recovery":      {manage("add", "method", "recovery"), prove, step("recovery-key", ceremonytest.Do("continue")), step("confirm-recovery", nil)},
		"change passphrase": {manage("change", "id", id), prove, step("new-passphrase", nil)},
		"rotate":            {manage("rotate"), step("prove", nil)},
		"rename":            {manage("rename", "id", id, "label", "Mine"), step("prove", nil)},
		"reset":             {manage("reset"), step("reset", ceremonytest.Do("reset", "typed", "Ada")), step("prove", nil)},
		"log":               {manage("log"), step("log", ceremonytest.Do("export")), step("log-export", nil)},
	} {
		for n := range steps {
			before := b.picture()
			cut := append(append([]ceremonytest.Step(nil), steps[:n]...), step(steps[n].Screen, ceremonytest.Cancel()))
			b.script(cut...)
			err := b.ceremonies.Manage(t.Context(), asker("vault.manage"), about)
			if !errors.Is(err, ceremony.ErrCancelled) {
				t.Errorf("%s cancelled at %s: %v, want ErrCancelled", name, steps[n].Screen, err)
			}
			b.played()
			if after := b.picture(); after != before {
				t.Errorf("%s cancelled at %s changed\n%s\nto\n%s", name, steps[n].Screen, before, after)
			}
		}
	}
}
