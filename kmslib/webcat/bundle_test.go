// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webcat_test

import (
	"bytes"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/webcat"
)

const (
	root      = `{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [{"baseUrl": "https://log.example"}]}`
	signature = `{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {"signature": "AAAA"}}`
)

func enrollment() webcat.Enrollment {
	return webcat.Enrollment{
		TrustedRoot: []byte(root), MaxAge: 86400,
		Claims: map[string]string{webcat.ClaimSubject: "^https://ci.example/kms-enclave/", webcat.ClaimIssuer: "https://issuer.example"},
	}
}

func deployed(t testing.TB) *webcat.Manifest {
	return of(t).Expand(release.Deployment{Embedders: []string{"https://app.example", "https://b.example"}}.Expand)
}

func bundle(t testing.TB) []byte {
	t.Helper()
	data, err := webcat.Bundle(marshal(t, enrollment()), marshal(t, deployed(t)), [][]byte{[]byte(signature)})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEnrollmentIsReadBack(t *testing.T) {
	data := marshal(t, enrollment())
	e, err := webcat.ParseEnrollment(data)
	if err != nil {
		t.Fatal(err)
	}
	if again := marshal(t, e); !bytes.Equal(again, data) || e.MaxAge != 86400 || len(e.Claims) != 2 {
		t.Errorf("read back as %+v", e)
	}
	if !bytes.Contains(data, []byte(`"trusted_root":{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{"baseUrl":`)) {
		t.Errorf("the trusted root is not an object in canonical JSON: %s", data)
	}
}

func TestEnrollmentThatIsRefused(t *testing.T) {
	for name, edit := range map[string]func(*webcat.Enrollment){
		"root no JSON":       func(e *webcat.Enrollment) { e.TrustedRoot = []byte("x") },
		"root another file":  func(e *webcat.Enrollment) { e.TrustedRoot = []byte(`{"mediaType":"text/plain"}`) },
		"root a list":        func(e *webcat.Enrollment) { e.TrustedRoot = []byte(`[]`) },
		"control character":  func(e *webcat.Enrollment) { e.TrustedRoot = []byte(strings.Replace(root, "log.", `log\n.`, 1)) },
		"control in a name":  func(e *webcat.Enrollment) { e.TrustedRoot = []byte(strings.Replace(root, "baseUrl", `base\tUrl`, 1)) },
		"no subject":         func(e *webcat.Enrollment) { delete(e.Claims, webcat.ClaimSubject) },
		"no issuer":          func(e *webcat.Enrollment) { delete(e.Claims, webcat.ClaimIssuer) },
		"anything":           func(e *webcat.Enrollment) { e.Claims[webcat.ClaimSubject] = "^" },
		"claim no OID":       func(e *webcat.Enrollment) { e.Claims["issuer"] = "a" },
		"claim empty":        func(e *webcat.Enrollment) { e.Claims["1.2.3"] = "" },
		"claim with newline": func(e *webcat.Enrollment) { e.Claims["1.2.3"] = "a\nb" },
		"no age":             func(e *webcat.Enrollment) { e.MaxAge = 0 },
		"too old":            func(e *webcat.Enrollment) { e.MaxAge = 31536001 },
	} {
		e := enrollment()
		edit(&e)
		data, err := e.Marshal()
		expectTyped(t, name, err)
		if data != nil {
			t.Errorf("%s: written all the same", name)
		}
	}
	good := string(marshal(t, enrollment()))
	for name, change := range map[string][2]string{
		"sigsum":         {`"type":"sigstore"`, `"type":"sigsum"`},
		"unknown member": {`"type":`, `"cas_url":"","type":`},
		"not canonical":  {`{"`, `{ "`},
		"claims missing": {`"claims"`, `"claim"`},
	} {
		_, err := webcat.ParseEnrollment([]byte(strings.Replace(good, change[0], change[1], 1)))
		expectTyped(t, name, err)
	}
}

func TestBundleIsReadBack(t *testing.T) {
	c, err := webcat.ParseBundle(bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Signed, marshal(t, deployed(t))) {
		t.Errorf("the signatures would be over %s", c.Signed)
	}
	if err := c.Manifest.CheckRelease(small()); err != nil {
		t.Error(err)
	}
	if !c.IsFor(marshal(t, enrollment())) || c.IsFor([]byte("{}")) || len(c.Signatures) != 1 {
		t.Error("another enrollment or other signatures")
	}
}

func TestBundleThatIsRefused(t *testing.T) {
	e, m, s := marshal(t, enrollment()), marshal(t, deployed(t)), []byte(signature)
	for name, parts := range map[string]struct {
		enrollment, manifest []byte
		signatures           [][]byte
	}{
		"template":            {e, marshal(t, of(t)), [][]byte{s}},
		"no signature":        {e, m, nil},
		"too many":            {e, m, slicesOf(s, 17)},
		"another bundle":      {e, m, [][]byte{[]byte(strings.Replace(signature, "v0.3", "v0.1", 1))}},
		"statement":           {e, m, [][]byte{[]byte(strings.Replace(signature, "messageSignature", "dsseEnvelope", 1))}},
		"signature no JSON":   {e, m, [][]byte{[]byte("x")}},
		"signature a list":    {e, m, [][]byte{[]byte("[]")}},
		"manifest altered":    {e, bytes.Replace(m, []byte("0.5.0"), []byte("main!"), 1), [][]byte{s}},
		"manifest with space": {e, append([]byte(" "), m...), [][]byte{s}},
		"enrollment altered":  {bytes.Replace(e, []byte("sigstore\""), []byte("sigsum\""), 1), m, [][]byte{s}},
		"enrollment missing":  {nil, m, [][]byte{s}},
	} {
		data, err := webcat.Bundle(parts.enrollment, parts.manifest, parts.signatures)
		expectTyped(t, name, err)
		if data != nil {
			t.Errorf("%s: written all the same", name)
		}
	}
	for name, text := range map[string]string{
		"list": "[]", "empty": "{}", "unknown member": strings.Replace(string(bundle(t)), `"signatures":`, `"more":1,"signatures":`, 1),
		"signatures an object": strings.Replace(strings.TrimSuffix(string(bundle(t)), "]}")+"}", `"signatures":[`, `"signatures":`, 1),
	} {
		_, err := webcat.ParseBundle([]byte(text))
		expectTyped(t, name, err)
	}
}

func slicesOf(s []byte, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = s
	}
	return list
}

