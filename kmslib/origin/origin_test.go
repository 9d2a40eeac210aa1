// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package origin_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/internal/vectors"
	"ats.run/kms-enclave/kmslib/origin"
)

func readVectors(t testing.TB) map[string]vectors.Vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", "origin", "origins.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectors.Parse(string(data))
	if err != nil {
		t.Fatal(err)
	}
	byOrigin := make(map[string]vectors.Vector)
	for _, v := range all {
		text, err := v.Bytes("origin")
		if err != nil {
			t.Fatal(err)
		}
		byOrigin[string(text)] = v
	}
	return byOrigin
}

func TestVectorsAreReadAsTheyExpect(t *testing.T) {
	for text, v := range readVectors(t) {
		o, err := origin.Parse(text)
		if (err == nil) != (v.Expect == "accept") {
			t.Errorf("%s: error = %v, want to %s", v.Name, err, v.Expect)
		}
		if err == nil && o.String() != text {
			t.Errorf("%s: String = %q, want %q", v.Name, o, text)
		}
		if err != nil && o != (origin.Origin{}) {
			t.Errorf("%s: an origin beside the error", v.Name)
		}
	}
}

func TestOriginIsTakenApart(t *testing.T) {
	for text, want := range map[string]struct {
		host            string
		https, loopback bool
	}{
		"https://a.example":         {"a.example", true, false},
		"https://a.example:8443":    {"a.example", true, false},
		"http://localhost:8080":     {"localhost", false, true},
		"https://localhost":         {"localhost", true, true},
		"http://kms.localhost":      {"kms.localhost", false, true},
		"http://127.0.0.1:1":        {"127.0.0.1", false, true},
		"https://localhost.example": {"localhost.example", true, false},
	} {
		o, err := origin.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if o.Host() != want.host || o.IsHTTPS() != want.https || o.IsLoopback() != want.loopback {
			t.Errorf("%s: %q, %v, %v; want %v", text, o.Host(), o.IsHTTPS(), o.IsLoopback(), want)
		}
	}
}

func TestErrorRepeatsNothingOfTheInput(t *testing.T) {
	for _, text := range []string{"secret", "https://SECRET", "https://a:secret", "https://secret_", "http://secret"} {
		if _, err := origin.Parse(text); err == nil || strings.Contains(strings.ToLower(err.Error()), "secret") {
			t.Errorf("%s: error = %v", text, err)
		}
	}
}

func TestLongestOriginIsMaxLength(t *testing.T) {
	longest := 0
	for text, v := range readVectors(t) {
		if v.Expect == "accept" {
			longest = max(longest, len(text))
		}
	}
	if longest != origin.MaxLength {
		t.Errorf("longest accepted vector has %d bytes, MaxLength is %d", longest, origin.MaxLength)
	}
}

// What we accept, a URL parser takes for the same scheme and host, with
// nothing else in it.
func FuzzParse(f *testing.F) {
	for text := range readVectors(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := origin.Parse(text)
		if err != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if u.Scheme+"://"+u.Host != text || u.Hostname() != o.Host() || u.User != nil || u.Path != "" {
			t.Errorf("%q is %+v", text, u)
		}
		if u.Scheme == "http" && !o.IsLoopback() {
			t.Errorf("%q is neither https nor loopback", text)
		}
	})
}
