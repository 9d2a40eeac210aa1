// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/vault"
)

// failingStore fails commits while it has an error.
type failingStore struct {
	vault.Store
	err error
}

func (s *failingStore) Commit(ctx context.Context, changes []vault.Change) error {
	if s.err != nil {
		return s.err
	}
	return s.Store.Commit(ctx, changes)
}

func TestFullStorageIsSaidAndSetUpCanBeTriedAgain(t *testing.T) {
	b := newBench(t)
	failing := &failingStore{Store: b.store.Store, err: &vault.StorageError{Op: "commit", Kind: vault.StorageQuota}}
	b.store.Store = failing
	steps := adaWithPassphrase()
	retry := step("error", func(screen ceremony.Screen) (ceremony.Input, error) {
		failing.err = nil
		return ceremonytest.Do("retry")(screen)
	})
	b.setUp(slices.Insert(steps, len(steps)-1, retry)...)
	b.wantProblems("storage_full")
	b.user("Ada")
}

func TestFullStorageEndsSetUpWithItsCause(t *testing.T) {
	b := newBench(t)
	cause := &vault.StorageError{Op: "commit", Kind: vault.StorageQuota}
	b.store.Store = &failingStore{Store: b.store.Store, err: cause}
	steps := adaWithPassphrase()
	steps[len(steps)-1] = step("error", ceremonytest.Do("close"))
	b.script(steps...)
	if err := b.ceremonies.SetUp(t.Context(), asker("vault.setup")); !errors.Is(err, cause) {
		t.Errorf("SetUp: %v, want %v", err, cause)
	}
	b.played()
	b.wantOpen(false)
}

func TestFailedChangeIsSaidAndChangesNothing(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	failing := &failingStore{Store: b.store.Store}
	b.store.Store = failing
	before := b.picture()
	b.script(manage("add", "method", "passkey"), prove(),
		step("create-passkey", func(screen ceremony.Screen) (ceremony.Input, error) {
			failing.err = &vault.StorageError{Op: "commit", Kind: vault.StorageUnavailable}
			return b.key.Create(screen)
		}), closing())
	b.manage(nil)
	b.wantProblems("storage_failed")
	if after := b.picture(); after != before {
		t.Error("the change had an effect")
	}
}

func TestDamagedWayInIsCountedAndNotOffered(t *testing.T) {
	b := newBench(t)
	ada := b.setUpAda()
	ref := vault.Ref{Collection: ada.ID + "/enrolments", Key: b.enrolment("Ada", "passphrase").ID}
	record, err := b.store.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.Commit(t.Context(), []vault.Change{{Ref: ref, IfVersion: record.Version, Value: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	b.script(step("unlock", ceremonytest.Cancel()))
	b.unlock("vault.unlock", ceremony.ErrCancelled)
	data := b.person.Shown()[0].Data
	if offered, _ := data.Get("passphrase"); isTrue(offered) || ceremonytest.Number(data, "damaged") != 1 {
		t.Errorf("the screen shows %s", data.Append(nil))
	}
	if kept, err := b.store.Get(t.Context(), ref); err != nil || string(kept.Value) != "{}" {
		t.Errorf("the damaged record is now %q, %v", kept.Value, err)
	}
}

// Many requests at once: one is shown, all others are told so at once, and
// none waits for ever.
//
// Mistakes M03, M40 (docs/mistakes.md).
func TestOfManyCeremoniesAtOnceOneIsOpen(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	const many = 50
	refused := make(chan error, many)
	b.script(step("confirm", func(screen ceremony.Screen) (ceremony.Input, error) {
		for range many - 1 {
			if err := <-refused; !errors.Is(err, ceremony.ErrBusy) {
				t.Errorf("Confirm: %v, want ErrBusy", err)
			}
		}
		return ceremonytest.Do("approve")(screen)
	}))
	var all sync.WaitGroup
	for range many {
		all.Go(func() { refused <- b.ceremonies.Confirm(t.Context(), asker("vapid.delete"), nil) })
	}
	all.Wait()
	if err := <-refused; err != nil {
		t.Errorf("the one that was shown: %v", err)
	}
	b.played()
}

func TestUnknownActionsOfManageEndTheDialogue(t *testing.T) {
	b := newBench(t)
	b.setUp(adaWithPassphrase()...)
	passkey := step("create-passkey", b.key.Create)
	b.script(manage("add", "method", "passkey"), prove(), passkey, closing())
	b.manage(nil)
	for name, one := range map[string]ceremonytest.Step{
		"unknown method":       manage("add", "method", "magic"),
		"second passphrase":    manage("add", "method", "passphrase"),
		"rule for nothing":     manage("policy", "origin", app, "method", "status", "class", "confirm"),
		"change of a passkey":  manage("change", "id", b.enrolment("Ada", "passkey-prf").ID),
		"log from a negative":  manage("log"),
		"log from no sequence": manage("log"),
	} {
		script := []ceremonytest.Step{one}
		switch name {
		case "log from a negative":
			script = append(script, step("log", ceremonytest.Do("more", "from", "-1")))
		case "log from no sequence":
			script = append(script, step("log", ceremonytest.Do("more", "from", "next")))
		}
		b.script(script...)
		err := b.ceremonies.Manage(t.Context(), asker("vault.manage"), about)
		if _, ok := errors.AsType[*ceremony.ProtocolError](err); !ok {
			t.Errorf("%s: %v, want a *ProtocolError", name, err)
		}
		b.played()
	}
	b.script(manage("remove", "id", "AAAAAAAAAAAAAAAAAAAAAA"), manage("rename", "id", "x", "label", ""),
		manage("rename", "id", "x", "label", "Mine"), manage("change", "id", ""), closing())
	b.manage(nil)
	b.wantProblems("not_found", "bad_name", "not_found", "not_found")
}
