// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/vault"
)

func publicKey(t *testing.T, point []byte) vapid.PublicKey {
	t.Helper()
	key, err := vapid.NewPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The id of a token is ours, and its time has a limit: a caller has no field for
// the one and gets a refusal for the other.
//
// Mistake M17 (docs/mistakes.md).
func TestEveryTokenHasItsOwnIDAndALimitedLife(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	seen := make(map[string]bool)
	for range 20 {
		signed, err := w.VAPIDSign(t.Context(), at("vapid.sign"), request(key.KID))
		if err != nil {
			t.Fatal(err)
		}
		token, err := vapid.Parse(signed.Token)
		if err != nil {
			t.Fatal(err)
		}
		if seen[token.Claims.ID] || len(token.Claims.ID) != 22 {
			t.Fatalf("id %q twice or of another length", token.Claims.ID)
		}
		seen[token.Claims.ID] = true
		if token.Claims.Expires != w.clock.Now()+vault.DefaultTokenLifetime || token.Claims.IssuedAt != w.clock.Now() {
			t.Errorf("claims = %+v", token.Claims)
		}
	}
	for _, expires := range []int64{w.clock.Now() + vapid.MaxLifetime + 1, 4_102_444_800, 1, w.clock.Now()} {
		r := request(key.KID)
		r.Expires = expires
		_, err := w.VAPIDSign(t.Context(), at("vapid.sign"), r)
		if refused, _ := errors.AsType[*vapid.ClaimError](err); refused == nil || refused.Claim != "exp" {
			t.Errorf("exp %d: error = %v, want a ClaimError", expires, err)
		}
	}
}

func TestRequestsThatAreNotAllowedAreRefusedByClaim(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for claim, change := range map[string]func(*vault.VAPIDRequest){
		"aud": func(r *vault.VAPIDRequest) { r.Audience = "https://push.example.net/path" },
		"sub": func(r *vault.VAPIDRequest) { r.Subject = "ops@app.example" },
	} {
		r := request(key.KID)
		change(&r)
		_, err := w.VAPIDSign(t.Context(), at("vapid.sign"), r)
		if refused, _ := errors.AsType[*vapid.ClaimError](err); refused == nil || refused.Claim != claim {
			t.Errorf("error = %v, want a ClaimError about %s", err, claim)
		}
	}
}

func TestKeyIsThereForItsOwnOriginOnly(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for _, stranger := range []string{other, "https://app.example:8443", "http://localhost:8080"} {
		ask := from(stranger, "vapid.sign")
		if err := w.Grant(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
		_, publicError := w.VAPIDPublicKey(t.Context(), ask, key.KID)
		_, signError := w.VAPIDSign(t.Context(), ask, request(key.KID))
		deleteError := w.VAPIDDelete(t.Context(), ask, key.KID)
		for _, err := range []error{publicError, signError, deleteError} {
			expectError(t, stranger, err, vault.ErrNotFound)
		}
		_, unknown := w.VAPIDPublicKey(t.Context(), ask, strings.Repeat("A", vapid.KeyIDSize))
		if publicError.Error() != unknown.Error() {
			t.Errorf("%q differs from %q", publicError, unknown)
		}
	}
	if got, err := w.VAPIDPublicKey(t.Context(), at("vapid.publicKey"), key.KID); err != nil || got != key {
		t.Errorf("VAPIDPublicKey = %v, %v; want %v", got, err, key)
	}
}

func TestMalformedOriginIsRefused(t *testing.T) {
	w := setUp(t)
	for _, origin := range []string{"", "null", "https://app.example/", "https://app.example a", "http://app.example"} {
		_, generateError := w.VAPIDGenerate(t.Context(), from(origin, "vapid.generate"))
		_, authorizeError := w.Authorize(t.Context(), from(origin, "vapid.generate"), vault.ConsentNone)
		grantError := w.Grant(t.Context(), from(origin, "vault.unlock"))
		for _, err := range []error{generateError, authorizeError, grantError} {
			if refused, _ := errors.AsType[*vault.InputError](err); refused == nil || refused.Field != "origin" {
				t.Errorf("%q: error = %v, want an InputError", origin, err)
			}
		}
	}
}

func TestMalformedKeyIDIsNotFound(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for _, kid := range []string{"", "x", key.KID + "A", key.KID[1:], " " + key.KID[1:], strings.Repeat("=", 43)} {
		_, err := w.VAPIDPublicKey(t.Context(), at("vapid.publicKey"), kid)
		expectError(t, "VAPIDPublicKey", err, vault.ErrNotFound)
		expectError(t, "VAPIDSign", sign(t, w.Vault, kid), vault.ErrNotFound)
		expectError(t, "VAPIDDelete", w.VAPIDDelete(t.Context(), at("vapid.delete"), kid), vault.ErrNotFound)
	}
}

// Two keys of one origin are two keys: each is found, listed, used and deleted by
// its own id.
//
// Mistake M44 (docs/mistakes.md).
func TestSecondKeyDoesNotDisturbTheFirst(t *testing.T) {
	w := setUp(t)
	first, second := generate(t, w.Vault), generate(t, w.Vault)
	for _, key := range []vault.VAPIDKey{first, second} {
		if got, err := w.VAPIDPublicKey(t.Context(), at("vapid.publicKey"), key.KID); err != nil || got != key {
			t.Errorf("VAPIDPublicKey = %v, %v; want %v", got, err, key)
		}
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Error(err)
		}
	}
	list, err := w.VAPIDList(t.Context(), at("vapid.list"))
	if err != nil || len(list) != 2 || list[0] == list[1] {
		t.Errorf("VAPIDList = %v, %v", list, err)
	}
	if err := w.VAPIDDelete(t.Context(), at("vapid.delete"), first.KID); err != nil {
		t.Fatal(err)
	}
	expectError(t, "the deleted one", sign(t, w.Vault, first.KID), vault.ErrNotFound)
	expectError(t, "again", w.VAPIDDelete(t.Context(), at("vapid.delete"), first.KID), vault.ErrNotFound)
	if err := sign(t, w.Vault, second.KID); err != nil {
		t.Errorf("the other key: %v", err)
	}
}

func TestCancelledCallDoesNothing(t *testing.T) {
	g := newStage(t)
	for _, m := range mutations {
		memory := g.store.Clone()
		s := g.scene(t, memory, m)
		before := snapshot(memory)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.run(ctx, s); !errors.Is(err, context.Canceled) && !strings.HasPrefix(m.name, "Refused") {
			t.Errorf("%s: error = %v, want Canceled", m.name, err)
		}
		if snapshot(memory) != before {
			t.Errorf("%s changed something", m.name)
		}
	}
}

type exhausted struct{}

func (exhausted) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestNothingIsMadeWithoutRandomness(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	config := w.config(w.store)
	config.Random = exhausted{}
	v := vault.New(config)
	shared, _ := w.Share()
	if err := v.Adopt(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	before := snapshot(w.store)
	_, generateError := v.VAPIDGenerate(t.Context(), at("vapid.generate"))
	_, createError := v.CreateUser(t.Context(), at("vault.setup"), "Bob", []vault.NamedEnroller{byRecovery()})
	for _, err := range []error{sign(t, v, key.KID), generateError, createError} {
		expectError(t, "without randomness", err, io.ErrUnexpectedEOF)
	}
	if snapshot(w.store) != before {
		t.Error("the store changed")
	}
}

// oddKeys returns signatures that no P-256 implementation may.
type oddKeys struct {
	quickOps
	signature []byte
	err       error
}

func (k oddKeys) SignP256(context.Context, vault.Handle, []byte) ([]byte, error) {
	return k.signature, k.err
}

func TestKeyFailureChangesNothingAndKeepsItsCause(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	shared, _ := w.Share()
	before := snapshot(w.store)
	for name, ops := range map[string]oddKeys{
		"missing algorithm": {err: vault.ErrNotSupported},
		"short signature":   {signature: make([]byte, 63)},
	} {
		config := w.config(w.store)
		config.Keys = ops
		v := vault.New(config)
		if err := v.Adopt(t.Context(), shared); err != nil {
			t.Fatal(err)
		}
		_, generateError := v.VAPIDGenerate(t.Context(), at("vapid.generate"))
		signError := sign(t, v, key.KID)
		if generateError == nil || signError == nil || !errors.Is(signError, ops.err) && ops.err != nil {
			t.Errorf("%s: errors = %v, %v", name, generateError, signError)
		}
		if snapshot(w.store) != before {
			t.Errorf("%s: the store changed", name)
		}
	}
}
