// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle_test

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/sigbundle"
)

func TestConformanceProtocol(t *testing.T) {
	stack := sigtest.New(t)
	path := filepath.Join(t.TempDir(), "artifact")
	if err := os.WriteFile(path, artifact, 0o600); err != nil {
		t.Fatal(err)
	}
	byDigest := "sha256:" + hex.EncodeToString(digest(artifact))
	signer := sigtest.Signer{Key: stack.Key("signer")}
	der, err := x509.MarshalPKIXPublicKey(signer.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	signed := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact","digest":{"sha256":"` +
		hex.EncodeToString(digest(artifact)) + `"}}],"predicateType":"https://example.test/p","predicate":{}}`)
	keyless := sigbundle.Conformance{Bundle: stack.SignMessage(publisher, artifact), Identity: publisher.Subject,
		Issuer: publisher.Issuer, TrustedRoot: stack.TrustedRoot(), Target: path}
	keyed := sigbundle.Conformance{Bundle: stack.SignMessage(signer, artifact), Key: key, TrustedRoot: stack.TrustedRoot(), Target: path}
	with := func(c sigbundle.Conformance, change func(*sigbundle.Conformance)) sigbundle.Conformance {
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name string
		call sigbundle.Conformance
		ok   bool
	}{
		{"certificate", keyless, true},
		{"certificate, by digest", with(keyless, func(c *sigbundle.Conformance) { c.Target = byDigest }), true},
		{"key", keyed, true},
		{"key, by digest", with(keyed, func(c *sigbundle.Conformance) { c.Target = byDigest }), true},
		{"statement", with(keyless, func(c *sigbundle.Conformance) { c.Bundle = stack.SignStatement(publisher, signed) }), true},
		{"statement by a key", with(keyed, func(c *sigbundle.Conformance) { c.Bundle = stack.SignStatement(signer, signed) }), true},
		{"key without timestamp", with(keyed, func(c *sigbundle.Conformance) {
			c.Bundle = stack.With(sigtest.Faults{Timestamps: -1}).SignMessage(signer, artifact)
		}), true},
		{"key and a trust root without logs", with(keyed, func(c *sigbundle.Conformance) {
			c.Bundle = stack.With(sigtest.Faults{Timestamps: -1, Unlogged: true}).SignMessage(signer, artifact)
			c.TrustedRoot = []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`)
		}), true},
		{"certificate without timestamp", with(keyless, func(c *sigbundle.Conformance) {
			c.Bundle = stack.With(sigtest.Faults{Timestamps: -1}).SignMessage(publisher, artifact)
		}), false},
		{"certificate without SCT", with(keyless, func(c *sigbundle.Conformance) {
			c.Bundle = stack.With(sigtest.Faults{NoSCT: true}).SignMessage(publisher, artifact)
		}), false},
		{"expired certificate", with(keyless, func(c *sigbundle.Conformance) {
			c.Bundle = stack.With(sigtest.Faults{TimestampAfter: time.Hour}).SignMessage(publisher, artifact)
		}), false},
		{"not logged", with(keyed, func(c *sigbundle.Conformance) {
			c.Bundle = stack.With(sigtest.Faults{Unlogged: true}).SignMessage(signer, artifact)
		}), false},
		{"statement of another type", with(keyless, func(c *sigbundle.Conformance) {
			c.Bundle = stack.SignStatement(publisher, []byte(strings.Replace(string(signed), "Statement/v1", "Statement/v2", 1)))
		}), false},
		{"another identity", with(keyless, func(c *sigbundle.Conformance) { c.Identity += "x" }), false},
		{"another issuer", with(keyless, func(c *sigbundle.Conformance) { c.Issuer += "x" }), false},
		{"identity without issuer", with(keyless, func(c *sigbundle.Conformance) { c.Issuer = "" }), false},
		{"key and identity", with(keyed, func(c *sigbundle.Conformance) { c.Identity, c.Issuer = publisher.Subject, publisher.Issuer }), false},
		{"neither", with(keyed, func(c *sigbundle.Conformance) { c.Key = nil }), false},
		{"certificate, but a key is meant", with(keyed, func(c *sigbundle.Conformance) { c.Bundle = keyless.Bundle }), false},
		{"key, but a certificate is meant", with(keyless, func(c *sigbundle.Conformance) { c.Bundle = keyed.Bundle }), false},
		{"a key that is none", with(keyed, func(c *sigbundle.Conformance) { c.Key = []byte("x") }), false},
		{"another digest", with(keyed, func(c *sigbundle.Conformance) { c.Target = "sha256:" + strings.Repeat("0", 64) }), false},
		{"no digest", with(keyed, func(c *sigbundle.Conformance) { c.Target = "sha256:00" }), false},
		{"no file", with(keyed, func(c *sigbundle.Conformance) { c.Target = path + "x" }), false},
		{"another trust root", with(keyless, func(c *sigbundle.Conformance) {
			c.TrustedRoot = sigtest.New(t, sigtest.Options{Seed: "another"}).TrustedRoot()
		}), false},
		{"no trust root", with(keyless, func(c *sigbundle.Conformance) { c.TrustedRoot = nil }), false},
		{"no bundle", with(keyless, func(c *sigbundle.Conformance) { c.Bundle = []byte("{}") }), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sigbundle.VerifyConformance(tt.call)
			if (err == nil) != tt.ok {
				t.Error(err)
			}
			if err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")) {
				t.Errorf("not plain: %q", err)
			}
		})
	}
}

// TestConformanceSuite runs the cases of sigstore-conformance, which are not
// part of this repository: SIGSTORE_CONFORMANCE is its folder
// test/assets/bundle-verify, SIGSTORE_ROOT the public trusted_root.json.
func TestConformanceSuite(t *testing.T) {
	folder := os.Getenv("SIGSTORE_CONFORMANCE")
	if folder == "" {
		t.Skip("SIGSTORE_CONFORMANCE is not set")
	}
	cases, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	read := func(parts ...string) []byte {
		data, err := os.ReadFile(filepath.Join(parts...))
		if err != nil {
			return nil
		}
		return data
	}
	text := func(otherwise string, parts ...string) string {
		if data := read(parts...); data != nil {
			return strings.TrimSpace(string(data))
		}
		return otherwise
	}
	for _, c := range cases {
		here := filepath.Join(folder, c.Name())
		call := sigbundle.Conformance{Bundle: read(here, "bundle.sigstore.json"), Key: read(here, "key.pub"), TrustedRoot: read(here, "trusted_root.json")}
		if call.Bundle == nil {
			continue
		}
		if call.Key == nil {
			call.Identity = text("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main", here, "identity")
			call.Issuer = text("https://token.actions.githubusercontent.com", here, "issuer")
		}
		if call.TrustedRoot == nil {
			call.TrustedRoot = read(os.Getenv("SIGSTORE_ROOT"))
		}
		target := filepath.Join(here, "artifact")
		if read(target) == nil {
			target = filepath.Join(folder, "a.txt")
		}
		for _, target := range []string{target, text("sha256:"+hex.EncodeToString(digest(read(target))), here, "digest")} {
			t.Run(c.Name()+" "+target[:6], func(t *testing.T) {
				call.Target = target
				err := sigbundle.VerifyConformance(call)
				if (err != nil) != strings.HasSuffix(c.Name(), "_fail") {
					t.Error(err)
				}
				t.Log(err, errors.Unwrap(err))
			})
		}
	}
}
