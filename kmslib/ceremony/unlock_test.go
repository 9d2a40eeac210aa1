// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

func (b *bench) unlock(method string, want error) {
	b.Helper()
	if err := b.ceremonies.Unlock(b.Context(), asker(method), ""); !errors.Is(err, want) {
		b.Fatalf("Unlock: %v, want %v; %v", err, want, b.person.Err())
	}
	b.played()
}

func TestWithoutUsersThereIsNothingToUnlock(t *testing.T) {
	b := newBench(t)
	b.unlock("vault.unlock", vault.ErrNotSetUp)
	if err := b.ceremonies.Manage(t.Context(), asker("vault.manage"), ceremony.About{}); !errors.Is(err, vault.ErrNotSetUp) {
		t.Errorf("Manage: %v, want ErrNotSetUp", err)
	}
	if n := len(b.person.Subjects()); n != 0 {
		t.Errorf("%d dialogues were opened", n)
	}
}

// Mistake M40 (docs/mistakes.md).
func TestWrongPassphraseKeepsTheScreenAndSaysHowLongToWait(t *testing.T) {
	b := newBench(t)
	ada := b.setUpAda()
	var waits []int64
	look := func(answer ceremonytest.Answer) ceremonytest.Answer {
		return ceremonytest.Look(func(data wire.Value) {
			waits = append(waits, ceremonytest.Number(data, "retryAfter"))
		}, answer)
	}
	wrong := look(func(screen ceremony.Screen) (ceremony.Input, error) {
		b.clock.Advance(ceremonytest.Number(screen.Data, "retryAfter")/1000 + 1)
		return ceremonytest.Give("passphrase", another)(screen)
	})
	right := look(func(screen ceremony.Screen) (ceremony.Input, error) {
		b.clock.Advance(ceremonytest.Number(screen.Data, "retryAfter")/1000 + 1)
		return ceremonytest.Give("passphrase", passphrase)(screen)
	})
	var script []ceremonytest.Step
	for range 6 {
		script = append(script, step("unlock", wrong))
	}
	b.script(append(script, step("unlock", right))...)
	b.unlock("vault.unlock", nil)
	b.wantProblems("wrong_passphrase", "wrong_passphrase", "wrong_passphrase", "wrong_passphrase", "wrong_passphrase", "wrong_passphrase")
	if !slices.IsSorted(waits) || waits[6] == 0 {
		t.Errorf("the times to wait are %d ms, want them to grow", waits)
	}
	if wait, err := b.vault.RetryAfter(t.Context(), ada.ID); wait != 0 || err != nil {
		t.Errorf("after success the wait is %d ms, %v", wait, err)
	}
}

func TestTryWithinTheWaitIsRefusedAndTheWaitSurvivesAReload(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	var script []ceremonytest.Step
	for range 12 {
		script = append(script, step("unlock", ceremonytest.Give("passphrase", another)))
	}
	b.script(append(script, step("unlock", ceremonytest.Cancel()))...)
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	if !slices.Contains(b.problems(), "throttled") {
		t.Errorf("problems %q have no throttled", b.problems())
	}
	b.reopen()
	b.script(step("unlock", ceremonytest.Look(func(data wire.Value) {
		if ceremonytest.Number(data, "retryAfter") == 0 {
			t.Error("after a reload there is nothing to wait for")
		}
	}, ceremonytest.Give("passphrase", passphrase))), step("unlock", ceremonytest.Cancel()))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	b.wantOpen(false)
}

func TestUserIsChosenWhereThereAreSeveral(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	b.setUp(start("Bob", "passphrase"), step("new-passphrase", ceremonytest.Give("continue", another)), skipRecovery(), done())
	b.lock()
	pick := func(label string) ceremonytest.Step {
		return step("choose-user", ceremonytest.Do("pick", "user", b.user(label).ID))
	}
	b.script(pick("Ada"), step("unlock", ceremonytest.Do("other")), pick("Bob"),
		step("unlock", ceremonytest.Give("passphrase", passphrase)),
		step("unlock", func(s ceremony.Screen) (ceremony.Input, error) {
			b.clock.Advance(ceremonytest.Number(s.Data, "retryAfter")/1000 + 1)
			return ceremonytest.Give("passphrase", another)(s)
		}))
	b.unlock("vault.unlock", nil)
	if session, _ := b.vault.Session(); session.Label != "Bob" {
		t.Errorf("the vault of %q is open, want Bob's", session.Label)
	}
}

