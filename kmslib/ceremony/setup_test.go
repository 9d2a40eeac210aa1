// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

func TestSetUpWithAPassphraseOpensTheVaultForTheAskingOriginOnly(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	session, open := b.vault.Session()
	if !open || session.Label != "Ada" || len(session.Grants) != 1 || session.Grants[0] != app {
		t.Errorf("session %+v, open %v; want Ada's, for %s alone", session, open, app)
	}
	if got := b.methods("Ada"); got != "passphrase" {
		t.Errorf("the ways in are %s", got)
	}
}

func TestEveryScreenSaysOperationOriginAndUser(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	for i, screen := range b.person.Shown() {
		user := "Ada"
		if i == 0 {
			user = ""
		}
		got := [3]string{
			ceremonytest.Text(screen.Data, "subject", "operation"),
			ceremonytest.Text(screen.Data, "subject", "origin"),
			ceremonytest.Text(screen.Data, "subject", "user"),
		}
		if want := [3]string{"vault.setup", app, user}; got != want {
			t.Errorf("screen %s is about %q, want %q", screen.Name, got, want)
		}
	}
}

// The words are made here, shown here and typed here; nothing of them is in
// what the flow takes or returns.
//
// Mistake M30 (docs/mistakes.md).
func TestRecoveryKeyIsShownOnceAndConfirmedByTypingIt(t *testing.T) {
	b := newBench(t)
	var paper pen
	b.setUp(
		start("Ada", "passphrase"),
		step("new-passphrase", ceremonytest.Give("continue", passphrase)),
		step("recovery-key", paper.write(ceremonytest.Do("continue"))),
		step("confirm-recovery", ceremonytest.Give("continue", "abandon "+strings.Repeat("zoo ", 3))),
		step("confirm-recovery", ceremonytest.Give("continue", strings.Repeat("abandon ", 11)+"notaword")),
		step("confirm-recovery", ceremonytest.Give("continue", strings.TrimSpace(strings.Repeat("abandon ", 12)))),
		step("confirm-recovery", ceremonytest.Give("continue", strings.Repeat("abandon ", 11)+"about")),
		step("confirm-recovery", ceremonytest.Do("back")),
		step("recovery-key", ceremonytest.Do("continue")),
		step("confirm-recovery", paper.give("continue")),
		done(),
	)
	b.wantProblems("recovery_count", "recovery_word", "recovery_checksum", "recovery_differs")
	if got := b.methods("Ada"); got != "passphrase recovery" {
		t.Errorf("the ways in are %s", got)
	}
	if n := len(strings.Fields(paper.words)); n != 12 {
		t.Errorf("the recovery key has %d words, want 12", n)
	}
	b.lock()
	b.script(step("unlock", paper.give("recovery")))
	if err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), ""); err != nil {
		t.Errorf("Unlock by the words: %v", err)
	}
	b.played()
}

func TestPasskeyThatGivesItsSecretAtOnceIsEnrolledAtOnce(t *testing.T) {
	b := newBench(t)
	b.setUp(start("Ada", "passkey"), step("create-passkey", b.key.Create), skipRecovery(), done())
	if got := b.methods("Ada"); got != "passkey-prf" {
		t.Errorf("the way in is %s, want passkey-prf", got)
	}
}

func TestPasskeyWithoutASecretAtCreateIsAskedOnceMore(t *testing.T) {
	b := newBench(t)
	b.key.PRF = ceremonytest.PRFAtUse
	b.setUp(
		start("Ada", "passkey"),
		step("create-passkey", b.key.Create),
		step("use-passkey", ceremonytest.Do("failed", "name", "NotAllowedError")),
		step("use-passkey", b.key.Get),
		skipRecovery(),
		done(),
	)
	b.wantProblems("passkey_failed")
	if got := b.methods("Ada"); got != "passkey-prf" {
		t.Errorf("the way in is %s, want passkey-prf", got)
	}
	b.lock()
	b.script(step("unlock", b.key.Get))
	if err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), ""); err != nil {
		t.Error(err)
	}
}

