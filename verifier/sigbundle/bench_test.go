// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle_test

import (
	"testing"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/sigbundle"
)

// BenchmarkBundle compares this package with sigstore-go alone, which checks
// less, on the same bundle in a log of 1,000 entries: reading and verifying.
func BenchmarkBundle(b *testing.B) {
	stack := sigtest.New(b)
	for range 1000 {
		stack.Append([]byte("an entry"))
	}
	data := stack.SignStatement(publisher, statement)
	b.Run("here", func(b *testing.B) {
		verifier, err := demands(b, stack).Prepare()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			parsed, err := sigbundle.Parse(data)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := verifier.Verify(parsed, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("here, demands not prepared", func(b *testing.B) {
		d := demands(b, stack)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := check(d, data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sigstore-go", func(b *testing.B) {
		trusted, err := root.NewTrustedRootFromJSON(stack.TrustedRoot())
		if err != nil {
			b.Fatal(err)
		}
		verifier, err := verify.NewVerifier(trusted, verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1), verify.WithSignedCertificateTimestamps(1))
		if err != nil {
			b.Fatal(err)
		}
		identity, err := verify.NewShortCertificateIdentity(publisher.Issuer, "", publisher.Subject, "")
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			var parsed bundle.Bundle
			if err := parsed.UnmarshalJSON(data); err != nil {
				b.Fatal(err)
			}
			if _, err := verifier.Verify(&parsed, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithCertificateIdentity(identity))); err != nil {
				b.Fatal(err)
			}
		}
	})
}