func TestUserWhomTheAppNamesIsNotChosenAndUnknownOnesAreRefused(t *testing.T) {
	b := newBench(t)
	ada := b.setUpAda()
	b.setUp(start("Bob", "passphrase"), step("new-passphrase", ceremonytest.Give("continue", another)), skipRecovery(), done())
	b.lock()
	b.script(step("unlock", ceremonytest.Give("passphrase", passphrase)))
	if err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), ada.ID); err != nil {
		t.Fatal(err)
	}
	b.played()
	b.script()
	err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), "AAAAAAAAAAAAAAAAAAAAAA")
	if !errors.Is(err, ceremony.ErrUnknownUser) {
		t.Errorf("Unlock of nobody: %v, want ErrUnknownUser", err)
	}
}

func TestNewUserCanBeSetUpFromTheChoice(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	b.setUp(start("Bob", "passphrase"), step("new-passphrase", ceremonytest.Give("continue", another)), skipRecovery(), done())
	b.lock()
	b.script(step("choose-user", ceremonytest.Do("add")), start("Eve", "passphrase"),
		step("new-passphrase", ceremonytest.Give("continue", another)), skipRecovery(), done())
	b.unlock("vault.unlock", nil)
	b.user("Eve")
}

func TestSecondOriginIsLetInByApprovalOnly(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	other := vault.Asker{Origin: otherApp, Method: "vault.unlock", Request: "1"}
	b.script(step("grant", ceremonytest.Do("deny")))
	if err := b.ceremonies.Unlock(t.Context(), other, ""); !errors.Is(err, ceremony.ErrDenied) {
		t.Fatalf("Unlock: %v, want ErrDenied", err)
	}
	b.played()
	if session, _ := b.vault.Session(); slices.Contains(session.Grants, otherApp) {
		t.Error("the origin was let in without approval")
	}
	b.script(step("grant", ceremonytest.Do("approve")))
	if err := b.ceremonies.Unlock(t.Context(), other, ""); err != nil {
		t.Fatal(err)
	}
	b.played()
	if session, _ := b.vault.Session(); !slices.Contains(session.Grants, otherApp) {
		t.Error("the origin was not let in after approval")
	}
	b.script() // both are let in now: no dialogue
	for _, a := range []vault.Asker{other, asker("vault.unlock")} {
		if err := b.ceremonies.Unlock(t.Context(), a, ""); err != nil {
			t.Errorf("Unlock for %s: %v", a.Origin, err)
		}
	}
}

func TestApprovalOfASessionThatWasLockedMeanwhileOpensNothing(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	other := vault.Asker{Origin: otherApp, Method: "vault.unlock", Request: "1"}
	b.script(step("grant", func(screen ceremony.Screen) (ceremony.Input, error) {
		b.lock()
		return ceremonytest.Do("approve")(screen)
	}), step("unlock", ceremonytest.Cancel()))
	if err := b.ceremonies.Unlock(t.Context(), other, ""); !errors.Is(err, ceremony.ErrCancelled) {
		t.Errorf("Unlock: %v, want ErrCancelled", err)
	}
	b.played()
	b.wantOpen(false)
}

// adaAndBob sets up two users; Ada's vault is open.
func adaAndBob(t *testing.T) (b *bench, openBob func()) {
	b = newBench(t)
	ada := b.setUpAda()
	b.setUp(start("Bob", "passphrase"), step("new-passphrase", ceremonytest.Give("continue", another)), skipRecovery(), done())
	bob := b.user("Bob")
	id := b.enrolment("Bob", "passphrase").ID
	b.script(step("unlock", ceremonytest.Give("passphrase", passphrase)))
	if err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), ada.ID); err != nil {
		t.Fatal(err)
	}
	return b, func() {
		if _, err := b.vault.Unlock(t.Context(), asker("vault.unlock"), bob.ID, id, unlock.ByPassphrase([]byte(another)), 0); err != nil {
			t.Error(err)
		}
	}
}

