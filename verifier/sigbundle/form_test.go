// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/proto"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/verdict"
)

func entry(b *protobundle.Bundle) *protorekor.TransparencyLogEntry {
	return b.VerificationMaterial.TlogEntries[0]
}

// Every member of a bundle, signed or not, means one thing.
func TestFormOfBundles(t *testing.T) {
	stack := sigtest.New(t)
	d := demands(t, stack)
	message, signed := stack.SignMessage(publisher, artifact), stack.SignStatement(publisher, statement)
	other := stack.SignMessage(publisher, artifact)
	var others *protobundle.Bundle
	stack.Edit(other, func(b *protobundle.Bundle) { others = b })
	for _, tt := range []struct {
		name   string
		data   []byte
		change func(*protobundle.Bundle)
		step   verdict.Step
	}{
		{"version 0.2", message, func(b *protobundle.Bundle) { b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2" }, verdict.Bundle},
		{"version 0.4", message, func(b *protobundle.Bundle) { b.MediaType = "application/vnd.dev.sigstore.bundle.v0.4+json" }, verdict.Bundle},
		{"no content", message, func(b *protobundle.Bundle) { b.Content = nil }, verdict.Bundle},
		{"no material", message, func(b *protobundle.Bundle) { b.VerificationMaterial = nil }, verdict.Bundle},
		{"no certificate", message, func(b *protobundle.Bundle) { b.VerificationMaterial.Content = nil }, verdict.Bundle},
		{"certificate that is none", message, func(b *protobundle.Bundle) {
			b.VerificationMaterial.GetCertificate().RawBytes = []byte{0x30, 0}
		}, verdict.Bundle},
		{"certificate chain", message, func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: &protocommon.X509CertificateChain{
				Certificates: []*protocommon.X509Certificate{b.VerificationMaterial.GetCertificate()}}}
		}, verdict.Bundle},
		{"no signature", message, func(b *protobundle.Bundle) { b.GetMessageSignature().Signature = nil }, verdict.Bundle},
		{"no digest", message, func(b *protobundle.Bundle) { b.GetMessageSignature().MessageDigest = nil }, verdict.Bundle},
		{"digest of another kind", message, func(b *protobundle.Bundle) {
			b.GetMessageSignature().MessageDigest.Algorithm = protocommon.HashAlgorithm_SHA2_512
		}, verdict.Bundle},
		{"two signatures", signed, func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Signatures = append(b.GetDsseEnvelope().Signatures, &protodsse.Signature{Sig: []byte("x")})
		}, verdict.Bundle},
		{"no signature of the statement", signed, func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures = nil }, verdict.Bundle},
		{"empty signature of the statement", signed, func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures[0].Sig = nil }, verdict.Bundle},
		{"no payload", signed, func(b *protobundle.Bundle) { b.GetDsseEnvelope().Payload = nil }, verdict.Bundle},
		{"payload of another type", signed, func(b *protobundle.Bundle) { b.GetDsseEnvelope().PayloadType = "text/plain" }, verdict.Bundle},
		{"another payload", signed, func(b *protobundle.Bundle) { b.GetDsseEnvelope().Payload = []byte("{}") }, verdict.Signature},
		{"another signature", message, func(b *protobundle.Bundle) {
			b.GetMessageSignature().Signature = others.GetMessageSignature().Signature
			b.VerificationMaterial.TimestampVerificationData = others.VerificationMaterial.TimestampVerificationData
		}, verdict.Signature},
		{"another certificate", message, func(b *protobundle.Bundle) { b.VerificationMaterial.Content = others.VerificationMaterial.Content }, verdict.Signature},
		{"entry of another signature", message, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = others.VerificationMaterial.TlogEntries
		}, verdict.Logged},
		{"one log twice", message, func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, others.VerificationMaterial.TlogEntries...)
		}, verdict.Bundle},
		{"entry of Rekor v1", message, func(b *protobundle.Bundle) { entry(b).KindVersion.Version = "0.0.1" }, verdict.Bundle},
		{"entry of another kind", message, func(b *protobundle.Bundle) { entry(b).KindVersion.Kind = "dsse" }, verdict.Bundle},
		{"no body", message, func(b *protobundle.Bundle) { entry(b).CanonicalizedBody = nil }, verdict.Bundle},
		{"body with a space", message, func(b *protobundle.Bundle) {
			entry(b).CanonicalizedBody = append(entry(b).CanonicalizedBody, ' ')
		}, verdict.Logged},
		{"no log ID", message, func(b *protobundle.Bundle) { entry(b).LogId = nil }, verdict.Bundle},
		{"no inclusion proof", message, func(b *protobundle.Bundle) { entry(b).InclusionProof = nil }, verdict.Bundle},
		{"no checkpoint", message, func(b *protobundle.Bundle) { entry(b).InclusionProof.Checkpoint = nil }, verdict.Bundle},
		{"another index beside the proof", message, func(b *protobundle.Bundle) { entry(b).LogIndex++ }, verdict.Bundle},
		{"another index", message, func(b *protobundle.Bundle) { entry(b).LogIndex++; entry(b).InclusionProof.LogIndex++ }, verdict.Logged},
		{"negative index", message, func(b *protobundle.Bundle) { entry(b).LogIndex = -1; entry(b).InclusionProof.LogIndex = -1 }, verdict.Bundle},
		{"another tree size", message, func(b *protobundle.Bundle) { entry(b).InclusionProof.TreeSize++ }, verdict.Logged},
		{"negative tree size", message, func(b *protobundle.Bundle) { entry(b).InclusionProof.TreeSize = -1 }, verdict.Logged},
		{"another root hash", message, func(b *protobundle.Bundle) { entry(b).InclusionProof.RootHash[0] ^= 1 }, verdict.Logged},
		{"another proof", message, func(b *protobundle.Bundle) {
			entry(b).InclusionProof.Hashes = append(entry(b).InclusionProof.Hashes, make([]byte, 32))
		}, verdict.Logged},
		{"a proof that is too long", message, func(b *protobundle.Bundle) { entry(b).InclusionProof.Hashes = make([][]byte, 64) }, verdict.Bundle},
		{"integrated time", message, func(b *protobundle.Bundle) { entry(b).IntegratedTime = sigtest.Epoch.Unix() }, verdict.Bundle},
		{"promise", message, func(b *protobundle.Bundle) { entry(b).InclusionPromise = &protorekor.InclusionPromise{} }, verdict.Bundle},
		{"checkpoint cut", message, func(b *protobundle.Bundle) {
			c := entry(b).InclusionProof.Checkpoint
			c.Envelope = c.Envelope[:strings.Index(c.Envelope, "\n\n")+2]
		}, verdict.Logged},
		{"too many timestamps", message, func(b *protobundle.Bundle) {
			for range 8 {
				b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps = append(b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps,
					&protocommon.RFC3161SignedTimestamp{SignedTimestamp: []byte{1}})
			}
		}, verdict.Bundle},
		{"too many entries", message, func(b *protobundle.Bundle) {
			for i := range 8 {
				more := proto.Clone(entry(b)).(*protorekor.TransparencyLogEntry)
				more.LogId.KeyId[0] ^= byte(i + 1)
				b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, more)
			}
		}, verdict.Bundle},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := check(d, stack.Edit(tt.data, tt.change))
			refused(t, err, tt.step)
		})
	}
}

