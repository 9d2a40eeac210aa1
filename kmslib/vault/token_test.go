// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !js

package vault_test

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/vault"
)

func TestSignedTokenIsAcceptedAndCarriesTheClaims(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	signed, err := w.VAPIDSign(t.Context(), at("vapid.sign"), request(key.KID))
	if err != nil {
		t.Fatal(err)
	}
	token, public, err := vapid.ParseAuthorization(signed.Authorization)
	if err != nil {
		t.Fatal(err)
	}
	if err := public.Verify(token, now); err != nil {
		t.Error(err)
	}
	want := vapid.Claims{
		Audience: "https://push.example.net",
		Expires:  now + vault.DefaultTokenLifetime,
		Subject:  "mailto:ops@app.example",
		IssuedAt: now,
		ID:       token.Claims.ID,
	}
	if token.Claims != want || signed.Expires != want.Expires {
		t.Errorf("claims = %+v, want %+v", token.Claims, want)
	}
	if public.KeyID() != key.KID || public.String() != key.PublicKey {
		t.Error("the token names another key than VAPIDGenerate did")
	}
	if !strings.Contains(signed.Authorization, signed.Token) {
		t.Error("Authorization does not have the token")
	}
}
