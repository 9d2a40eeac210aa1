// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"strconv"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/transparency-dev/merkle/rfc6962"
	"google.golang.org/protobuf/encoding/protojson"
)

var hasher = rfc6962.DefaultHasher

// Signer is who signs.
type Signer struct {
	Issuer, Subject, Builder string
	Repository, Ref, Commit  string
	Key                      *ecdsa.PrivateKey // set: signs with it, without any certificate; P-384 signs statements only
	At                       time.Time         // zero: Epoch
}

func (s Signer) at() time.Time {
	if s.At.IsZero() {
		return Epoch
	}
	return s.At
}

func (s Signer) isP384() bool { return s.Key != nil && s.Key.Curve == elliptic.P384() }

// Faults says what goes wrong; the zero value is nothing.
type Faults struct {
	Cosigners      []int         // the witnesses that cosign, by number from 0; nil: all of them; empty: none
	CosignAfter    time.Duration // from signing to cosigning; 0 is 5 s
	Origin         string        // in checkpoints instead of the log's own, signed by the log under that name
	ForgedBody     bool          // canonicalizedBody has another digest than the entry in the log
	OtherSignature bool          // the entry is for another signature of the same key over the same
	OtherVerifier  bool          // the entry names another certificate (or key) with the same signature
	Unlogged       bool          // no entry at all
	NoSCT          bool          // the certificate has no SCT
	AlsoSubject    string        // a second subject of the certificate, a mail address
	StrangeCA      bool          // the certificate is by an authority that no trust root has
	StrangeCT      bool          // the SCT is by a log that no trust root has
	StrangeLog     bool          // checkpoints are signed by a key that no trust root has
	TimestampAfter time.Duration // from signing to the timestamp; 0 is 1 s
	OtherTimestamp bool          // the timestamp is for another signature
	Timestamps     int           // how many authorities stamp; 0 is all of them, -1 none
	PayloadType    string        // of statements, signed so
	Logs           int           // how many logs get the entry; 0 is all of them
}

func (s *Stack) cosigners() []witness {
	if s.faults.Cosigners == nil {
		return s.shared.witnesses
	}
	var chosen []witness
	for _, i := range s.faults.Cosigners {
		chosen = append(chosen, s.shared.witnesses[i])
	}
	return chosen
}

func (s *Stack) cosignDelay() time.Duration {
	if s.faults.CosignAfter == 0 {
		return 5 * time.Second
	}
	return s.faults.CosignAfter
}

// SignMessage returns the bundle of a signature over an artifact.
func (s *Stack) SignMessage(signer Signer, artifact []byte) []byte {
	s.t.Helper()
	b := &protobundle.Bundle{}
	digest := sha256.Sum256(artifact)
	signature := s.sign(signer, digest[:], b)
	b.Content = &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: digest[:]},
		Signature:     signature,
	}}
	return marshal(s, b)
}

// PayloadType is the type of statements in DSSE envelopes.
const PayloadType = "application/vnd.in-toto+json"

// SignStatement returns the bundle of a DSSE envelope around an in-toto
// statement.
func (s *Stack) SignStatement(signer Signer, statement []byte) []byte {
	s.t.Helper()
	payloadType := PayloadType
	if s.faults.PayloadType != "" {
		payloadType = s.faults.PayloadType
	}
	signed := PAE(payloadType, statement)
	hash := crypto.SHA256
	if signer.isP384() {
		hash = crypto.SHA384
	}
	h := hash.New()
	h.Write(signed)
	b := &protobundle.Bundle{}
	signature := s.sign(signer, h.Sum(nil), b)
	b.Content = &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
		Payload: statement, PayloadType: payloadType,
		Signatures: []*protodsse.Signature{{Sig: signature}},
	}}
	return marshal(s, b)
}

// PAE returns DSSE's pre-authentication encoding, which is what is signed.
func PAE(payloadType string, payload []byte) []byte {
	return append([]byte("DSSEv1 "+strconv.Itoa(len(payloadType))+" "+payloadType+" "+
		strconv.Itoa(len(payload))+" "), payload...)
}

// sign signs a digest, has that certified, logged and stamped, and puts into b
// all but the signature, which it returns.
func (s *Stack) sign(signer Signer, digest []byte, b *protobundle.Bundle) []byte {
	s.t.Helper()
	f, a := s.faults, s.shared
	key, material, verifier := s.verificationMaterial(signer)
	hash := crypto.SHA256
	if len(digest) == sha512.Size384 {
		hash = crypto.SHA384
	}
	signature, err := steady{key}.Sign(nil, digest, hash)
	if err != nil {
		s.t.Fatal(err)
	}
	logged := signature
	if f.OtherSignature {
		if logged, err = ecdsa.SignASN1(rand.Reader, key, digest); err != nil {
			s.t.Fatal(err)
		}
	}
	if !f.Unlogged {
		body := entryBody(digest, logged, verifier)
		forged := body
		if f.ForgedBody {
			forged = entryBody(make([]byte, len(digest)), logged, verifier)
		}
		logs := s.logs
		if f.Logs > 0 {
			logs = logs[:f.Logs]
		}
		for _, l := range logs {
			material.TlogEntries = append(material.TlogEntries, s.log(l, body, forged, signer.at()))
		}
	}
	stamped := signature
	if f.OtherTimestamp {
		stamped = []byte("another signature")
	}
	after := f.TimestampAfter
	if after == 0 {
		after = time.Second
	}
	count := f.Timestamps
	if count == 0 {
		count = len(a.tsas)
	}
	for i := range max(count, 0) {
		if material.TimestampVerificationData == nil {
			material.TimestampVerificationData = &protobundle.TimestampVerificationData{}
		}
		stamps := material.TimestampVerificationData
		stamps.Rfc3161Timestamps = append(stamps.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{
			SignedTimestamp: a.tsas[i%len(a.tsas)].stamp(s.t, stamped, signer.at().Add(after))})
	}
	b.MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	b.VerificationMaterial = material
	return signature
}

