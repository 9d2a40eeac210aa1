// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

var about = ceremony.About{
	Storage: "persistent",
	Methods: []ceremony.Method{
		{Name: "vapid.sign", Class: vault.ConsentUnlocked},
		{Name: "vapid.delete", Class: vault.ConsentConfirm},
		{Name: "vapid.publicKey", Class: vault.ConsentNone},
	},
}

func (b *bench) manage(want error) {
	b.Helper()
	if err := b.ceremonies.Manage(b.Context(), asker("vault.manage"), about); !errors.Is(err, want) {
		b.Fatalf("Manage: %v, want %v; %v", err, want, b.person.Err())
	}
	b.played()
}

func manage(action string, fields ...string) ceremonytest.Step {
	return step("manage", ceremonytest.Do(action, fields...))
}

func prove() ceremonytest.Step { return step("prove", ceremonytest.Give("passphrase", passphrase)) }

func closing() ceremonytest.Step { return manage("close") }

// messages returns what the screens said was done.
func (b *bench) messages() []string {
	var list []string
	for _, screen := range b.person.Shown() {
		if message := ceremonytest.Text(screen.Data, "message"); message != "" {
			list = append(list, message)
		}
	}
	return list
}

func TestManageOpensALockedVaultWithoutLettingTheAppIn(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	b.script(step("unlock", ceremonytest.Give("passphrase", passphrase)), closing())
	b.manage(nil)
	session, open := b.vault.Session()
	if !open || slices.Contains(session.Grants, app) {
		t.Errorf("session %+v, open %v; want it open, but not for %s", session, open, app)
	}
}

func TestManageShowsTheVault(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	b.script(closing())
	b.manage(nil)
	data := b.person.Shown()[0].Data
	if got := ceremonytest.Text(data, "storage"); got != "persistent" {
		t.Errorf("storage is %q", got)
	}
	if got := ceremonytest.Texts(data, "addable"); !slices.Equal(got, []string{"passkey", "recovery"}) {
		t.Errorf("addable are %q", got)
	}
	if ceremonytest.Number(data, "log", "size") == 0 || ceremonytest.Text(data, "log", "root") == "" {
		t.Errorf("the log is %s", data.Append(nil))
	}
}

func TestWaysInAreAddedRenamedChangedAndRemoved(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	id := b.enrolment("Ada", "passphrase").ID
	var paper pen
	b.script(
		manage("add", "method", "passkey"), prove(), step("create-passkey", b.key.Create),
		manage("add", "method", "recovery"), prove(), step("recovery-key", paper.write(ceremonytest.Do("continue"))),
		step("confirm-recovery", paper.give("continue")),
		manage("rename", "id", id, "label", " My words "), prove(),
		manage("change", "id", id), step("prove", b.key.Get), step("new-passphrase", ceremonytest.Give("continue", another)),
		closing(),
	)
	b.manage(nil)
	if got := strings.Join(b.messages(), " "); got != "added added renamed changed" {
		t.Errorf("the screens said %s", got)
	}
	if got := b.methods("Ada"); got != "passkey-prf passphrase recovery" {
		t.Errorf("the ways in are %s", got)
	}
	if got := b.enrolment("Ada", "passphrase"); got.Label != "My words" || got.ID != id {
		t.Errorf("the passphrase is now %+v", got)
	}
	b.script(manage("remove", "id", id), step("prove", b.key.Get), closing())
	b.manage(nil)
	if got := b.methods("Ada"); got != "passkey-prf recovery" {
		t.Errorf("the ways in are %s", got)
	}
	b.lock()
	b.script(step("unlock", paper.give("recovery")))
	b.unlock("vault.unlock", nil)
}

func TestSecondPasskeyExcludesTheFirstAndHasAnotherName(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	var excluded []string
	create := ceremonytest.Look(func(data wire.Value) { excluded = ceremonytest.Texts(data, "exclude") }, b.key.Create)
	b.script(
		manage("add", "method", "passkey"), prove(), step("create-passkey", b.key.Create),
		manage("add", "method", "passkey"), prove(), step("create-passkey", create), closing(),
	)
	b.manage(nil)
	if !slices.Equal(excluded, b.key.IDs()[:1]) {
		t.Errorf("excluded are %q, want %q", excluded, b.key.IDs()[:1])
	}
	var labels []string
	for _, e := range b.enrolments("Ada") {
		labels = append(labels, e.Label)
	}
	slices.Sort(labels)
	if !slices.Equal(labels, []string{"Passkey", "Passkey 2", "Passphrase"}) {
		t.Errorf("the labels are %q", labels)
	}
}

