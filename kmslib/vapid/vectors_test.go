// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !js

package vapid_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ats.run/kms-enclave/kmslib/internal/vectors"
	"ats.run/kms-enclave/kmslib/vapid"
)

func readVectors(t testing.TB, file string) []vectors.Vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", "vapid", file))
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectors.Parse(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func number(t testing.TB, v vectors.Vector, field string) int64 {
	t.Helper()
	n, err := v.Int(field)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// class returns the word that vectors use for an error.
func class(err error) string {
	var claim *vapid.ClaimError
	var token *vapid.TokenError
	switch {
	case err == nil:
		return "accept"
	case errors.As(err, &claim):
		return claim.Claim
	case errors.As(err, &token):
		return "malformed"
	}
	return "untyped error"
}

func TestKeyVectors(t *testing.T) {
	for _, v := range readVectors(t, "keys.txt") {
		key, err := vapid.ParsePublicKey(v.Text("key"))
		if v.Expect == "refuse" {
			if class(err) != "malformed" {
				t.Errorf("%s: error = %v, want a TokenError", v.Name, err)
			}
			continue
		}
		if err != nil || key.String() != v.Text("key") || key.KeyID() != v.Text("kid") {
			t.Errorf("%s: key %v with id %s, %v; want id %s", v.Name, key, key.KeyID(), err, v.Text("kid"))
		}
		again, err := vapid.NewPublicKey(key.Point())
		if err != nil || again != key || !vapid.IsKeyID(key.KeyID()) {
			t.Errorf("%s: its point is another key: %v", v.Name, err)
		}
	}
}

func vectorClaims(t testing.TB, v vectors.Vector) vapid.Claims {
	return vapid.Claims{
		Audience: v.Text("aud"),
		Expires:  number(t, v, "exp"),
		Subject:  v.Text("sub"),
		IssuedAt: number(t, v, "iat"),
		ID:       v.Text("jti"),
	}
}

func TestClaimVectors(t *testing.T) {
	for _, v := range readVectors(t, "claims.txt") {
		claims, now := vectorClaims(t, v), number(t, v, "now")
		input, err := vapid.SigningInput(claims, now)
		if class(err) != v.Expect || class(claims.Check(now)) != v.Expect {
			t.Errorf("%s: error = %v, want %s", v.Name, err, v.Expect)
		}
		if string(input) != v.Text("input") {
			t.Errorf("%s: signing input %s, want %s", v.Name, input, v.Text("input"))
		}
	}
}

func TestTokenVectors(t *testing.T) {
	for _, v := range readVectors(t, "tokens.txt") {
		key, err := vapid.ParsePublicKey(v.Text("key"))
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		token, err := vapid.Parse(v.Text("token"))
		got := class(err)
		if err == nil {
			if got = class(key.Verify(token, number(t, v, "now"))); got == "malformed" {
				got = "signature"
			}
		}
		if got != v.Expect {
			t.Errorf("%s: %s, want %s (%v)", v.Name, got, v.Expect, err)
		}
	}
}
