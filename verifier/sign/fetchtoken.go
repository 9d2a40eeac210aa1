// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// fetched is a token that a server gives.
type fetched struct {
	name      string
	address   string
	bearer    string // or ""
	transport http.RoundTripper
}

// GitHubToken returns the source that GitHub Actions names in its environment:
// address is ACTIONS_ID_TOKEN_REQUEST_URL, bearer ACTIONS_ID_TOKEN_REQUEST_TOKEN.
func GitHubToken(address, bearer string, transport http.RoundTripper) (TokenSource, error) {
	u, err := url.Parse(address)
	if err != nil || bearer == "" {
		return nil, misused(tokenName, "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN as GitHub Actions sets them", "something else", adviceToken)
	}
	query := u.Query()
	query.Set("audience", Audience)
	u.RawQuery = query.Encode()
	return fetch("GitHub Actions", u.String(), bearer, transport)
}

// URLToken returns a source for private instances: a GET of the address answers a
// token, as text or as JSON with the member value, token or id_token.
func URLToken(address string, transport http.RoundTripper) (TokenSource, error) {
	return fetch("token issuer", address, "", transport)
}

func fetch(name, address, bearer string, transport http.RoundTripper) (TokenSource, error) {
	if fault := checkAddress(name, address); fault != nil {
		return nil, fault
	}
	return &fetched{name + " " + shown(address), address, bearer, transport}, nil
}

func (f *fetched) Describe() string {
	return "an identity token from " + f.name + ", asked for when signing"
}

func (f *fetched) Token(ctx context.Context) (*Token, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.address, nil)
	if err != nil {
		return nil, misused(f.name, "an address", "something else", "")
	}
	if f.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+f.bearer)
	}
	request.Header.Set("Accept", "application/json, application/jwt, text/plain")
	service := &remote{ctx: ctx, name: f.name, next: f.transport, timeout: DefaultTimeout, pause: time.Second}
	response, err := service.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, _ := io.ReadAll(response.Body) // in memory already
	token, err := ParseToken(tokenIn(body), time.Now())
	if err != nil {
		return nil, refused(f.name, "an identity token that is valid now", "something else", "Check that this job may ask for tokens, and the address")
	}
	return token, nil
}

// tokenIn returns the text of the token in an answer.
func tokenIn(body []byte) string {
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "{") {
		return text
	}
	var answer struct {
		Value string `json:"value"`
		Token string `json:"token"`
		ID    string `json:"id_token"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, candidate := range []string{answer.Value, answer.Token, answer.ID} {
		if candidate != "" {
			return candidate
		}
	}
	return ""
}