func TestPasskeyWithoutAnySecretIsAGateWhichThePersonIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		prf  ceremonytest.PRF
		asks bool
	}{
		"promised, not given":   {ceremonytest.PRFNever, true},
		"browser without prf":   {ceremonytest.PRFUnknown, true},
		"authenticator says no": {ceremonytest.PRFRefused, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.key.PRF = test.prf
			script := []ceremonytest.Step{start("Ada", "passkey"), step("create-passkey", b.key.Create)}
			if test.asks {
				script = append(script, step("use-passkey", b.key.Get))
			}
			b.setUp(append(script, step("gate-notice", ceremonytest.Do("continue")), skipRecovery(), done())...)
			if got := b.methods("Ada"); got != "passkey-gate" {
				t.Errorf("the way in is %s, want passkey-gate", got)
			}
			session, _ := b.vault.Session()
			if session.Ends-session.Started != vault.GateLimit {
				t.Errorf("the session lasts %d s, want %d", session.Ends-session.Started, vault.GateLimit)
			}
		})
	}
}

func TestPersonCanGoBackFromEveryScreenOfSetUp(t *testing.T) {
	b := newBench(t)
	b.key.PRF = ceremonytest.PRFNever
	back := ceremonytest.Do("back")
	b.setUp(
		start("Ada", "passkey"), step("create-passkey", back),
		start("Ada", "passkey"), step("create-passkey", b.key.Create), step("use-passkey", back),
		step("create-passkey", b.key.Create), step("use-passkey", b.key.Get), step("gate-notice", back),
		step("create-passkey", back),
		start("Ada", "passphrase"), step("new-passphrase", back),
		start("Ada", "passphrase"), step("new-passphrase", ceremonytest.Give("continue", passphrase)),
		step("recovery-key", back), step("new-passphrase", ceremonytest.Give("continue", another)),
		skipRecovery(), done(),
	)
	b.lock()
	b.script(step("unlock", ceremonytest.Give("passphrase", another)))
	if err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), ""); err != nil {
		t.Errorf("the passphrase that was chosen last does not open: %v", err)
	}
}

func TestBadNamesAndWeakPassphrasesKeepTheScreen(t *testing.T) {
	b := newBench(t)
	b.setUp(
		start("", "passphrase"), start("  ", "passphrase"), start("a\nb", "passphrase"), start("a\u202eb", "passphrase"),
		start(strings.Repeat("ä", 65), "passphrase"), start(" Ada ", "passphrase"),
		step("new-passphrase", ceremonytest.Give("continue", "short")),
		step("new-passphrase", ceremonytest.Give("continue", strings.Repeat("ab", 20))),
		step("new-passphrase", ceremonytest.Give("continue", strings.Repeat("abcdefgh", 200))),
		step("new-passphrase", ceremonytest.Give("continue", "not \xff utf-8, but long")),
		step("new-passphrase", ceremonytest.Give("continue", passphrase)),
		skipRecovery(), done(),
	)
	b.wantProblems("bad_name", "bad_name", "bad_name", "bad_name", "bad_name", "too_short", "too_weak", "too_long", "too_weak")
	b.user("Ada")
}

func TestSecondUserIsSetUpBesideTheFirst(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	b.setUp(
		start("Ada", "passphrase"), start("Bob", "passphrase"),
		step("new-passphrase", ceremonytest.Give("continue", another)), skipRecovery(), done(),
	)
	b.wantProblems("name_taken")
	session, _ := b.vault.Session()
	if session.Label != "Bob" {
		t.Errorf("the vault of %q is open, want Bob's", session.Label)
	}
	b.user("Ada")
}

