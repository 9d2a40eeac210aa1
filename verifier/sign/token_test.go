// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/sign/signtest"
)

const tokenSecret = "SECRETSIGNATUREOFTHETOKEN"

// makeToken returns a token with claims; only its third part is secret here.
func makeToken(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(payload) + "." + tokenSecret
}

func goodToken(t *testing.T) string {
	return makeToken(t, map[string]any{
		"iss": "https://issuer.example", "sub": "repo:example", "aud": "sigstore", "exp": time.Now().Add(time.Hour).Unix(),
	})
}

func TestTokenIsReadAndNeverPrinted(t *testing.T) {
	token, err := sign.ParseToken(" "+goodToken(t)+"\n", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if token.Issuer != "https://issuer.example" || token.Subject != "repo:example" {
		t.Errorf("issuer and subject of %s", token)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, token); strings.Contains(text, tokenSecret) {
			t.Errorf("%s prints the token", verb)
		}
	}
	person, err := sign.ParseToken(makeToken(t, map[string]any{"iss": "https://i", "sub": "1234", "email": "a@b.example", "exp": 1 << 35}), time.Now())
	if err != nil || person.Subject != "a@b.example" {
		t.Errorf("the subject of a person: %v %v", person, err)
	}
}

func TestTokenThatIsNoneOrOldIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":   "",
		"two parts": "a.b",
		"no base64": "a.?.c",
		"no JSON":   "a.YWJj.c",
		"no issuer": makeToken(t, map[string]any{"sub": "x", "exp": 1 << 35}),
		"spaces":    "a b.c.d",
		"huge":      strings.Repeat("a", 1<<17) + ".b.c",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sign.ParseToken(text, time.Now())
			wantFault(t, err, sign.Usage, "identity token", "--identity-token-file")
		})
	}
	for name, claims := range map[string]map[string]any{
		"expired":   {"iss": "https://i", "exp": 1000},
		"no expiry": {"iss": "https://i"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sign.ParseToken(makeToken(t, claims), time.Now())
			wantFault(t, err, sign.Refused, "valid now", "expired")
		})
	}
}

func TestTokenIsFetchedWhenSigningAndNotBefore(t *testing.T) {
	stack := signtest.New(t)
	stack.SetToken(goodToken(t))
	source, err := sign.URLToken(stack.URL(signtest.Issuer)+"?secret=1", http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	if text := source.Describe(); stack.Requests(signtest.Issuer) != 0 || strings.Contains(text, "secret") || !strings.Contains(text, "127.0.0.1") {
		t.Errorf("described as %s", text)
	}
	token, err := source.Token(t.Context())
	if err != nil || token.Subject != "repo:example" {
		t.Errorf("%v %v", token, err)
	}
	for name, answer := range map[string]string{
		"id_token": `{"id_token":"` + goodToken(t) + `"}`, "token": `{"token":"` + goodToken(t) + `"}`, "text": goodToken(t) + "\n",
	} {
		stack.Break(signtest.Issuer, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })
		if _, err := source.Token(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, fault := range map[string]http.HandlerFunc{
		"forbidden": signtest.Status(403), "nonsense": signtest.Garbage, "redirect": signtest.Redirect,
	} {
		stack.Break(signtest.Issuer, fault)
		_, err := source.Token(t.Context())
		t.Log(name)
		wantFault(t, err, sign.Refused, "token issuer http://127.0.0.1")
	}
}

func TestGitHubTokenHasTheAudienceAndTheBearer(t *testing.T) {
	stack := signtest.New(t)
	stack.Break(signtest.Issuer, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("audience") != "sigstore" || r.URL.Query().Get("api-version") != "2.0" || r.Header.Get("Authorization") != "Bearer "+signtest.Unspeakable {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"count": 1, "value": goodToken(t)})
	})
	source, err := sign.GitHubToken(stack.URL(signtest.Issuer)+"?api-version=2.0", signtest.Unspeakable, http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Token(t.Context()); err != nil {
		t.Error(err)
	}
	stack.Break(signtest.Issuer, signtest.Status(401))
	_, err = source.Token(t.Context())
	wantFault(t, err, sign.Refused, "GitHub Actions", "status 401")
	_, err = sign.GitHubToken("https://x.example", "", nil)
	wantFault(t, err, sign.Usage, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
}

func TestTokenGoesOverNoConnectionThatOthersRead(t *testing.T) {
	for _, address := range []string{"http://issuer.example/token", "ftp://127.0.0.1", "https://user:pass@issuer.example", "token", "https://x.example/#f", "http://127.0.0.1.evil.example"} {
		_, err := sign.URLToken(address, nil)
		wantFault(t, err, sign.Usage, "https")
		if strings.Contains(err.Error(), "pass") {
			t.Errorf("a password in %v", err)
		}
	}
}

func TestFailureOfTheCertificateAuthorityKeepsTheToken(t *testing.T) {
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		kind  sign.Kind
		want  string
	}{
		"unauthorised": {signtest.Status(401), sign.Refused, "does not accept the identity"},
		"down":         {signtest.Status(502), sign.Unavailable, "status 502"},
		"nonsense":     {signtest.Garbage, sign.Refused, "a certificate"},
		"silent":       {signtest.Silence, sign.Unavailable, "no answer within"},
		"hangs up":     {signtest.HangUp, sign.Unavailable, "before the answer was complete"},
		"redirects":    {signtest.Redirect, sign.Refused, "a redirect"},
		"echoes": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(r.Header.Get("Authorization")))
		}, sign.Refused, "status 400"},
		"no certifcate": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }, sign.Refused, "a certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			stack := signtest.New(t)
			s := newSigner(t, stack)
			token, err := sign.ParseToken(goodToken(t), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			s.Key, s.Tokens, s.Timeout = nil, sign.GivenToken(token), 200*time.Millisecond
			stack.Break(signtest.Authority, c.fault)
			_, err = s.Sign(t.Context(), job)
			wantFault(t, err, c.kind, "certificate authority http://127.0.0.1", c.want)
			if strings.Contains(err.Error(), tokenSecret) {
				t.Error("the token is in the error")
			}
			if stack.Requests(signtest.Log) != 0 {
				t.Error("something was logged")
			}
		})
	}
}

func TestSigningWithoutIdentityIsAMistake(t *testing.T) {
	s := newSigner(t, signtest.New(t))
	s.Key = nil
	_, err := s.Sign(t.Context(), job)
	wantFault(t, err, sign.Usage, "a token or a key", "--key")
	token, _ := sign.ParseToken(goodToken(t), time.Now())
	s.Tokens, s.Services.Authority = sign.GivenToken(token), ""
	_, err = s.Sign(context.Background(), job)
	wantFault(t, err, sign.Usage, "a certificate authority")
}

func FuzzParseToken(f *testing.F) {
	f.Add("a.eyJpc3MiOiJodHRwczovL2kiLCJleHAiOjM0MzU5NzM4MzY4fQ.c")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := sign.ParseToken(text, time.Unix(0, 0))
		if (token == nil) == (err == nil) {
			t.Error("neither a token nor an error")
		}
	})
}
