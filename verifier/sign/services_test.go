// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/sign/signtest"
)

const signingConfig = `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",
"caUrls":[{"url":"https://ca.example","majorApiVersion":1,"validFor":{"start":"2025-01-01T00:00:00Z"},"operator":"o"}],
"rekorTlogUrls":[{"url":"https://log.example","majorApiVersion":2,"validFor":{"start":"2025-01-01T00:00:00Z"},"operator":"o"},
 {"url":"https://old.example","majorApiVersion":1,"validFor":{"start":"2025-01-01T00:00:00Z"},"operator":"o"}],
"tsaUrls":[{"url":"https://tsa.example/stamp","majorApiVersion":1,"validFor":{"start":"2025-01-01T00:00:00Z"},"operator":"o"}],
"rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"ANY"}}`

var in2026 = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func TestSigningConfigNamesTheServicesInUse(t *testing.T) {
	s, err := sign.ParseServices([]byte(signingConfig), in2026)
	if err != nil {
		t.Fatal(err)
	}
	if s.Authority != "https://ca.example" || s.Logs[0] != "https://log.example" || s.Timestamps[0] != "https://tsa.example/stamp" {
		t.Errorf("services %+v", s)
	}
	if _, err := sign.ParseServices(signtest.New(t).SigningConfig(), time.Now()); err != nil {
		t.Error(err)
	}
}

func TestSigningConfigThatIsOfNoUseIsRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"no JSON", signingConfig, "{", "the JSON of a Sigstore signing config"},
		{"another version", "v0.2", "v0.9", "media type"},
		{"unknown member", `"caUrls"`, `"more":1,"caUrls"`, "the JSON of a Sigstore signing config"},
		{"only Rekor v1", `"majorApiVersion":2`, `"majorApiVersion":1`, "API version 2"},
		{"authority not yet there", `"https://ca.example","majorApiVersion":1,"validFor":{"start":"2025`, `"https://ca.example","majorApiVersion":1,"validFor":{"start":"2030`, "a certificate authority"},
		{"no timestamps", "tsaUrls", "oidcUrls", "a timestamp authority"},
		{"log in the clear", "https://log.example", "http://log.example", "https"},
		{"authority in the clear", "https://ca.example", "http://ca.example", "https"},
		{"password", "https://tsa.example", "https://u:hunter2@tsa.example", "without user"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sign.ParseServices([]byte(strings.Replace(signingConfig, c.old, c.new, 1)), in2026)
			wantFault(t, err, sign.Usage, c.want)
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("a password in the error")
			}
		})
	}
}

func FuzzParseServices(f *testing.F) {
	f.Add([]byte(signingConfig))
	f.Fuzz(func(t *testing.T, config []byte) {
		s, err := sign.ParseServices(config, in2026)
		if err == nil && (len(s.Logs) == 0 || len(s.Timestamps) == 0) {
			t.Error("no log or no timestamp authority, and no error")
		}
	})
}
