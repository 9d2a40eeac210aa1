// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/wire"
)

// hostile are inputs that no screen takes, made from one that it takes.
func hostile(screen string) []ceremony.Input {
	long := strings.Repeat("x", 64<<10+1)
	inputs := []ceremony.Input{{}, {Action: "no such action"}, {Action: "\xff"}}
	for _, a := range ceremony.Actions(screen) {
		fields := func(value string) map[string]string {
			m := map[string]string{}
			for _, name := range a.Fields {
				m[name] = value
			}
			return m
		}
		more := fields("x")
		more["extra"] = "x"
		inputs = append(inputs,
			ceremony.Input{Action: a.Name, Fields: more, Secrets: make([][]byte, a.Secrets[0])},
			ceremony.Input{Action: a.Name, Fields: fields("x"), Secrets: make([][]byte, 3)},
		)
		if len(a.Fields) > 0 {
			inputs = append(inputs, ceremony.Input{Action: a.Name},
				ceremony.Input{Action: a.Name, Fields: fields(long), Secrets: make([][]byte, a.Secrets[0])},
				ceremony.Input{Action: a.Name, Fields: fields("\xff"), Secrets: make([][]byte, a.Secrets[0])})
		}
		if !slices.Contains(a.Secrets, 0) {
			inputs = append(inputs, ceremony.Input{Action: a.Name, Fields: fields("x")},
				ceremony.Input{Action: a.Name, Fields: fields("x"), Secrets: [][]byte{[]byte(long)}})
		}
	}
	return inputs
}

func TestInputThatTheScreenDoesNotTakeEndsTheDialogue(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	for screen, run := range map[string]func() error{
		"welcome": func() error { return b.ceremonies.SetUp(t.Context(), asker("vault.setup")) },
		"unlock":  func() error { return b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), "") },
		"confirm": func() error { return b.ceremonies.Confirm(t.Context(), asker("vapid.delete"), nil) },
	} {
		for _, in := range hostile(screen) {
			in.Secrets = append(in.Secrets, []byte("a secret"))[:len(in.Secrets)+min(len(in.Secrets), 1)]
			b.script(step(screen, func(ceremony.Screen) (ceremony.Input, error) { return in, nil }))
			err := run()
			if _, ok := errors.AsType[*ceremony.ProtocolError](err); !ok {
				t.Errorf("%s took %q with %d fields and %d secrets: %v", screen, in.Action, len(in.Fields), len(in.Secrets), err)
			}
			b.played()
			b.wantOpen(false)
		}
	}
}

func TestActionThatIsNotOfferedEndsTheDialogue(t *testing.T) {
	b := newBench(t)
	b.setUpAda()
	for _, answer := range []ceremonytest.Answer{
		ceremonytest.Do("other"), ceremonytest.Give("recovery", "abandon"), ceremonytest.Do("failed", "name", "AbortError"),
		ceremonytest.Do("asserted", "credentialId", "", "clientDataJSON", "", "authenticatorData", "", "signature", "", "userHandle", ""),
	} {
		b.script(step("unlock", answer))
		err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), "")
		if _, ok := errors.AsType[*ceremony.ProtocolError](err); !ok {
			t.Errorf("Unlock: %v, want a *ProtocolError", err)
		}
	}
}

// FuzzUnlockInput gives the screen "unlock" anything at all: it must not
// panic, not open the vault and not leave a secret behind.
func FuzzUnlockInput(f *testing.F) {
	f.Add("passphrase", "name", "value", []byte("a passphrase that is wrong"), 1)
	f.Add("asserted", "credentialId", "AAAA", []byte{1}, 2)
	f.Add("recovery", "", "", []byte("abandon abandon"), 1)
	f.Add("reset", "typed", "Ada", []byte(nil), 0)
	f.Add("failed", "name", "NotAllowedError", []byte(nil), 0)
	f.Fuzz(func(t *testing.T, action, name, value string, secret []byte, secrets int) {
		b := newBench(t)
		b.setUpAda()
		given := make([][]byte, max(0, min(secrets, 4)))
		for i := range given {
			given[i] = slices.Clone(secret)
		}
		fields := map[string]string{name: value}
		for _, known := range ceremony.Actions("unlock") {
			if known.Name == action && len(known.Fields) != 1 {
				fields = map[string]string{}
				for _, field := range known.Fields {
					fields[field] = value
				}
			}
		}
		b.script(step("unlock", func(ceremony.Screen) (ceremony.Input, error) {
			return ceremony.Input{Action: action, Fields: fields, Secrets: given}, nil
		}))
		err := b.ceremonies.Unlock(t.Context(), asker("vault.unlock"), "")
		if err == nil && string(secret) != passphrase {
			t.Fatalf("action %q with fields %q opened the vault", action, fields)
		}
		for _, s := range given {
			if slices.Max(append(s, 0)) != 0 {
				t.Errorf("action %q: a secret was not wiped", action)
			}
		}
	})
}

