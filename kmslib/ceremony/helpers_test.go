// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
	"ats.run/kms-enclave/kmslib/wire"
)

const (
	testNow    = 1790000000
	app        = "https://app.example"
	otherApp   = "https://other.example"
	passphrase = "correct horse battery staple"
	another    = "another long passphrase 42"
)

// quickKeys stretches passphrases by few iterations, so that tests are quick.
type quickKeys struct{ keystest.Ops }

func (k quickKeys) PBKDF2(ctx context.Context, passphrase, salt []byte, iterations int) (keys.Handle, error) {
	return k.Ops.PBKDF2(ctx, passphrase, salt, min(iterations, 10))
}

// countingStore counts commits.
type countingStore struct {
	vault.Store
	commits atomic.Int64
}

func (s *countingStore) Commit(ctx context.Context, changes []vault.Change) error {
	s.commits.Add(1)
	return s.Store.Commit(ctx, changes)
}

// bench is a vault with a person in front of it.
type bench struct {
	*testing.T
	store      *countingStore
	clock      *vaulttest.Clock
	vault      *vault.Vault
	ceremonies *ceremony.Ceremonies
	person     *ceremonytest.Person
	key        *ceremonytest.Authenticator
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		T: t, store: &countingStore{Store: new(vaulttest.MemStore)}, clock: vaulttest.NewClock(testNow),
		person: ceremonytest.NewPerson(), key: new(ceremonytest.Authenticator),
	}
	b.reopen()
	return b
}

// reopen is what a reload of the page does: another vault over the same store.
func (b *bench) reopen() {
	var ticks atomic.Int64
	millis := func() int64 { return ticks.Add(100) }
	b.vault = vault.New(vault.Config{
		Store: b.store, Clock: b.clock, Random: rand.Reader, Keys: quickKeys{}, Locks: new(vaulttest.Locker),
		Release: func() string { return strings.Repeat("d", 64) }, Millis: millis,
	})
	b.ceremonies = ceremony.New(ceremony.Config{
		Vault: b.vault, Stage: b.person, Keys: quickKeys{}, Random: rand.Reader, Millis: millis,
	})
}

func asker(method string) vault.Asker { return vault.Asker{Origin: app, Method: method, Request: "1"} }

// script replaces what the person will do.
func (b *bench) script(steps ...ceremonytest.Step) {
	b.Helper()
	b.person = ceremonytest.NewPerson(steps...)
	b.useStage(b.person)
}

func (b *bench) useStage(stage ceremony.Stage) {
	b.ceremonies = ceremony.New(ceremony.Config{
		Vault: b.vault, Stage: stage, Keys: quickKeys{}, Random: rand.Reader, Millis: func() int64 { return 0 },
	})
}

// played fails the test unless the script was what happened.
func (b *bench) played() {
	b.Helper()
	if err := b.person.Err(); err != nil {
		b.Fatal(err)
	}
	for i, secret := range b.person.Secrets() {
		if slices.Max(append(secret, 0)) != 0 {
			b.Errorf("secret %d that the person gave was not wiped", i)
		}
	}
}

func (b *bench) setUp(steps ...ceremonytest.Step) {
	b.Helper()
	b.script(steps...)
	if err := b.ceremonies.SetUp(b.Context(), asker("vault.setup")); err != nil {
		b.Fatalf("SetUp: %v; %v", err, b.person.Err())
	}
	b.played()
}

// setUpAda sets up Ada with a passphrase and locks.
func (b *bench) setUpAda() vault.User {
	b.Helper()
	b.setUp(adaWithPassphrase()...)
	b.lock()
	return b.user("Ada")
}

func (b *bench) lock() {
	b.Helper()
	if err := b.vault.Lock(b.Context(), asker("vault.lock")); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) user(label string) vault.User {
	b.Helper()
	users, err := b.vault.Users(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	i := slices.IndexFunc(users, func(u vault.User) bool { return u.Label == label && !u.Reset })
	if i < 0 {
		b.Fatalf("there is no user %q", label)
	}
	return users[i]
}

func (b *bench) enrolments(label string) []vault.EnrolmentInfo {
	b.Helper()
	enrolments, err := b.vault.Enrolments(b.Context(), b.user(label).ID)
	if err != nil {
		b.Fatal(err)
	}
	return enrolments
}

func (b *bench) enrolment(label string, method string) vault.EnrolmentInfo {
	b.Helper()
	enrolments := b.enrolments(label)
	i := slices.IndexFunc(enrolments, func(e vault.EnrolmentInfo) bool { return string(e.Method) == method })
	if i < 0 {
		b.Fatalf("%s has no %s", label, method)
	}
	return enrolments[i]
}

func (b *bench) methods(label string) string {
	b.Helper()
	var methods []string
	for _, e := range b.enrolments(label) {
		methods = append(methods, string(e.Method))
	}
	slices.Sort(methods)
	return strings.Join(methods, " ")
}

func (b *bench) wantOpen(want bool) {
	b.Helper()
	if _, open := b.vault.Session(); open != want {
		b.Errorf("the vault is open: %v, want %v", open, want)
	}
}

// problems returns the problem of every screen that was shown, "" for none.
func (b *bench) problems() []string {
	var list []string
	for _, screen := range b.person.Shown() {
		list = append(list, ceremonytest.Text(screen.Data, "problem"))
	}
	return list
}

// wantProblem fails unless the last screen but after had the problem.
func (b *bench) wantProblems(want ...string) {
	b.Helper()
	got := slices.DeleteFunc(b.problems(), func(problem string) bool { return problem == "" })
	if !slices.Equal(got, want) {
		b.Errorf("the screens had the problems %q, want %q", got, want)
	}
}

func step(screen string, answer ceremonytest.Answer) ceremonytest.Step {
	return ceremonytest.Step{Screen: screen, Answer: answer}
}

func start(name, method string) ceremonytest.Step {
	return step("welcome", ceremonytest.Do("start", "name", name, "method", method))
}

func skipRecovery() ceremonytest.Step { return step("recovery-key", ceremonytest.Do("skip")) }

func done() ceremonytest.Step { return step("done", ceremonytest.Do("close")) }

func adaWithPassphrase() []ceremonytest.Step {
	return []ceremonytest.Step{
		start("Ada", "passphrase"),
		step("new-passphrase", ceremonytest.Give("continue", passphrase)),
		skipRecovery(),
		done(),
	}
}

// pen notes the words of a recovery key from its screen.
type pen struct{ words string }

func (p *pen) write(answer ceremonytest.Answer) ceremonytest.Answer {
	return ceremonytest.Look(func(data wire.Value) {
		p.words = strings.Join(ceremonytest.Texts(data, "words"), " ")
	}, answer)
}

func (p *pen) give(action string) ceremonytest.Answer {
	return func(screen ceremony.Screen) (ceremony.Input, error) {
		return ceremonytest.Give(action, p.words)(screen)
	}
}
