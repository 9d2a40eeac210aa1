// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

const (
	app   = "https://app.example"
	other = "https://other.example"
	now   = 1_790_000_000
)

// world is a vault with the things it is made of.
type world struct {
	*vault.Vault
	store *vaulttest.MemStore
	clock *vaulttest.Clock
}

func newWorld() world {
	w := world{store: new(vaulttest.MemStore), clock: vaulttest.NewClock(now)}
	w.Vault = newVault(w.store, w.clock)
	return w
}

func newVault(store vault.Store, clock vault.Clock) *vault.Vault {
	return vault.New(vault.Config{Store: store, Clock: clock, Random: rand.Reader, Keys: vaulttest.KeyOps{}})
}

func (w world) generate(t *testing.T) vault.VAPIDKey {
	t.Helper()
	key, err := w.VAPIDGenerate(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func request(kid string) vault.VAPIDRequest {
	return vault.VAPIDRequest{KID: kid, Audience: "https://push.example.net", Subject: "mailto:ops@app.example"}
}

func TestEveryTokenHasItsOwnID(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	seen := make(map[string]bool)
	for range 20 {
		signed, err := w.VAPIDSign(t.Context(), app, request(key.KID))
		if err != nil {
			t.Fatal(err)
		}
		token, err := vapid.Parse(signed.Token)
		if err != nil {
			t.Fatal(err)
		}
		if seen[token.Claims.ID] {
			t.Fatal("one id in two tokens")
		}
		seen[token.Claims.ID] = true
	}
}

func TestRequestsThatAreNotAllowedAreRefusedByClaim(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	for claim, change := range map[string]func(*vault.VAPIDRequest){
		"aud": func(r *vault.VAPIDRequest) { r.Audience = "https://push.example.net/path" },
		"sub": func(r *vault.VAPIDRequest) { r.Subject = "ops@app.example" },
		"exp": func(r *vault.VAPIDRequest) { r.Expires = now + vapid.MaxLifetime + 1 },
	} {
		r := request(key.KID)
		change(&r)
		_, err := w.VAPIDSign(t.Context(), app, r)
		var refused *vapid.ClaimError
		if !errors.As(err, &refused) || refused.Claim != claim {
			t.Errorf("error = %v, want a ClaimError about %s", err, claim)
		}
	}
}

func TestKeyIsThereForItsOwnOriginOnly(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	ctx := t.Context()
	for _, stranger := range []string{other, "https://app.example:8443", "http://localhost:8080"} {
		_, publicError := w.VAPIDPublicKey(ctx, stranger, key.KID)
		_, signError := w.VAPIDSign(ctx, stranger, request(key.KID))
		deleteError := w.VAPIDDelete(ctx, stranger, key.KID)
		for _, err := range []error{publicError, signError, deleteError} {
			if !errors.Is(err, vault.ErrNotFound) {
				t.Errorf("%s: error = %v, want ErrNotFound", stranger, err)
			}
		}
	}
	if got, err := w.VAPIDPublicKey(ctx, app, key.KID); err != nil || got != key {
		t.Errorf("VAPIDPublicKey = %v, %v; want %v", got, err, key)
	}
}

func TestStrangerLearnsNothingFromTheError(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	_, existing := w.VAPIDPublicKey(t.Context(), other, key.KID)
	_, unknown := w.VAPIDPublicKey(t.Context(), other, strings.Repeat("A", vapid.KeyIDSize))
	if existing.Error() != unknown.Error() {
		t.Errorf("%q differs from %q", existing, unknown)
	}
}

func TestMalformedOriginIsRefused(t *testing.T) {
	w := newWorld()
	for _, origin := range []string{"", "null", "https://app.example/", "https://app.example a", "http://app.example"} {
		_, err := w.VAPIDGenerate(t.Context(), origin)
		var refused *vault.InputError
		if !errors.As(err, &refused) || refused.Field != "origin" {
			t.Errorf("%q: error = %v, want an InputError", origin, err)
		}
	}
}

func TestMalformedKeyIDIsNotFound(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	for _, kid := range []string{"", "x", key.KID + "A", key.KID[1:], " " + key.KID[1:], strings.Repeat("=", 43)} {
		if _, err := w.VAPIDPublicKey(t.Context(), app, kid); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("%q: error = %v, want ErrNotFound", kid, err)
		}
	}
}

func TestDeletedKeyIsGone(t *testing.T) {
	w := newWorld()
	kept, key := w.generate(t), w.generate(t)
	if err := w.VAPIDDelete(t.Context(), app, key.KID); err != nil {
		t.Fatal(err)
	}
	_, signError := w.VAPIDSign(t.Context(), app, request(key.KID))
	deleteError := w.VAPIDDelete(t.Context(), app, key.KID)
	if !errors.Is(signError, vault.ErrNotFound) || !errors.Is(deleteError, vault.ErrNotFound) {
		t.Errorf("errors = %v, %v; want ErrNotFound twice", signError, deleteError)
	}
	if _, err := w.VAPIDSign(t.Context(), app, request(kept.KID)); err != nil {
		t.Errorf("the other key: %v", err)
	}
}

func TestConcurrentDeletionsSucceedOnce(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() { errs <- w.VAPIDDelete(t.Context(), app, key.KID) }()
	}
	deleted := 0
	for range cap(errs) {
		switch err := <-errs; {
		case err == nil:
			deleted++
		case !errors.Is(err, vault.ErrNotFound):
			t.Errorf("error = %v, want ErrNotFound", err)
		}
	}
	if deleted != 1 {
		t.Errorf("%d deletions succeeded, want 1", deleted)
	}
}

func TestCancelledCallDoesNothing(t *testing.T) {
	w := newWorld()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.VAPIDGenerate(ctx, app); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want Canceled", err)
	}
	if refs, _ := w.store.List(t.Context(), "vapid"); len(refs) != 0 {
		t.Errorf("%d records, want none", len(refs))
	}
}
