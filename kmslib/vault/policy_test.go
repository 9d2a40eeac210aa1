// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vault"
)

func setPolicy(t *testing.T, v *vault.Vault, origin, method string, class vault.Consent) {
	t.Helper()
	if err := v.SetPolicy(t.Context(), at("vault.manage"), origin, method, class); err != nil {
		t.Fatal(err)
	}
}

// expectClass expects that Authorize for a method of the table's class demands
// want of the asking origin app, whose session is open.
func expectClass(t *testing.T, v *vault.Vault, method string, table, want vault.Consent) {
	t.Helper()
	confirm, err := v.Authorize(t.Context(), at(method), table)
	if err != nil || confirm != (want == vault.ConsentConfirm) {
		t.Errorf("%s as %s: confirm = %v, %v; want %s", method, table, confirm, err, want)
	}
}

func TestPolicyMakesStricterAndNeverLooser(t *testing.T) {
	w := setUp(t)
	classes := []vault.Consent{vault.ConsentNone, vault.ConsentUnlocked, vault.ConsentConfirm}
	for i, policy := range classes {
		setPolicy(t, w.Vault, app, "vapid.sign", policy)
		for j, table := range classes {
			expectClass(t, w.Vault, "vapid.sign", table, classes[max(i, j)])
			expectClass(t, w.Vault, "vapid.list", table, table)
		}
	}
	list, err := w.Policies(t.Context())
	if err != nil || !slices.Equal(list, []vault.Policy{{Origin: app, Method: "vapid.sign", Class: vault.ConsentConfirm}}) {
		t.Errorf("Policies = %v, %v", list, err)
	}
	setPolicy(t, w.Vault, app, "vapid.sign", vault.ConsentNone)
	if list, err := w.Policies(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("Policies = %v, %v; want none", list, err)
	}
	verifyLog(t, w.Vault)
}

func TestPolicyForPublicDataHoldsWhileLocked(t *testing.T) {
	w := setUp(t)
	setPolicy(t, w.Vault, app, "vapid.publicKey", vault.ConsentUnlocked)
	expectClass(t, w.Vault, "vapid.publicKey", vault.ConsentNone, vault.ConsentUnlocked)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	_, err := w.Authorize(t.Context(), at("vapid.publicKey"), vault.ConsentNone)
	expectError(t, "while locked", err, vault.ErrLocked)
	if confirm, err := w.Authorize(t.Context(), from(other, "vapid.publicKey"), vault.ConsentNone); confirm || err != nil {
		t.Errorf("for another origin: %v, %v", confirm, err)
	}
}

func TestAlteredPolicyIsNotObeyed(t *testing.T) {
	w := setUp(t)
	setPolicy(t, w.Vault, app, "vapid.sign", vault.ConsentUnlocked)
	ref := vault.Ref{Collection: w.user.ID + "/policy", Key: app}
	weaker, _ := w.store.Get(t.Context(), ref)
	setPolicy(t, w.Vault, app, "vapid.sign", vault.ConsentConfirm)
	strict, _ := w.store.Get(t.Context(), ref)
	for name, altered := range map[string]vault.Record{
		"deleted":     {},
		"rolled back": weaker,
		"weakened":    {Version: strict.Version, Value: []byte(strings.Replace(string(strict.Value), "confirm", "unlocked", 1))},
		"damaged":     {Version: strict.Version, Value: []byte("{")},
	} {
		w.store.Put(ref, altered)
		_, err := w.Authorize(t.Context(), at("vapid.sign"), vault.ConsentUnlocked)
		expectError(t, name, err, vault.ErrPolicy)
		_, err = w.Policies(t.Context())
		expectError(t, name+" listed", err, vault.ErrPolicy)
		w.store.Put(ref, strict)
	}
	expectClass(t, w.Vault, "vapid.sign", vault.ConsentUnlocked, vault.ConsentConfirm)
	added := vault.Ref{Collection: w.user.ID + "/policy", Key: other}
	w.store.Put(added, vault.Record{Version: 1, Value: []byte(strings.Replace(string(strict.Value), app, other, 1))})
	_, err := w.Authorize(t.Context(), from(other, "vapid.sign"), vault.ConsentNone)
	expectError(t, "added", err, vault.ErrPolicy)
	setPolicy(t, w.Vault, other, "vapid.list", vault.ConsentConfirm) // setting it again mends it
	if list, err := w.Policies(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("Policies = %v, %v", list, err)
	}
}

func TestPolicySetInAnotherTabIsObeyed(t *testing.T) {
	w := setUp(t)
	both := tabs(t, w)
	setPolicy(t, both[1], app, "vapid.sign", vault.ConsentConfirm)
	expectClass(t, both[0], "vapid.sign", vault.ConsentUnlocked, vault.ConsentConfirm)
	setPolicy(t, both[1], app, "vapid.sign", vault.ConsentNone)
	expectClass(t, both[0], "vapid.sign", vault.ConsentUnlocked, vault.ConsentUnlocked)
}

func TestImpossiblePoliciesAreRefused(t *testing.T) {
	w := setUp(t)
	for field, try := range map[string][3]string{
		"origin": {"null", "vapid.sign", "confirm"},
		"method": {app, "vapid sign", "confirm"},
		"class":  {app, "vapid.sign", "never"},
	} {
		err := w.SetPolicy(t.Context(), at("vault.manage"), try[0], try[1], vault.Consent(try[2]))
		if refused, _ := errors.AsType[*vault.InputError](err); refused == nil || refused.Field != field {
			t.Errorf("%v: %v, want an InputError about %s", try, err, field)
		}
	}
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	err := w.SetPolicy(t.Context(), at("vault.manage"), app, "vapid.sign", vault.ConsentConfirm)
	expectError(t, "while locked", err, vault.ErrLocked)
	_, err = w.Policies(t.Context())
	expectError(t, "Policies while locked", err, vault.ErrLocked)
}

func TestUseByAuthorizeKeepsTheSessionOpen(t *testing.T) {
	w := setUp(t)
	w.clock.Advance(vault.IdleLimit - 1)
	expectClass(t, w.Vault, "vapid.sign", vault.ConsentUnlocked, vault.ConsentUnlocked)
	w.clock.Advance(vault.IdleLimit - 1)
	if _, open := w.Session(); !open {
		t.Error("the session ended")
	}
	// What needs no session is no use of it.
	expectClass(t, w.Vault, "vapid.publicKey", vault.ConsentNone, vault.ConsentNone)
	w.clock.Advance(1)
	if _, open := w.Session(); open {
		t.Error("the session did not end")
	}
}