// verificationMaterial returns the key to sign with, the material that names
// it, and the member of an entry that names it.
func (s *Stack) verificationMaterial(signer Signer) (*ecdsa.PrivateKey, *protobundle.VerificationMaterial, string) {
	s.t.Helper()
	if signer.Key != nil {
		der := publicDER(s.t, signer.Key.Public())
		hint := sha256.Sum256(der)
		material := &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{
			PublicKey: &protocommon.PublicKeyIdentifier{Hint: base64.StdEncoding.EncodeToString(hint[:])}}}
		if s.faults.OtherVerifier {
			der = publicDER(s.t, s.Key("another").Public())
		}
		return signer.Key, material, `"publicKey":{"rawBytes":"` + base64.StdEncoding.EncodeToString(der) + `"}`
	}
	serial := s.shared.nextSerial()
	key := deriveECDSA(s.shared.seed, "leaf "+strconv.FormatInt(serial, 10))
	certificate := s.certify(signer, serial, key)
	material := &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_Certificate{
		Certificate: &protocommon.X509Certificate{RawBytes: certificate.Raw}}}
	if s.faults.OtherVerifier {
		certificate = s.certify(signer, s.shared.nextSerial(), key)
	}
	return key, material, `"x509Certificate":{"rawBytes":"` + base64.StdEncoding.EncodeToString(certificate.Raw) + `"}`
}

func (s *Stack) certify(signer Signer, serial int64, key *ecdsa.PrivateKey) *x509.Certificate {
	s.t.Helper()
	ca, ctKey := s.shared.ca, s.shared.ctKey
	if s.faults.StrangeCA {
		ca = s.shared.strange
	}
	if s.faults.StrangeCT {
		ctKey = deriveECDSA(s.shared.seed, "strange ct")
	}
	return ca.leaf(s.t, leafRequest{signer, s.faults.AlsoSubject, serial, key.Public()}, ctKey, s.faults.NoSCT)
}

// entryBody returns the canonical JSON of a hashedrekord 0.0.2.
func entryBody(digest, signature []byte, verifier string) []byte {
	hash, key := "SHA2_256", "PKIX_ECDSA_P256_SHA_256"
	if len(digest) == sha512.Size384 {
		hash, key = "SHA2_384", "PKIX_ECDSA_P384_SHA_384"
	}
	text := base64.StdEncoding.EncodeToString
	return []byte(`{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"` + hash +
		`","digest":"` + text(digest) + `"},"signature":{"content":"` + text(signature) +
		`","verifier":{"keyDetails":"` + key + `",` + verifier + `}}}}}`)
}

// log adds an entry to a log and returns what a bundle says about it, with
// the body shown instead.
func (s *Stack) log(l *treeLog, body, shown []byte, at time.Time) *protorekor.TransparencyLogEntry {
	s.t.Helper()
	in := l.add(s.t, body, at)
	origin, signing := l.origin, l
	if s.faults.Origin != "" {
		origin = s.faults.Origin
	}
	if s.faults.StrangeLog {
		signing = newTreeLog(origin, deriveEd25519(s.shared.seed, "strange log"))
	}
	return &protorekor.TransparencyLogEntry{
		LogIndex:          in.index,
		LogId:             &protocommon.LogId{KeyId: l.keyID()},
		KindVersion:       &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		CanonicalizedBody: shown,
		InclusionProof: &protorekor.InclusionProof{
			LogIndex: in.index, RootHash: in.root, TreeSize: in.size, Hashes: in.hashes,
			Checkpoint: &protorekor.Checkpoint{
				Envelope: signing.checkpoint(origin, in.size, in.root, s.cosigners(), at.Add(s.cosignDelay()))},
		},
	}
}

func marshal(s *Stack, b *protobundle.Bundle) []byte {
	s.t.Helper()
	data, err := protojson.Marshal(b)
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}

// Edit returns a bundle after a change.
func (s *Stack) Edit(bundle []byte, change func(*protobundle.Bundle)) []byte {
	s.t.Helper()
	b := &protobundle.Bundle{}
	if err := protojson.Unmarshal(bundle, b); err != nil {
		s.t.Fatal(err)
	}
	change(b)
	return marshal(s, b)
}

// read returns the signature and the first entry of a message bundle.
func (s *Stack) read(bundle []byte) ([]byte, *protorekor.TransparencyLogEntry) {
	s.t.Helper()
	b := &protobundle.Bundle{}
	if err := protojson.Unmarshal(bundle, b); err != nil {
		s.t.Fatal(err)
	}
	return b.GetMessageSignature().GetSignature(), b.GetVerificationMaterial().GetTlogEntries()[0]
}
