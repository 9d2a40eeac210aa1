// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package jwtpeer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

const (
	app      = "https://app.example"
	audience = "https://push.example.net"
	subject  = "mailto:ops@app.example"
	now      = 1_790_000_000
)

// signed is a token with what a push service needs to check it.
type signed struct {
	Token     string `json:"token"`
	PublicKey string `json:"publicKey"`
	Now       int64  `json:"now"` // Unix seconds at which it was made
}

//go:embed testdata/browser.json
var browserToken []byte

func TestGolangJWTAcceptsATokenOfTheVault(t *testing.T) {
	token := signWithVault(t)
	claims, err := token.verify(token.Now)
	if err != nil {
		t.Fatal(err)
	}
	if got := claims.ExpiresAt.Unix(); got != now+vault.DefaultTokenLifetime {
		t.Errorf("exp is %d, expected %d", got, now+vault.DefaultTokenLifetime)
	}
}

func TestGolangJWTAcceptsATokenThatABrowserSigned(t *testing.T) {
	var token signed
	if err := json.Unmarshal(browserToken, &token); err != nil {
		t.Fatal(err)
	}
	if _, err := token.verify(token.Now); err != nil {
		t.Error(err)
	}
}

func TestGolangJWTRefusesWhatIsNotTheVaultsToken(t *testing.T) {
	token, other := signWithVault(t), signWithVault(t)
	payload := strings.Split(token.Token, ".")[1]
	for _, test := range []struct {
		name  string
		token signed
		now   int64
	}{
		{"after its end", token, now + vault.DefaultTokenLifetime + 1},
		{"another key", signed{Token: token.Token, PublicKey: other.PublicKey}, now},
		{"another token's signature", signed{
			Token:     strings.Replace(other.Token, strings.Split(other.Token, ".")[1], payload, 1),
			PublicKey: other.PublicKey,
		}, now},
	} {
		if _, err := test.token.verify(test.now); err == nil {
			t.Errorf("%s: expected a refusal", test.name)
		}
	}
}

// signWithVault makes a key and a token as the enclave does, with Go's P-256
// in place of the browser's.
func signWithVault(t *testing.T) signed {
	t.Helper()
	v := vault.New(vault.Config{
		Store:   new(vaulttest.MemStore),
		Locks:   new(vaulttest.Locker),
		Clock:   vaulttest.NewClock(now),
		Millis:  func() int64 { return now * 1000 },
		Random:  rand.Reader,
		Keys:    keystest.Ops{},
		Release: func() string { return strings.Repeat("0", 64) },
	})
	asker := vault.Asker{Origin: app, Method: "vapid.sign", Request: "1"}
	opener := vault.NamedEnroller{Label: "words", Enroller: unlock.WithRecovery([]byte("0123456789abcdef"))}
	if _, err := v.CreateUser(t.Context(), asker, "Ada", []vault.NamedEnroller{opener}); err != nil {
		t.Fatal(err)
	}
	key, err := v.VAPIDGenerate(t.Context(), asker)
	if err != nil {
		t.Fatal(err)
	}
	token, err := v.VAPIDSign(t.Context(), asker, vault.VAPIDRequest{KID: key.KID, Audience: audience, Subject: subject})
	if err != nil {
		t.Fatal(err)
	}
	return signed{Token: token.Token, PublicKey: key.PublicKey, Now: now}
}

// verify checks the token at a time, in Unix seconds, as a push service does.
func (s signed) verify(at int64) (*jwt.RegisteredClaims, error) {
	point, err := base64.RawURLEncoding.DecodeString(s.PublicKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256"}),
		jwt.WithAudience(audience),
		jwt.WithSubject(subject),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return time.Unix(at, 0) }),
	)
	claims := new(jwt.RegisteredClaims)
	_, err = parser.ParseWithClaims(s.Token, claims, func(*jwt.Token) (any, error) { return key, nil })
	return claims, err
}