func TestCheckpointWithALineThatIsBrokenKeepsTheOthers(t *testing.T) {
	stack := sigtest.New(t)
	data := stack.Edit(stack.SignMessage(publisher, artifact), func(b *protobundle.Bundle) {
		c := entry(b).InclusionProof.Checkpoint
		lines := strings.SplitAfter(c.Envelope, "\n")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(lines[5][strings.LastIndex(lines[5], " ")+1:]))
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)-1] ^= 1
		lines[5] = lines[5][:strings.LastIndex(lines[5], " ")+1] + base64.StdEncoding.EncodeToString(raw) + "\n"
		c.Envelope = strings.Join(lines, "")
	})
	proof, err := check(demands(t, stack), data)
	if err != nil || len(proof.Witnesses) != 2 {
		t.Error(proof, err)
	}
}

func TestParseRefusesWhatIsNoBundle(t *testing.T) {
	stack := sigtest.New(t)
	good := string(stack.SignMessage(publisher, artifact))
	for name, data := range map[string]string{
		"nothing":          "",
		"null":             "null",
		"another document": "[]",
		"unknown member":   strings.Replace(good, "{", `{"more":1,`, 1),
		"member twice":     strings.Replace(good, "{", `{"mediaType":"x",`, 1),
		"more after it":    good + "{}",
		"large":            good + strings.Repeat(" ", sigbundle.MaxSize),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sigbundle.Parse([]byte(data))
			refused(t, err, verdict.Bundle)
		})
	}
}

func TestKindsOfKeys(t *testing.T) {
	stack := sigtest.New(t)
	d := demands(t, stack)
	large, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d.Identities = []policy.Identity{{Key: publicKey(t, large)}}
	if _, err := check(d, stack.SignStatement(sigtest.Signer{Key: large}, statement)); err != nil {
		t.Error("P-384 for a statement:", err)
	}
	_, err = check(d, stack.SignMessage(sigtest.Signer{Key: large}, artifact))
	refused(t, err, verdict.Signature)

	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(other.Public())
	if err != nil {
		t.Fatal(err)
	}
	d.Identities = []policy.Identity{{Key: base64.StdEncoding.EncodeToString(der)}}
	_, err = d.Prepare()
	refused(t, err, verdict.Rules)
}