func TestChangedRecoveryKeyReplacesTheOldOne(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	var first, second pen
	b.script(manage("add", "method", "recovery"), prove(), step("recovery-key", first.write(ceremonytest.Do("continue"))),
		step("confirm-recovery", first.give("continue")), closing())
	b.manage(nil)
	id := b.enrolment("Ada", "recovery").ID
	b.script(manage("change", "id", id), prove(), step("recovery-key", second.write(ceremonytest.Do("continue"))),
		step("confirm-recovery", second.give("continue")), closing())
	b.manage(nil)
	if got := b.methods("Ada"); got != "passphrase recovery" || b.enrolment("Ada", "recovery").ID == id {
		t.Errorf("the ways in are %s", got)
	}
	b.lock()
	b.script(step("unlock", first.give("recovery")), step("unlock", func(s ceremony.Screen) (ceremony.Input, error) {
		b.clock.Advance(ceremonytest.Number(s.Data, "retryAfter")/1000 + 1)
		return second.give("recovery")(s)
	}))
	b.unlock("vault.unlock", nil)
	b.wantProblems("wrong_recovery")
}

func TestTheOnlyWayInCannotBeRemoved(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	b.script(manage("remove", "id", b.enrolment("Ada", "passphrase").ID), closing())
	b.manage(nil)
	b.wantProblems("last_enrolment")
	if got := b.methods("Ada"); got != "passphrase" {
		t.Errorf("the ways in are %s", got)
	}
}

// Whoever finds an open vault cannot take it over: changes of the ways in, of
// the vault key and the reset need a proof of their own, and a reset the name.
//
// Mistake M25 (docs/mistakes.md).
func TestChangesNeedAProofThoughTheVaultIsOpen(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	id := b.enrolment("Ada", "passphrase").ID
	before := b.picture()
	wrong := step("prove", ceremonytest.Give("passphrase", another))
	for name, steps := range map[string][]ceremonytest.Step{
		"add":    {manage("add", "method", "passkey")},
		"rename": {manage("rename", "id", id, "label", "Mine")},
		"change": {manage("change", "id", id)},
		"rotate": {manage("rotate")},
		"reset":  {manage("reset"), step("reset", ceremonytest.Do("reset", "typed", "bob")), step("reset", ceremonytest.Do("reset", "typed", "Ada"))},
	} {
		b.script(append(steps, wrong, step("prove", ceremonytest.Do("back")), closing())...)
		b.manage(nil)
		if !slices.Contains(b.problems(), "wrong_passphrase") || len(b.messages()) != 0 {
			t.Errorf("%s: problems %q, messages %q", name, b.problems(), b.messages())
		}
		b.clock.Advance(100)
	}
	if after := b.picture(); after != before {
		t.Errorf("without a proof there was a change from\n%s\nto\n%s", before, after)
	}
}

func TestVaultKeyIsRotatedAndEverythingStillOpens(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	b.script(manage("rotate"), prove(), closing())
	b.manage(nil)
	if got := b.messages(); !slices.Equal(got, []string{"rotated"}) {
		t.Errorf("the screens said %q", got)
	}
	b.lock()
	b.script(step("unlock", ceremonytest.Give("passphrase", passphrase)))
	b.unlock("vault.unlock", nil)
}

func TestRulesAreMadeStricterAndRemoved(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	rule := func(method, class string) ceremonytest.Step {
		return manage("policy", "origin", otherApp, "method", method, "class", class)
	}
	b.script(rule("vapid.sign", "confirm"), rule("vapid.delete", "unlocked"), rule("vapid.sign", "none"),
		manage("policy", "origin", "nowhere", "method", "vapid.sign", "class", "confirm"), closing())
	b.manage(nil)
	b.wantProblems("bad_policy", "bad_policy", "bad_policy")
	policies, err := b.vault.Policies(t.Context())
	if want := (vault.Policy{Origin: otherApp, Method: "vapid.sign", Class: vault.ConsentConfirm}); err != nil || len(policies) != 1 || policies[0] != want {
		t.Errorf("the rules are %+v, %v; want %+v", policies, err, want)
	}
	b.script(rule("vapid.sign", "unlocked"), closing())
	b.manage(nil)
	if policies, err := b.vault.Policies(t.Context()); err != nil || len(policies) != 0 {
		t.Errorf("the rules are %+v, %v; want none", policies, err)
	}
}

