// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
)

// FuzzRead checks that no body in any coding yields more than its limit, and
// that a body is either hashed or blamed.
func FuzzRead(f *testing.F) {
	for _, coding := range append(codings, "dcb") {
		f.Add(coding, releasetest.Encode(coding, []byte("one")))
		f.Add(coding, releasetest.Encode(coding, make([]byte, 4096)))
		f.Add(coding, []byte("one"))
	}
	f.Fuzz(func(t *testing.T, coding string, body []byte) {
		const limit = 1000
		a := answer{request: request{asking: asking{way: way{coding: "identity"}}, limit: limit}, header: http.Header{"Content-Encoding": {coding}}}
		a.read(bytes.NewReader(body))
		if a.err != nil {
			t.Fatalf("blamed the network for bytes that are all there: %v", a.err)
		}
		if (a.fault == nil) != (a.sum != "") || len(a.body) > limit+1 || a.over != (len(a.body) > limit && a.fault == nil) {
			t.Fatalf("fault %v, sum %q, %d bytes, over %v", a.fault, a.sum, len(a.body), a.over)
		}
	})
}

// FuzzCompareHeaders checks that only exact values pass.
func FuzzCompareHeaders(f *testing.F) {
	f.Add("X-Content-Type-Options", "nosniff")
	f.Add("Set-Cookie", "a=b")
	f.Add("Vary", "accept-encoding, cookie")
	f.Add("Content-Security-Policy", "default-src *")
	promised := []release.Header{{Name: "x-content-type-options", Value: "nosniff"}}
	f.Fuzz(func(t *testing.T, name, value string) {
		header := make(http.Header)
		header.Add(name, value)
		right := http.CanonicalHeaderKey(name) == "X-Content-Type-Options" && value == "nosniff"
		if passed := len(compareHeaders(header, promised)) == 0; passed != right {
			t.Fatalf("%q: %q passed: %v", name, value, passed)
		}
	})
}

func TestBrokenConnectionIsNotBlamedOnTheCoding(t *testing.T) {
	broken := errors.New("reset")
	a := answer{request: request{asking: asking{way: way{coding: "gzip"}}, limit: 10}, header: http.Header{"Content-Encoding": {"gzip"}}}
	a.read(io.MultiReader(strings.NewReader("\x1f\x8b\x08"), readerFunc(func([]byte) (int, error) { return 0, broken })))
	if a.err != broken || a.fault != nil {
		t.Errorf("error %v, fault %v", a.err, a.fault)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestMediaTypeIsComparedAsBrowsersDo(t *testing.T) {
	for _, c := range []struct {
		got, want string
		right     bool
	}{
		{"text/html; charset=utf-8", "text/html; charset=utf-8", true},
		{"Text/HTML;charset=UTF-8", "text/html; charset=utf-8", true},
		{"text/html", "text/html; charset=utf-8", false},
		{"text/html; charset=utf-7", "text/html; charset=utf-8", false},
		{"text/plain; charset=utf-8", "text/html; charset=utf-8", false},
		{"application/wasm", "application/wasm", true},
		{"application/wasm; charset=utf-8", "application/wasm", false},
		{"", "application/wasm", false},
		{"text/html; charset=utf-8, text/plain", "text/html; charset=utf-8", false},
	} {
		if got := rightMediaType(c.got, c.want); got != c.right {
			t.Errorf("%q for %q: %v", c.got, c.want, got)
		}
	}
}