func TestExpansionIsTheReleasesManifestAndNothingElse(t *testing.T) {
	for policy, want := range map[string]bool{
		strings.Replace(documentPolicy, "{embedders}", "https://app.example", 1): true,
		documentPolicy: true,
		strings.Replace(documentPolicy, "{embedders}", "https://app.example; script-src 'self'", 1):              false,
		strings.Replace(documentPolicy, "{embedders}", "", 1):                                                    false,
		strings.Replace(documentPolicy, "{embedders}", "*", 1):                                                   false,
		strings.Replace(documentPolicy, "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", 1):          false,
		strings.Replace(documentPolicy, "frame-ancestors {embedders}", "frame-ancestors https://a.example a", 1): true,
	} {
		m := of(t)
		m.DefaultCSP = policy
		if err := m.CheckRelease(small()); (err == nil) != want {
			t.Errorf("%q: %v", policy, err)
		}
	}
}

func FuzzParseEnrollment(f *testing.F) {
	f.Add(marshal(f, enrollment()))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := webcat.ParseEnrollment(data)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		if again := marshal(t, e); !bytes.Equal(again, data) {
			t.Errorf("%s is written as %s", data, again)
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	f.Add(bundle(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := webcat.ParseBundle(data)
		if err != nil {
			expectTyped(t, "fuzz", err)
			return
		}
		again, err := webcat.Bundle(marshal(t, c.Enrollment), c.Signed, c.Signatures)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%s is written as %s, %v", data, again, err)
		}
	})
}
