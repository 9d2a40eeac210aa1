// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package pqxdh_test

import (
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
)

func FuzzRespond(f *testing.F) {
	r, b := responder(f, shape{true, true})
	alice := generate(f)
	i := initiate(f, alice, b)
	f.Add(alice.Public.Bytes(), i.BaseKey.Bytes(), i.KyberCiphertext)
	f.Add(make([]byte, 33), make([]byte, 33), []byte{})
	f.Fuzz(func(t *testing.T, identity, base, ciphertext []byte) {
		if len(identity) != 33 || len(base) != 33 {
			return
		}
		secrets, err := r.Respond(curve.PublicKey(identity), curve.PublicKey(base), ciphertext)
		if (err == nil) != (secrets.Root() != nil) {
			t.Errorf("secrets with error %v", err)
		}
		if err == nil && !curve.PublicKey(base).IsCanonical() {
			t.Errorf("accepted the base key %x", base)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	_, bundle := responder(b, shape{true, true})
	for b.Loop() {
		if err := bundle.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInitiate(b *testing.B) {
	_, bundle := responder(b, shape{true, true})
	alice := generate(b)
	for b.Loop() {
		initiate(b, alice, bundle)
	}
}

func BenchmarkRespond(b *testing.B) {
	r, bundle := responder(b, shape{true, true})
	alice := generate(b)
	i := initiate(b, alice, bundle)
	for b.Loop() {
		if _, err := r.Respond(alice.Public, i.BaseKey, i.KyberCiphertext); err != nil {
			b.Fatal(err)
		}
	}
}
