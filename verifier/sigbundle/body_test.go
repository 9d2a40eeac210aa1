// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"github.com/sigstore/rekor-tiles/v2/pkg/types/hashedrekord"
	"github.com/transparency-dev/merkle/rfc6962"

	"ats.run/kms-enclave/kmslib/updateproof"
)

// rekorLeaf returns the hash that Rekor v2 itself makes of an entry.
func rekorLeaf(t *testing.T, details protocommon.PublicKeyDetails, digest, signature, key, certificate []byte) []byte {
	t.Helper()
	verifier := &protorekor.Verifier{KeyDetails: details}
	if certificate != nil {
		verifier.Verifier = &protorekor.Verifier_X509Certificate{X509Certificate: &protocommon.X509Certificate{RawBytes: certificate}}
	} else {
		verifier.Verifier = &protorekor.Verifier_PublicKey{PublicKey: &protorekor.PublicKey{RawBytes: key}}
	}
	leaf, err := hashedrekord.ToEntryHash(digest, &protorekor.Signature{Content: signature, Verifier: verifier})
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// TestEntriesAreThoseOfRekor holds the entries that are made here, and by apps,
// against Rekor's own code. Base64 with "+", "/" and "=" comes up by chance.
func TestEntriesAreThoseOfRekor(t *testing.T) {
	for i := range 300 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		signature, spki := signed(t, key, digest[:])
		want := rekorLeaf(t, protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, digest[:], signature, spki, nil)
		ours := entryBody(algorithmOf(key.Public()), digest[:], signature, nil, spki)
		apps := updateproof.EntryBody(digest, signature, spki)
		if !bytes.Equal(rfc6962.DefaultHasher.HashLeaf(ours), want) {
			t.Fatalf("Rekor makes another entry than\n%s", ours)
		}
		if !bytes.Equal(rfc6962.DefaultHasher.HashLeaf(apps), want) {
			t.Fatalf("Rekor makes another entry than apps\n%s", apps)
		}
		if !bytes.Equal(ours, apps) {
			t.Fatalf("apps make the entry\n%s\nand bundles\n%s", apps, ours)
		}
	}
}

func TestEntriesWithCertificatesAreThoseOfRekor(t *testing.T) {
	for _, c := range []struct {
		curve   elliptic.Curve
		details protocommon.PublicKeyDetails
		digest  []byte
	}{
		{elliptic.P256(), protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, make([]byte, sha256.Size)},
		{elliptic.P384(), protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, make([]byte, sha512.Size384)},
	} {
		key, err := ecdsa.GenerateKey(c.curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Unix(1, 0)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		signature, spki := signed(t, key, c.digest)
		for _, with := range []*x509.Certificate{nil, certificate} {
			var raw []byte
			if with != nil {
				raw = with.Raw
			}
			body := entryBody(algorithmOf(key.Public()), c.digest, signature, with, spki)
			if !bytes.Equal(rfc6962.DefaultHasher.HashLeaf(body), rekorLeaf(t, c.details, c.digest, signature, spki, raw)) {
				t.Errorf("Rekor makes another entry than\n%s", body)
			}
		}
	}
}

func signed(t *testing.T, key *ecdsa.PrivateKey, digest []byte) (signature, spki []byte) {
	t.Helper()
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest)
	if err != nil {
		t.Fatal(err)
	}
	spki, err = x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return signature, spki
}
