// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/transparency-dev/merkle/rfc6962"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/sigbundle"
)

// oldLog is a log of one entry, of Rekor v1, under a checkpoint without tree ID.
type oldLog struct {
	stack *sigtest.Stack
	key   *ecdsa.PrivateKey
}

func derOf(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func pemOf(t *testing.T, key *ecdsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: derOf(t, key)})
}

func (l oldLog) trustedRoot(t *testing.T) []byte {
	der := derOf(t, l.key)
	id := sha256.Sum256(der)
	text := base64.StdEncoding.EncodeToString
	return []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{"baseUrl":"https://old.example",` +
		`"hashAlgorithm":"SHA2_256","publicKey":{"rawBytes":"` + text(der) + `","keyDetails":"PKIX_ECDSA_P256_SHA_256",` +
		`"validFor":{"start":"2020-01-01T00:00:00Z"}},"logId":{"keyId":"` + text(id[:]) + `"}}]}`)
}

// checkpoint returns a signed checkpoint of a tree with one leaf.
func (l oldLog) checkpoint(t *testing.T, root []byte) string {
	t.Helper()
	id := sha256.Sum256(derOf(t, l.key))
	text := "old.example\n1\n" + base64.StdEncoding.EncodeToString(root) + "\n"
	sum := sha256.Sum256([]byte(text))
	signature, err := ecdsa.SignASN1(rand.Reader, l.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "\n\u2014 old.example " + base64.StdEncoding.EncodeToString(append(id[:4:4], signature...)) + "\n"
}

// sign returns a bundle of the statement; body may be altered before it is logged.
func (l oldLog) sign(t *testing.T, signer *ecdsa.PrivateKey, payload []byte, alter func(string) string) []byte {
	t.Helper()
	data := l.stack.SignStatement(sigtest.Signer{Key: signer}, payload)
	return l.stack.Edit(data, func(b *protobundle.Bundle) {
		text := base64.StdEncoding.EncodeToString
		sum := sha256.Sum256(payload)
		signature := text(b.GetDsseEnvelope().GetSignatures()[0].GetSig())
		body := alter(`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"payloadType":"application/vnd.in-toto+json",` +
			`"signatures":[{"publicKey":"` + text(pemOf(t, signer)) + `","sig":"` + text([]byte(signature)) + `"}]},` +
			`"hash":{"algorithm":"sha256","value":"` + strings.Repeat("0", 64) + `"},"payloadHash":{"algorithm":"sha256","value":"` + hex.EncodeToString(sum[:]) + `"}}}}`)
		root := rfc6962.DefaultHasher.HashLeaf([]byte(body))
		id := sha256.Sum256(derOf(t, l.key))
		e := entry(b)
		e.LogIndex, e.LogId.KeyId, e.CanonicalizedBody = 0, id[:], []byte(body)
		e.KindVersion = &protorekor.KindVersion{Kind: "intoto", Version: "0.0.2"}
		e.InclusionProof = &protorekor.InclusionProof{RootHash: root, TreeSize: 1, Checkpoint: &protorekor.Checkpoint{Envelope: l.checkpoint(t, root)}}
		b.VerificationMaterial.TimestampVerificationData = nil
	})
}

func TestEntryOfRekorV1UnderACheckpointWithoutTreeID(t *testing.T) {
	stack := sigtest.New(t)
	l := oldLog{stack, stack.Key("old log")}
	signer, other := stack.Key("signer"), stack.Key("other")
	payload := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact","digest":{"sha256":"` +
		hex.EncodeToString(digest(artifact)) + `"}}],"predicateType":"https://example.test/p","predicate":{}}`)
	same := func(s string) string { return s }
	good := l.sign(t, signer, payload, same)
	edited := func(change func(*protobundle.Bundle)) []byte { return stack.Edit(good, change) }
	for _, tt := range []struct {
		name string
		data []byte
		key  *ecdsa.PrivateKey
		ok   bool
	}{
		{"good", good, signer, true},
		{"another key", good, other, false},
		{"entry for another key", l.sign(t, signer, payload, func(s string) string {
			text := base64.StdEncoding.EncodeToString
			return strings.Replace(s, text(pemOf(t, signer)), text(pemOf(t, other)), 1)
		}), signer, false},
		{"entry for another payload", l.sign(t, signer, payload, func(s string) string {
			sum := sha256.Sum256(payload)
			return strings.Replace(s, hex.EncodeToString(sum[:]), strings.Repeat("1", 64), 1)
		}), signer, false},
		{"entry for another signature", l.sign(t, signer, payload, func(s string) string {
			i := strings.Index(s, `"sig":"`) + len(`"sig":"`)
			return s[:i] + base64.StdEncoding.EncodeToString([]byte("AAAA")) + s[strings.Index(s[i:], `"`)+i:]
		}), signer, false},
		{"another body", edited(func(b *protobundle.Bundle) {
			entry(b).CanonicalizedBody = append(entry(b).CanonicalizedBody, ' ')
		}), signer, false},
		{"another root", edited(func(b *protobundle.Bundle) { entry(b).InclusionProof.RootHash[0] ^= 1 }), signer, false},
		{"another index", edited(func(b *protobundle.Bundle) { entry(b).LogIndex++ }), signer, false},
		{"checkpoint by another key", edited(func(b *protobundle.Bundle) {
			entry(b).InclusionProof.Checkpoint.Envelope = oldLog{stack, other}.checkpoint(t, entry(b).InclusionProof.RootHash)
		}), signer, false},
		{"another log", edited(func(b *protobundle.Bundle) { entry(b).LogId.KeyId[0] ^= 1 }), signer, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sigbundle.VerifyConformance(sigbundle.Conformance{Bundle: tt.data, Key: pemOf(t, tt.key), TrustedRoot: l.trustedRoot(t),
				Target: "sha256:" + hex.EncodeToString(digest(artifact))})
			if (err == nil) != tt.ok {
				t.Error(err)
			}
		})
	}
}
