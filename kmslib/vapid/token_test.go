// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !js

package vapid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vapid"
)

const now = 1_790_000_000

var claims = vapid.Claims{
	Audience: "https://push.example.net",
	Expires:  now + 3600,
	Subject:  "mailto:push@example.com",
	IssuedAt: now,
	ID:       "AAECAwQFBgcICQoLDA0ODw",
}

// sign returns a token with the claims and the key that signed it.
func sign(t testing.TB, c vapid.Claims) (string, vapid.PublicKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	key, err := vapid.NewPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	input, err := vapid.SigningInput(c, now)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, vapid.SignatureSize)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	token, err := vapid.Assemble(input, signature)
	if err != nil {
		t.Fatal(err)
	}
	return token, key
}

func TestSignedTokenIsReadBack(t *testing.T) {
	for _, c := range []vapid.Claims{claims, {Audience: claims.Audience, Expires: now + 1, Subject: "https://app.example"}} {
		text, key := sign(t, c)
		token, public, err := vapid.ParseAuthorization(vapid.Authorization(text, key))
		if err != nil {
			t.Fatal(err)
		}
		if err := public.Verify(token, now); err != nil {
			t.Error(err)
		}
		if token.Claims != c || public != key {
			t.Errorf("claims %+v, want %+v", token.Claims, c)
		}
		if again, err := vapid.Assemble(token.Input, token.Signature[:]); err != nil || again != text {
			t.Errorf("assembled again: %s, %v; want %s", again, err, text)
		}
	}
}

// accepts says whether an Authorization value is read and verified.
func accepts(value string) bool {
	token, key, err := vapid.ParseAuthorization(value)
	return err == nil && key.Verify(token, now) == nil
}

func TestEveryTruncationIsRefused(t *testing.T) {
	value := vapid.Authorization(sign(t, claims))
	if !accepts(value) {
		t.Fatal("the whole value is refused")
	}
	for n := range len(value) {
		if accepts(value[:n]) || accepts(value[n+1:]) {
			t.Errorf("accepted without the bytes from or up to %d", n)
		}
	}
}

func TestEverySingleByteChangeIsRefused(t *testing.T) {
	value := vapid.Authorization(sign(t, claims))
	for i := range len(value) {
		for _, c := range []byte{value[i] ^ 1, value[i] ^ 0x20, 'A', '.', '=', ' ', '\n', 0, 0xff} {
			changed := value[:i] + string([]byte{c}) + value[i+1:]
			if changed != value && accepts(changed) {
				t.Errorf("accepted with byte %d changed from %q to %q", i, value[i], c)
			}
		}
	}
}

func TestAuthorizationInAnotherSpellingIsRefused(t *testing.T) {
	token, key := sign(t, claims)
	for _, value := range []string{
		"", "vapid", "Vapid t=" + token + ", k=" + key.String(), "vapid k=" + key.String() + ", t=" + token,
		"vapid t=" + token + ",k=" + key.String(), "vapid t=" + token, "vapid  t=" + token + ", k=" + key.String(),
		"WebPush " + token, vapid.Authorization(token, key) + " ", vapid.Authorization(token, key) + ", k=" + key.String(),
	} {
		if _, _, err := vapid.ParseAuthorization(value); class(err) != "malformed" {
			t.Errorf("%q: error = %v, want a TokenError", value, err)
		}
	}
}

func TestAssembleRefusesAnotherSignatureLength(t *testing.T) {
	for _, n := range []int{0, 63, 65, 70, 72} {
		if token, err := vapid.Assemble([]byte("a.b"), make([]byte, n)); class(err) != "malformed" || token != "" {
			t.Errorf("%d bytes: %q, %v", n, token, err)
		}
	}
}

func TestKeyIDFormIsExact(t *testing.T) {
	_, key := sign(t, claims)
	id := key.KeyID()
	for _, text := range []string{"", id[1:], id + "A", id[:42] + "=", id[:42] + "\n", id[:42] + "B", strings.Repeat(" ", 43)} {
		if vapid.IsKeyID(text) {
			t.Errorf("%q is taken for a key id", text)
		}
	}
}

func TestErrorsRepeatNothingOfTheInput(t *testing.T) {
	secretive := claims
	secretive.Subject, secretive.Audience = "SECRET", "SECRET"
	_, key := sign(t, claims)
	_, parseError := vapid.Parse("SECRET.SECRET.SECRET")
	_, keyError := vapid.ParsePublicKey("SECRET")
	_, inputError := vapid.SigningInput(secretive, now)
	verifyError := key.Verify(&vapid.Token{Claims: secretive, Input: []byte("SECRET")}, now)
	for _, err := range []error{parseError, keyError, inputError, verifyError} {
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("error = %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f, "tokens.txt") {
		f.Add(v.Text("token"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := vapid.Parse(text)
		if err != nil {
			if class(err) == "untyped error" {
				t.Errorf("error = %v", err)
			}
			return
		}
		again, err := vapid.Assemble(token.Input, token.Signature[:])
		if err != nil || again != text {
			t.Errorf("%q is assembled as %q, %v", text, again, err)
		}
		input, err := vapid.SigningInput(token.Claims, max(token.Claims.Expires-1, token.Claims.IssuedAt))
		if err != nil && token.Claims.Expires > token.Claims.IssuedAt {
			t.Errorf("claims that were read cannot be written: %v", err)
		}
		if len(input) > 2*len(text) {
			t.Errorf("%d bytes grew to %d", len(text), len(input))
		}
	})
}

func FuzzParseAuthorization(f *testing.F) {
	for _, v := range readVectors(f, "tokens.txt") {
		f.Add("vapid t=" + v.Text("token") + ", k=" + v.Text("key"))
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, key, err := vapid.ParseAuthorization(value)
		if err != nil {
			return
		}
		text, err := vapid.Assemble(token.Input, token.Signature[:])
		if err != nil || vapid.Authorization(text, key) != value {
			t.Errorf("%q is written in another way: %v", value, err)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	for _, v := range readVectors(f, "keys.txt") {
		f.Add(v.Text("key"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := vapid.ParsePublicKey(text); err == nil && key.String() != text {
			t.Errorf("%q is written as %q", text, key)
		}
	})
}

func FuzzClaimsCheck(f *testing.F) {
	for _, v := range readVectors(f, "claims.txt") {
		c := vectorClaims(f, v)
		f.Add(c.Audience, c.Expires, c.Subject, c.IssuedAt, c.ID, number(f, v, "now"))
	}
	f.Fuzz(func(t *testing.T, aud string, exp int64, sub string, iat int64, id string, now int64) {
		c := vapid.Claims{Audience: aud, Expires: exp, Subject: sub, IssuedAt: iat, ID: id}
		if now < 0 || now > 1<<40 || c.Check(now) != nil {
			return
		}
		if exp <= now || exp > now+vapid.MaxLifetime || !strings.HasPrefix(aud, "https://") {
			t.Errorf("accepted %+v at %d", c, now)
		}
		if _, err := vapid.SigningInput(c, now); err != nil {
			t.Error(err)
		}
	})
}
