// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/verdict"
)

// TokenVariable is the environment variable that may hold an identity token.
const TokenVariable = "SIGSTORE_ID_TOKEN"

// Audience is the audience that Fulcio expects of a token.
const Audience = "sigstore"

// Token is an OpenID Connect identity token. Nothing prints it: its text leaves
// only in the request to the certificate authority.
type Token struct {
	text            string
	Issuer, Subject string // as the token claims; the authority decides
	Expires         time.Time
}

// String describes the token without its text.
func (t *Token) String() string {
	return "the identity token of " + verdict.Quote(t.Issuer) + " for " + verdict.Quote(t.Subject)
}

// GoString is String, so that no verb of fmt shows the text.
func (t *Token) GoString() string { return t.String() }

// TokenSource gives a token when one is needed.
type TokenSource interface {
	// Describe says which token that will be, and opens no connection.
	Describe() string
	Token(ctx context.Context) (*Token, error)
}

const tokenName = "identity token"

// ParseToken reads a token that is still valid at the time now. It does not check
// its signature: the certificate authority does.
func ParseToken(text string, now time.Time) (*Token, error) {
	text = strings.TrimSpace(text)
	parts := strings.Split(text, ".")
	if len(text) > 1<<16 || len(parts) != 3 || strings.ContainsAny(text, " \t\r\n") {
		return nil, misused(tokenName, "a JSON Web Token, three parts joined by dots", "something else", adviceToken)
	}
	var claims struct {
		Issuer  string  `json:"iss"`
		Subject string  `json:"sub"`
		Email   string  `json:"email"`
		Expires float64 `json:"exp"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Issuer == "" {
		return nil, misused(tokenName, "claims with an issuer", "something else", adviceToken)
	}
	token := &Token{text: text, Issuer: claims.Issuer, Subject: claims.Subject}
	if claims.Email != "" {
		token.Subject = claims.Email // what Fulcio puts into the certificate of a person
	}
	if claims.Expires > 0 && claims.Expires < 1<<40 {
		token.Expires = time.Unix(int64(claims.Expires), 0).UTC()
	}
	if token.Expires.IsZero() || !token.Expires.After(now) {
		return nil, refused(tokenName, "a token that is valid now", "one that has expired", adviceToken)
	}
	return token, nil
}

const adviceToken = "Get a new one: give --identity-token-file, set " + TokenVariable +
	", let GitHub Actions give one (permissions: id-token: write), or name a --token-url"

// given is a token that is there already.
type given struct{ token *Token }

// GivenToken returns a source of that one token.
func GivenToken(token *Token) TokenSource { return given{token} }

func (g given) Describe() string { return g.token.String() }

func (g given) Token(context.Context) (*Token, error) { return g.token, nil }