// FuzzCreatedInput gives the screen "create-passkey" anything at all.
func FuzzCreatedInput(f *testing.F) {
	f.Add("AAAA", "e30", "AAAA", "AAAA", "-7", "internal", "yes", []byte("x"), 2)
	f.Add("", "", "", "", "", "", "", []byte(nil), 0)
	f.Add("AA==", "!", "\x00", "-", "99999999999999999999", ",,,,", "no", []byte{0}, 1)
	f.Fuzz(func(t *testing.T, id, client, data, spki, alg, transports, prf string, secret []byte, secrets int) {
		b := newBench(t)
		given := make([][]byte, max(0, min(secrets, 4)))
		for i := range given {
			given[i] = slices.Clone(secret)
		}
		b.script(start("Ada", "passkey"), step("create-passkey", func(ceremony.Screen) (ceremony.Input, error) {
			return ceremony.Input{Action: "created", Secrets: given, Fields: map[string]string{
				"credentialId": id, "clientDataJSON": client, "authenticatorData": data, "publicKey": spki,
				"alg": alg, "transports": transports, "prf": prf,
			}}, nil
		}))
		if b.ceremonies.SetUp(t.Context(), asker("vault.setup")) == nil {
			t.Fatal("a vault was set up with a passkey that does not exist")
		}
		if n := b.store.commits.Load(); n != 0 {
			t.Errorf("%d commits", n)
		}
	})
}

// screenLine matches a screen in the package comment, actionLine an action.
var (
	screenLine = regexp.MustCompile(`^//\t([a-z][a-z-]*)(?: {2,}|$)`)
	actionLine = regexp.MustCompile(`^//\t  > (.*)$`)
	fieldList  = regexp.MustCompile(`\{[^}]*\}?`)
)

func TestPackageCommentListsEveryScreenWithItsActions(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	screen := ""
	var order []string
	for line := range strings.Lines(string(source)) {
		line = strings.TrimRight(line, "\n")
		if m := screenLine.FindStringSubmatch(line); m != nil && slices.Contains(ceremony.Screens(), m[1]) {
			screen = m[1]
			order = append(order, screen)
		}
		if m := actionLine.FindStringSubmatch(line); m != nil {
			names, _, _ := strings.Cut(fieldList.ReplaceAllString(m[1], ""), "  ")
			names, _, _ = strings.Cut(names, " as ")
			names, _, _ = strings.Cut(names, " [")
			for name := range strings.SplitSeq(names, ",") {
				documented[screen] = append(documented[screen], strings.TrimSpace(name))
			}
		}
	}
	if !slices.Equal(order, ceremony.Screens()) {
		t.Errorf("the comment has the screens %q, want %q", order, ceremony.Screens())
	}
	for _, screen := range ceremony.Screens() {
		var want []string
		for _, a := range ceremony.Actions(screen) {
			want = append(want, a.Name)
		}
		got := documented[screen]
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the comment has the actions %q, the code takes %q", screen, got, want)
		}
	}
}

func TestEveryProblemIsNamedOnce(t *testing.T) {
	for _, names := range [][]string{ceremony.Problems(), ceremony.Screens(), ceremony.DoneMessages(), ceremony.Purposes(), ceremony.BusyNames()} {
		sorted := slices.Clone(names)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(names) {
			t.Errorf("a name is used twice in %q", names)
		}
	}
}

// What a screen shows is the data of its row of the package comment: members
// that are not there would not be shown.
func TestScreensHaveTheDataOfThePackageComment(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	shown := b.person.Shown()
	b.script(closing())
	b.manage(nil)
	shown = append(shown, b.person.Shown()...)
	b.lock()
	b.script(step("unlock", ceremonytest.Cancel()))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	for _, screen := range append(shown, b.person.Shown()...) {
		_, part, _ := strings.Cut(string(source), "//\t"+screen.Name+" ")
		part, _, _ = strings.Cut(part, "\n//\n")
		members, _ := screen.Data.Members()
		for _, m := range members {
			if m.Name == "subject" || m.Name == "problem" {
				continue
			}
			if !regexp.MustCompile(`(^|[ \t,])` + m.Name + `\b`).MatchString(part) {
				t.Errorf("%s shows %q, of which the comment does not know", screen.Name, m.Name)
			}
		}
		if screen.Data.Kind() != wire.KindObject {
			t.Errorf("%s: the data is no object", screen.Name)
		}
	}
}