func TestLogIsShownPageByPageAndExported(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	for range 120 {
		if err := b.vault.SetPolicy(t.Context(), asker("vault.manage"), otherApp, "vapid.sign", vault.ConsentConfirm); err != nil {
			t.Fatal(err)
		}
	}
	var bundle string
	seen := map[int64]bool{}
	last := int64(1 << 40)
	look := func(answer ceremonytest.Answer) ceremonytest.Answer {
		return ceremonytest.Look(func(data wire.Value) {
			list, _ := data.Get("entries")
			entries, _ := list.Elements()
			for _, e := range entries {
				seq := ceremonytest.Number(e, "seq")
				if seq >= last || seen[seq] {
					t.Errorf("entry %d comes after %d", seq, last)
				}
				last, seen[seq] = seq, true
			}
		}, answer)
	}
	more := look(func(screen ceremony.Screen) (ceremony.Input, error) {
		next, found := screen.Data.Get("next")
		if !found {
			return ceremonytest.Do("back")(screen)
		}
		return ceremonytest.Do("more", "from", string(next.Append(nil)))(screen)
	})
	b.script(manage("log"), step("log", ceremonytest.Do("export")), step("log-export", ceremonytest.Look(func(data wire.Value) {
		bundle = ceremonytest.Text(data, "text")
	}, ceremonytest.Do("back"))))
	size := int64(0)
	b.person.Then(step("log", ceremonytest.Look(func(data wire.Value) { size = ceremonytest.Number(data, "size") }, more)))
	b.person.Then(step("log", more), step("log", more), closing())
	b.manage(nil)
	if int64(len(seen)) != size || !seen[0] || size < 120 {
		t.Errorf("of %d entries %d were shown", size, len(seen))
	}
	if !strings.Contains(bundle, "kms-enclave-audit-bundle/1") || strings.Count(bundle, "\n") < 120 {
		t.Errorf("the bundle has %d bytes", len(bundle))
	}
}

func TestManageCanLock(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	b.script(manage("lock"))
	b.manage(nil)
	b.wantOpen(false)
}

func TestProvedResetDeletesTheUserAlone(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	b.setUp(start("Bob", "passphrase"), step("new-passphrase", ceremonytest.Give("continue", passphrase)), skipRecovery(), done())
	b.script(manage("reset"), step("reset", ceremonytest.Do("reset", "typed", "Bob")), prove(), done())
	b.manage(nil)
	b.wantOpen(false)
	users, err := b.vault.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		if u.Reset != (u.Label != "Ada") {
			t.Errorf("user %+v: want only Ada to be left", u)
		}
	}
}

// What was chosen on a screen about one vault is not done to another.
//
// Mistake M03 (docs/mistakes.md).
func TestChoiceDoesNotReachAVaultThatWasNotShown(t *testing.T) {
	b, openBob := adaAndBob(t)
	before := b.picture()
	b.script(step("manage", func(screen ceremony.Screen) (ceremony.Input, error) {
		openBob() // as another tab does
		return ceremonytest.Do("policy", "origin", otherApp, "method", "vapid.sign", "class", "confirm")(screen)
	}), closing())
	b.manage(nil)
	b.wantProblems("locked")
	for i, want := range []string{"Ada", "Bob"} {
		if got := ceremonytest.Text(b.person.Shown()[i].Data, "user", "label"); got != want {
			t.Errorf("screen %d shows the vault of %s, want %s", i, got, want)
		}
	}
	if after := b.picture(); after != before {
		t.Error("the choice had an effect")
	}
}

func TestVaultThatIsLockedMeanwhileIsOpenedAgain(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	b.script(step("manage", func(screen ceremony.Screen) (ceremony.Input, error) {
		b.lock()
		return ceremonytest.Do("rotate")(screen)
	}), step("unlock", ceremonytest.Give("passphrase", passphrase)), closing())
	b.manage(nil)
	b.wantProblems("locked")
}

func TestProofThatIsOverIsAskedForAgain(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	b.script(
		manage("add", "method", "passkey"), prove(),
		step("create-passkey", func(screen ceremony.Screen) (ceremony.Input, error) {
			b.clock.Advance(vault.ProofLifetime + 1)
			return b.key.Create(screen)
		}),
		prove(), closing(),
	)
	b.manage(nil)
	if got := b.methods("Ada"); got != "passkey-prf passphrase" {
		t.Errorf("the ways in are %s", got)
	}
}
