// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

var errStep = errors.New("the step failed")

func TestFailedStepChangesNothingAndItsErrorIsPassedOn(t *testing.T) {
	w := setUp(t)
	o, _ := signalUp(t, w.Vault)
	before := snapshot(w.store)
	for name, test := range map[string]struct {
		step func(*session.Account) error
		want error
	}{
		"after a change": {func(a *session.Account) error {
			if _, err := a.Encrypt(t.Context(), bob, []byte("x")); err != nil {
				return err
			}
			return errStep
		}, errStep},
		"of package session": {func(a *session.Account) error {
			_, err := a.Encrypt(t.Context(), carol, []byte("x"))
			return err
		}, session.ErrNoSession},
	} {
		if err := o.do(t.Context(), "signal.encrypt", test.step); err != test.want {
			t.Errorf("%s: error = %v, want %v itself", name, err, test.want)
		}
	}
	err := w.SignalRead(t.Context(), at("signal.session.list"), func(*session.Account) error { return errStep })
	if err != errStep {
		t.Errorf("SignalRead: %v", err)
	}
	if snapshot(w.store) != before {
		t.Error("the store changed")
	}
}

func TestStepIsLoggedWithItsMethodAndDetail(t *testing.T) {
	w := setUp(t)
	must(t, w.SignalChange(t.Context(), at("signal.decryptBatch"), func(*session.Account) (string, error) { return "3-of-4", nil }))
	if got := last(t, w.Vault); got != "signal.decryptBatch ok 3-of-4" {
		t.Errorf("entry %q of a step that changed nothing", got)
	}
	signalUp(t, w.Vault)
	verifyLog(t, w.Vault)
}

func TestStepThatShouldOnlyReadCannotChangeAnything(t *testing.T) {
	w := setUp(t)
	signalUp(t, w.Vault)
	before := snapshot(w.store)
	err := w.SignalRead(t.Context(), at("signal.session.list"), func(a *session.Account) error {
		_, err := a.Encrypt(t.Context(), bob, []byte("x"))
		return err
	})
	if err == nil || snapshot(w.store) != before {
		t.Errorf("SignalRead encrypted: %v", err)
	}
}

func TestSignalNeedsAnOpenVaultThatIsGranted(t *testing.T) {
	step := func(*session.Account) (string, error) { t.Error("a step ran"); return "", nil }
	read := func(*session.Account) error { t.Error("a step ran"); return nil }
	w := newWorld()
	both := func(a vault.Asker, want error) {
		t.Helper()
		expectError(t, "SignalChange", w.SignalChange(t.Context(), a, step), want)
		expectError(t, "SignalRead", w.SignalRead(t.Context(), a, read), want)
	}
	both(at("signal.encrypt"), vault.ErrNotSetUp)
	w.user = w.create(t, "Ada", byPassphrase(passphrase))
	both(from(other, "signal.encrypt"), vault.ErrNotGranted)
	must(t, w.Lock(t.Context(), at("vault.lock")))
	both(at("signal.encrypt"), vault.ErrLocked)
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	w.clock.Advance(vault.IdleLimit)
	both(at("signal.encrypt"), vault.ErrLocked)
}

func TestLockInAnotherTabEndsStepsHere(t *testing.T) {
	w := setUp(t)
	signalUp(t, w.Vault)
	both := tabs(t, w)
	must(t, both[0].Lock(t.Context(), at("vault.lock")))
	before := snapshot(w.store)
	err := both[1].SignalRead(t.Context(), at("signal.session.list"), func(*session.Account) error { return nil })
	expectError(t, "SignalRead", err, vault.ErrLocked)
	if _, open := both[1].Session(); open {
		t.Error("the session is still open")
	}
	expectError(t, "SignalChange", own{both[1], app}.create(t.Context()), vault.ErrLocked)
	if snapshot(w.store) != before {
		t.Error("the store changed")
	}
}