// Mistake M03 (docs/mistakes.md).
func TestApprovalOfOneVaultDoesNotOpenAnother(t *testing.T) {
	b, openBob := adaAndBob(t)
	b.script(step("grant", func(screen ceremony.Screen) (ceremony.Input, error) {
		openBob() // as another tab does
		return ceremonytest.Do("approve")(screen)
	}), step("unlock", ceremonytest.Cancel()))
	other := vault.Asker{Origin: otherApp, Method: "vault.unlock", Request: "1"}
	if err := b.ceremonies.Unlock(t.Context(), other, ""); !errors.Is(err, ceremony.ErrCancelled) {
		t.Errorf("Unlock: %v, want ErrCancelled", err)
	}
	b.played()
	if session, _ := b.vault.Session(); session.Label != "Bob" || slices.Contains(session.Grants, otherApp) {
		t.Errorf("the session is %+v", session)
	}
}

func TestWrongPassphraseIsWipedBeforeTheNextTry(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	wrong := []byte(another)
	b.script(
		step("unlock", func(ceremony.Screen) (ceremony.Input, error) {
			return ceremony.Input{Action: "passphrase", Secrets: [][]byte{wrong}}, nil
		}),
		step("unlock", func(screen ceremony.Screen) (ceremony.Input, error) {
			if slices.Max(wrong) != 0 {
				t.Error("the wrong passphrase is still there")
			}
			return ceremonytest.Cancel()(screen)
		}),
	)
	b.unlock("vault.unlock", ceremony.ErrCancelled)
}

// withGate sets up Ada with a passkey that is only a gate, and locks.
func withGate(t *testing.T) *bench {
	b := newBench(t)
	b.key.PRF = ceremonytest.PRFRefused
	b.setUp(start("Ada", "passkey"), step("create-passkey", b.key.Create),
		step("gate-notice", ceremonytest.Do("continue")), skipRecovery(), done())
	b.lock()
	return b
}

// assertionForgeries are answers of get that must not be believed.
var assertionForgeries = map[string]func(*ceremonytest.Authenticator){
	"another origin":       func(a *ceremonytest.Authenticator) { a.Origin = "https://evil.example" },
	"answer of create":     func(a *ceremonytest.Authenticator) { a.Type = "webauthn.create" },
	"user not verified":    func(a *ceremonytest.Authenticator) { a.Clear = ceremonytest.FlagUserVerified },
	"user not present":     func(a *ceremonytest.Authenticator) { a.Clear = ceremonytest.FlagUserPresent },
	"in a foreign frame":   func(a *ceremonytest.Authenticator) { a.Top = "https://evil.example" },
	"counter stands still": func(a *ceremonytest.Authenticator) { a.Frozen = true },
	"no signature":         forge("signature", ""),
	"another signature":    forge("signature", "MEUCIQDqZW5jbGF2ZQ"),
	"empty client data":    forge("clientDataJSON", ""),
	"empty data":           forge("authenticatorData", ""),
}

// A gate opens by an assertion that was verified, for the challenge of this
// screen, and by nothing less.
//
// Mistake M04 (docs/mistakes.md).
func TestGateOpensOnlyByAVerifiedAssertion(t *testing.T) {
	for name, forge := range assertionForgeries {
		t.Run(name, func(t *testing.T) {
			b := withGate(t)
			forge(b.key)
			b.script(step("unlock", b.key.Get), step("unlock", ceremonytest.Cancel()))
			b.unlock("vault.unlock", ceremony.ErrCancelled)
			b.wantProblems("passkey_rejected")
			b.wantOpen(false)
		})
	}
	b := withGate(t)
	b.script(step("unlock", b.key.Get))
	b.unlock("vault.unlock", nil)
	if session, _ := b.vault.Session(); session.Ends != testNow+vault.GateLimit {
		t.Errorf("the session ends at %d, want %d", session.Ends, testNow+vault.GateLimit)
	}
}