// Whoever sets up again gets a vault of their own: what is there stays.
//
// Mistake M05 (docs/mistakes.md).
func TestSetUpReplacesNothingThatIsThere(t *testing.T) {
	b := newBench(t)
	ada := b.setUpAda()
	before := b.enrolments("Ada")
	b.setUp(start("Bob", "passphrase"), step("new-passphrase", ceremonytest.Give("continue", another)), skipRecovery(), done())
	after := b.enrolments("Ada")
	if len(after) != len(before) || after[0].ID != before[0].ID || after[0].Created != before[0].Created {
		t.Errorf("Ada's ways in became %+v, were %+v", after, before)
	}
	b.lock()
	b.script(step("unlock", ceremonytest.Give("passphrase", passphrase)))
	if err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), ada.ID); err != nil {
		t.Errorf("Ada's passphrase does not open any more: %v", err)
	}
}

func TestWithoutWebAuthnNoPasskeyIsOffered(t *testing.T) {
	b := newBench(t)
	b.script(start("Ada", "passkey"), step("welcome", ceremonytest.Cancel()))
	b.person.NoPasskeys = true
	if err := b.ceremonies.SetUp(t.Context(), asker("vault.setup")); !errors.Is(err, ceremony.ErrCancelled) {
		t.Errorf("SetUp: %v, want ErrCancelled", err)
	}
	b.played()
	b.wantProblems("passkeys_missing")
}

// forgeries are answers of create that must not be believed.
var forgeries = map[string]func(*ceremonytest.Authenticator){
	"another origin":     func(a *ceremonytest.Authenticator) { a.Origin = "https://evil.example" },
	"another type":       func(a *ceremonytest.Authenticator) { a.Type = "payment.get" },
	"user not verified":  func(a *ceremonytest.Authenticator) { a.Clear = ceremonytest.FlagUserVerified },
	"user not present":   func(a *ceremonytest.Authenticator) { a.Clear = ceremonytest.FlagUserPresent },
	"in a foreign frame": func(a *ceremonytest.Authenticator) { a.Top = "https://evil.example" },
	"empty client data":  forge("clientDataJSON", ""),
	"empty data":         forge("authenticatorData", ""),
	"another credential": forge("credentialId", "AAAAAAAAAAAAAAAAAAAAAAAAAAA"),
}

func forge(name, value string) func(*ceremonytest.Authenticator) {
	return func(a *ceremonytest.Authenticator) {
		a.Forge = func(fields map[string]string) { fields[name] = value }
	}
}

func TestForgedPasskeyIsNotEnrolled(t *testing.T) {
	for name, forge := range forgeries {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			forge(b.key)
			b.script(start("Ada", "passkey"), step("create-passkey", b.key.Create), step("create-passkey", ceremonytest.Cancel()))
			if err := b.ceremonies.SetUp(t.Context(), asker("vault.setup")); !errors.Is(err, ceremony.ErrCancelled) {
				t.Errorf("SetUp: %v, want ErrCancelled", err)
			}
			b.played()
			b.wantProblems("passkey_rejected")
		})
	}
}

func TestEachPasskeyScreenHasAChallengeOfItsOwn(t *testing.T) {
	b := newBench(t)
	seen := map[string]bool{}
	look := func(answer ceremonytest.Answer) ceremonytest.Answer {
		return ceremonytest.Look(func(data wire.Value) {
			challenge := ceremonytest.Text(data, "challenge")
			if len(challenge) != 43 || seen[challenge] {
				t.Errorf("challenge %q is short or was used before", challenge)
			}
			seen[challenge] = true
		}, answer)
	}
	failed := ceremonytest.Do("failed", "name", "AbortError")
	b.key.PRF = ceremonytest.PRFAtUse
	b.setUp(
		start("Ada", "passkey"), step("create-passkey", look(failed)), step("create-passkey", look(b.key.Create)),
		step("use-passkey", look(failed)), step("use-passkey", look(b.key.Get)), skipRecovery(), done(),
	)
	if len(seen) != 4 {
		t.Errorf("%d challenges, want 4", len(seen))
	}
}