// A step that another tab overtakes runs again on what that tab made.
func TestOvertakenStepRunsAgainOnTheNewState(t *testing.T) {
	w := newWorld()
	w.locks = vaulttest.NoLocker{}
	w.Vault = w.open(w.store)
	w.user = w.create(t, "Ada", byPassphrase(passphrase))
	o, b := signalUp(t, w.Vault)
	both := tabs(t, w)
	var between, l sessiontest.Letter
	runs := 0
	must(t, o.do(t.Context(), "signal.encrypt", func(a *session.Account) error {
		if runs++; runs == 1 {
			between = get[sessiontest.Letter](t)(own{both[1], app}.send(t.Context(), bob, "between"))
		}
		e, err := a.Encrypt(t.Context(), bob, []byte("late"))
		l = sessiontest.Letter{From: alice, To: bob, Type: e.Type, Body: e.Body, Text: "late"}
		return err
	}))
	if runs != 2 || messageKey(t, between) == messageKey(t, l) {
		t.Errorf("%d runs, or a message key twice", runs)
	}
	for _, one := range []sessiontest.Letter{l, between} {
		get[session.Opened](t)(b.Read(t.Context(), one))
	}
	runs = 0
	must(t, w.SignalRead(t.Context(), at("signal.session.list"), func(a *session.Account) error {
		if runs++; runs == 1 {
			get[sessiontest.Letter](t)(own{both[1], app}.send(t.Context(), bob, "x"))
		}
		_, err := a.Sessions(t.Context())
		return err
	}))
	if runs != 2 {
		t.Errorf("a step that read of two states ran %d times", runs)
	}
}

// After the first message of a session its one-time prekeys are neither in the
// store nor in the memory of the vault, and the message does not open again.
//
// Mistake M31 (docs/mistakes.md).
func TestSpentPreKeysAreErasedWithTheCommitThatUsedThem(t *testing.T) {
	w := setUp(t)
	o := own{w.Vault, app}
	must(t, o.create(t.Context()))
	p := get[session.PreKeys](t)(o.publish(t.Context(), 2))
	c := newPeer(t, carol)
	must(t, c.StartFrom(t.Context(), alice, sessiontest.BundleOf(p)))
	first := get[sessiontest.Letter](t)(c.Send(t.Context(), alice, "first"))
	spent := []vault.Ref{
		{Collection: w.user.ID + "/signal", Key: app + " prekey " + number(p.OneTime[0].ID)},
		{Collection: w.user.ID + "/signal", Key: app + " kyber-prekey " + number(p.Kyber[0].ID)},
	}
	for _, ref := range spent {
		if _, err := w.store.Get(t.Context(), ref); err != nil {
			t.Errorf("before: %v: %v", ref, err)
		}
	}
	commits := versionOf(w.store, w.user.ID)
	opened := get[session.Opened](t)(o.read(t.Context(), first))
	if opened.PreKeyUsed != p.OneTime[0].ID || versionOf(w.store, w.user.ID) != commits+1 {
		t.Errorf("opened %+v in %d commits", opened, versionOf(w.store, w.user.ID)-commits)
	}
	for _, ref := range spent {
		if _, err := w.store.Get(t.Context(), ref); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("after: %v: %v", ref, err)
		}
	}
	if n := get[session.PreKeyCount](t)(o.count(t.Context())); n.OneTime != 1 || n.Kyber != 1 {
		t.Errorf("count %+v", n)
	}
	_, err := o.read(t.Context(), first)
	expectError(t, "the message again", err, session.ErrDuplicate)
	must(t, o.do(t.Context(), "signal.session.close", func(a *session.Account) error {
		return a.CloseSession(t.Context(), carol)
	}))
	_, err = own{w.open(w.store), app}.read(t.Context(), first)
	expectError(t, "the message again, locked", err, vault.ErrLocked)
	if _, err = o.read(t.Context(), first); !errors.Is(err, session.ErrPreKeyGone) && !errors.Is(err, session.ErrDuplicate) {
		t.Errorf("the message after its session was closed: %v", err)
	}
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// The account of one origin is nothing to another, nor to another user.
func TestSignalAccountsOfOriginsAndUsersAreApart(t *testing.T) {
	w := setUp(t)
	first, b := signalUp(t, w.Vault)
	must(t, w.Grant(t.Context(), from(other, "vault.unlock")))
	second := own{w.Vault, other}
	_, err := second.send(t.Context(), bob, "x")
	expectError(t, "Encrypt", err, session.ErrNoIdentity)
	must(t, second.create(t.Context()))
	if all := get[[]session.SessionInfo](t)(second.sessions(t.Context())); len(all) != 0 {
		t.Errorf("the sessions of another origin: %+v", all)
	}
	one, two := identity(t, first), identity(t, second)
	if one.Key == two.Key {
		t.Error("two origins have one identity key")
	}
	must(t, second.do(t.Context(), "signal.identity.delete", func(a *session.Account) error { return a.DeleteIdentity(t.Context()) }))
	talk(t, first, b)

	eve := w.create(t, "Eve", byPassphrase(passphrase))
	_, err = first.send(t.Context(), bob, "x")
	expectError(t, "Encrypt as Eve", err, session.ErrNoIdentity)
	must(t, first.create(t.Context()))
	if identity(t, first).Key == one.Key {
		t.Error("two users have one identity key")
	}
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	talk(t, first, b)
	if status := get[vault.Status](t)(w.Status(t.Context())); len(status.Damaged) != 0 || eve.ID == w.user.ID {
		t.Errorf("Damaged = %+v", status.Damaged)
	}
}

