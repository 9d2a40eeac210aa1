// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"errors"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/vault"
)

// While a person decides about one request, others are refused at once, and
// change nothing of what the person sees or of what then happens.
//
// Mistakes M03, M40 (docs/mistakes.md).
func TestSecondCeremonyIsRefusedAndTheFirstGoesOn(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	details := []ceremony.Detail{{Name: "kid", Value: "the one that is shown"}}
	other := vault.Asker{Origin: otherApp, Method: "vault.manage", Request: "7"}
	b.script(step("confirm", func(screen ceremony.Screen) (ceremony.Input, error) {
		for name, second := range map[string]error{
			"confirm": b.ceremonies.Confirm(t.Context(), other, []ceremony.Detail{{Name: "kid", Value: "another"}}),
			"setup":   b.ceremonies.SetUp(t.Context(), other),
			"unlock":  b.ceremonies.Unlock(t.Context(), other, ""),
			"manage":  b.ceremonies.Manage(t.Context(), other, ceremony.About{}),
		} {
			if !errors.Is(second, ceremony.ErrBusy) {
				t.Errorf("%s meanwhile: %v, want ErrBusy", name, second)
			}
		}
		return ceremonytest.Do("approve")(screen)
	}))
	if err := b.ceremonies.Confirm(t.Context(), asker("vapid.delete"), details); err != nil {
		t.Error(err)
	}
	b.played()
	shown := b.person.Shown()
	if len(shown) != 1 || ceremonytest.Text(shown[0].Data, "subject", "origin") != app {
		t.Errorf("%d screens were shown, the first for %s", len(shown), ceremonytest.Text(shown[0].Data, "subject", "origin"))
	}
	lines, _ := shown[0].Data.Get("details")
	if got := string(lines.Append(nil)); got != `[{"name":"kid","value":"the one that is shown"}]` {
		t.Errorf("the person saw %s", got)
	}
}

func TestConfirmEndsWithWhatThePersonDid(t *testing.T) {
	b := newBench(t)
	for action, want := range map[string]error{"approve": nil, "deny": ceremony.ErrDenied} {
		b.script(step("confirm", ceremonytest.Do(action)))
		if err := b.ceremonies.Confirm(t.Context(), asker("vapid.delete"), nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", action, err, want)
		}
		b.played()
	}
	b.script(step("confirm", ceremonytest.Cancel()))
	if err := b.ceremonies.Confirm(t.Context(), asker("vapid.delete"), nil); !errors.Is(err, ceremony.ErrCancelled) {
		t.Errorf("cancelled: %v, want ErrCancelled", err)
	}
}

func TestCeremonyEndsWithItsContext(t *testing.T) {
	b := newBench(t)
	ctx, cancel := contextOf(t)
	cancel()
	b.script(start("Ada", "passphrase"))
	if err := b.ceremonies.SetUp(ctx, asker("vault.setup")); !errors.Is(err, ctx.Err()) {
		t.Errorf("SetUp: %v, want %v", err, ctx.Err())
	}
	b.setUpAda() // the place is free again
}