// Mistake M04 (docs/mistakes.md).
func TestAssertionIsGoodForOneScreenOnly(t *testing.T) {
	b := withGate(t)
	var old ceremony.Input
	b.script(
		step("unlock", func(screen ceremony.Screen) (ceremony.Input, error) {
			var err error
			old, err = b.key.Get(screen)
			return ceremony.Input{Action: "failed", Fields: map[string]string{"name": "AbortError"}}, err
		}),
		step("unlock", func(ceremony.Screen) (ceremony.Input, error) { return old, nil }),
		step("unlock", ceremonytest.Cancel()),
	)
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	b.wantProblems("passkey_failed", "passkey_rejected")
	b.wantOpen(false)
}

func TestGateIsLabelledAsSuchOnTheScreen(t *testing.T) {
	b := withGate(t)
	b.script(step("unlock", ceremonytest.Look(func(data wire.Value) {
		passkey, _ := data.Get("passkey")
		if gate, _ := passkey.Get("gate"); !isTrue(gate) {
			t.Errorf("the screen does not say that the passkey is a gate: %s", data.Append(nil))
		}
	}, ceremonytest.Cancel())))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
}

func isTrue(v wire.Value) bool { b, _ := v.AsBool(); return b }

func TestForeignPasskeysAreNotTaken(t *testing.T) {
	b := withGate(t)
	b.key.Forge = func(fields map[string]string) { fields["credentialId"] = "AAAAAAAA" }
	b.script(step("unlock", b.key.Get), step("unlock", ceremonytest.Cancel()))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	b.wantProblems("passkey_unknown")
}

func TestPasskeyThatAnswersDifferentlyIsToldFromAWrongOne(t *testing.T) {
	b := newBench(t)
	b.setUp(start("Ada", "passkey"), step("create-passkey", b.key.Create), skipRecovery(), done())
	b.lock()
	b.key.ForgetSecrets()
	b.script(step("unlock", b.key.Get), step("unlock", ceremonytest.Cancel()))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	b.wantProblems("passkey_changed")
	b.key.PRF = ceremonytest.PRFNever
	b.clock.Advance(3600)
	b.script(step("unlock", b.key.Get), step("unlock", ceremonytest.Cancel()))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	b.wantProblems("passkey_no_secret")
}

func TestInAFrameOnlyTheRightTopOriginIsAccepted(t *testing.T) {
	b := newBench(t)
	b.key.Top = app
	b.script(start("Ada", "passkey"), step("create-passkey", b.key.Create), skipRecovery(), done())
	b.person.In = app
	if err := b.ceremonies.SetUp(t.Context(), asker("vault.setup")); err != nil {
		t.Fatal(err)
	}
	b.played()
	b.lock()
	b.key.Top = "https://evil.example"
	b.script(step("unlock", b.key.Get), step("unlock", ceremonytest.Cancel()))
	b.person.In = app
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	b.wantProblems("passkey_rejected")
}

// Mistake M25 (docs/mistakes.md).
func TestResetWithoutProofNeedsTheNameTyped(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	reset := step("unlock", ceremonytest.Do("reset"))
	b.script(reset, step("reset", ceremonytest.Do("reset", "typed", "ada")), step("reset", ceremonytest.Do("reset", "typed", "")),
		step("reset", ceremonytest.Do("back")), step("unlock", ceremonytest.Cancel()))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	b.wantProblems("wrong_confirmation", "wrong_confirmation")
	b.user("Ada")
	b.script(reset, step("reset", ceremonytest.Do("reset", "typed", "Ada")), done())
	b.unlock("vault.unlock", vault.ErrNotSetUp)
	if state, n, err := b.vault.CheckState(t.Context()); state != vault.StateEmpty || n != 0 || err != nil {
		t.Errorf("state %s with %d users, %v; want it empty", state, n, err)
	}
}

func TestBlockedWindowEndsTheCeremonyAndNotTheNextOne(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	for _, cause := range []error{ceremony.ErrBlocked, ceremony.ErrCancelled, ceremony.ErrBusy} {
		b.person.Refuse = cause
		b.useStage(b.person)
		b.unlock("vault.unlock", cause)
	}
	b.script(step("unlock", ceremonytest.Give("passphrase", passphrase)))
	b.unlock("vault.unlock", nil)
}
