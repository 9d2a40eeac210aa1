// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package oidc is an OpenID Connect issuer that gives a token to everyone who asks: the one part of the stack
// that is a stand-in. What Fulcio does with a token is Fulcio's own code.
//
// One server has three issuers, since Fulcio reads each kind of identity from an issuer of its own:
//
//	<url>/ci     claims like those of GitHub Actions; the certificate's name is
//	             https://github.com/<job_workflow_ref>, and the claims become Fulcio's extensions
//	<url>/email  the certificate's name is an email address
//	<url>/uri    the certificate's name is the subject, any URI
//
// Tokens: GET <url>/token?subject=NAME, or ?repository=OWNER/NAME&ref=…&sha=…&workflow=FILE, answered as text.
// GET <url>/actions/token?… answers {"value": TOKEN}, as GitHub's ACTIONS_ID_TOKEN_REQUEST_URL does, and wants
// "Authorization: bearer <ActionsToken>".
package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Audience is what Fulcio wants in a token.
const Audience = "sigstore"

// ActionsToken is the request token that the path for GitHub-like runners wants.
const ActionsToken = "sigstack"

const keyID = "sigstack-1"

// Issuer signs tokens for the three issuers below one address.
type Issuer struct {
	URL    string
	signer jose.Signer
	public jose.JSONWebKeySet
}

// New makes a key for the issuers below url.
func New(url string) (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader(jose.HeaderKey("kid"), keyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		return nil, err
	}
	public := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: key.Public(), KeyID: keyID, Algorithm: string(jose.ES256), Use: "sig"},
	}}
	return &Issuer{URL: url, signer: signer, public: public}, nil
}

// CI, Email and URI are the issuers as tokens name them.
func (i *Issuer) CI() string { return i.URL + "/ci" }

// Email is the issuer of email addresses.
func (i *Issuer) Email() string { return i.URL + "/email" }

// URI is the issuer of plain subjects.
func (i *Issuer) URI() string { return i.URL + "/uri" }

// Token signs claims, with the times and the audience that Fulcio wants unless they are set.
func (i *Issuer) Token(claims map[string]any) (string, error) {
	now := time.Now()
	all := map[string]any{
		"aud": Audience, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	for k, v := range claims {
		all[k] = v
	}
	payload, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	signed, err := i.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// Handler serves discovery, keys and tokens.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, issuer := range []string{"ci", "email", "uri"} {
		mux.HandleFunc("GET /"+issuer+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, map[string]any{
				"issuer":                                i.URL + "/" + issuer,
				"jwks_uri":                              i.URL + "/keys",
				"authorization_endpoint":                i.URL + "/token",
				"token_endpoint":                        i.URL + "/token",
				"response_types_supported":              []string{"id_token"},
				"subject_types_supported":               []string{"public"},
				"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
			})
		})
	}
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, i.public) })
	mux.HandleFunc("GET /token", func(w http.ResponseWriter, r *http.Request) {
		if token, ok := i.requested(w, r); ok {
			fmt.Fprintln(w, token)
		}
	})
	mux.HandleFunc("GET /actions/token", func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "bearer "+ActionsToken && got != "Bearer "+ActionsToken {
			http.Error(w, "expected the header \"Authorization: bearer "+ActionsToken+"\"", http.StatusUnauthorized)
			return
		}
		if token, ok := i.requested(w, r); ok {
			writeJSON(w, map[string]string{"value": token})
		}
	})
	return mux
}

func (i *Issuer) requested(w http.ResponseWriter, r *http.Request) (string, bool) {
	claims, err := i.claims(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return "", false
	}
	token, err := i.Token(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return "", false
	}
	return token, true
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