func identity(t *testing.T, o own) (id session.Identity) {
	t.Helper()
	must(t, o.vault.SignalRead(t.Context(), from(o.origin, "signal.identity.public"), func(a *session.Account) (err error) {
		id, err = a.Identity(t.Context())
		return err
	}))
	return id
}

func TestDeletedAccountLeavesNothing(t *testing.T) {
	w := setUp(t)
	o, _ := signalUp(t, w.Vault)
	stray := vault.Ref{Collection: w.user.ID + "/signal", Key: app + " prekey 999999"}
	w.store.Put(stray, vault.Record{Version: 3, Value: []byte("damaged")})
	before := identity(t, o).Key
	remove := func() error {
		return o.do(t.Context(), "signal.identity.delete", func(a *session.Account) error { return a.DeleteIdentity(t.Context()) })
	}
	must(t, remove())
	for _, e := range w.store.All() {
		if e.Ref.Collection == stray.Collection {
			t.Errorf("%v is left", e.Ref)
		}
	}
	expectError(t, "again", remove(), session.ErrNoIdentity)
	must(t, o.create(t.Context()))
	if after := identity(t, o).Key; after == before || after == (curve.PublicKey{}) {
		t.Error("the new identity has the old key")
	}
}

func TestStoresWithoutSignalRecordsWorkAsBefore(t *testing.T) {
	w := setUp(t)
	o := own{w.Vault, app}
	_, err := o.count(t.Context())
	expectError(t, "count", err, session.ErrNoIdentity)
	for _, e := range w.store.All() {
		if e.Ref.Collection == w.user.ID+"/signal" {
			t.Errorf("there is %v", e.Ref)
		}
	}
	must(t, prove(t, w.Vault, w.user.ID).Rotate(t.Context()))
	signalUp(t, w.Vault)
	must(t, prove(t, w.Vault, w.user.ID).Rotate(t.Context()))
}

func TestCancelledStepIsNotStored(t *testing.T) {
	w := setUp(t)
	o, _ := signalUp(t, w.Vault)
	before := snapshot(w.store)
	ctx, cancel := context.WithCancel(t.Context())
	err := o.do(ctx, "signal.encrypt", func(a *session.Account) error {
		_, err := a.Encrypt(ctx, bob, []byte("x"))
		cancel()
		return err
	})
	expectError(t, "SignalChange", err, context.Canceled)
	if snapshot(w.store) != before {
		t.Error("the store changed")
	}
}

func TestStepWithoutRandomnessStoresNothing(t *testing.T) {
	w := setUp(t)
	signalUp(t, w.Vault)
	config := w.config(w.store)
	config.Random = exhausted{}
	v := vault.New(config)
	shared, _ := w.Share()
	must(t, v.Adopt(t.Context(), shared))
	before := snapshot(w.store)
	change := []session.Change{contact("bob", 10)}
	err := vault.SignalStore{Vault: v, Asker: at("signal.test")}.Apply(t.Context(), change)
	expectError(t, "Apply", err, io.ErrUnexpectedEOF)
	_, err = own{v, app}.publish(t.Context(), 10)
	expectError(t, "PublishPreKeys", err, io.ErrUnexpectedEOF)
	_, _, err = v.AttachmentBegin(t.Context(), at("signal.attachment.begin"), true, nil)
	expectError(t, "AttachmentBegin", err, io.ErrUnexpectedEOF)
	if snapshot(w.store) != before || v.Streams() != 0 {
		t.Error("something was stored")
	}
}

func TestVaultDoesNotPrintWhatItRemembers(t *testing.T) {
	w := setUp(t)
	signalUp(t, w.Vault)
	values := w.CachedValues()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, w.Vault)
		for _, value := range values {
			part := value[len(value)-16:]
			for _, written := range []string{string(part), fmt.Sprintf("%x", part), fmt.Sprint(part)[1:20], fmt.Sprintf("%q", part)} {
				if strings.Contains(text, written) {
					t.Fatalf("%s shows a value", verb)
				}
			}
		}
	}
}
