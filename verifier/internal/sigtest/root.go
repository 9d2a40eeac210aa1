// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigtest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// TrustedRoot returns the trusted_root.json of the stack.
func (s *Stack) TrustedRoot() []byte {
	s.t.Helper()
	return s.EditRoot(func(*prototrustroot.TrustedRoot) {})
}

// EditRoot returns the trusted_root.json after a change, for example with a
// validity that is over.
func (s *Stack) EditRoot(change func(*prototrustroot.TrustedRoot)) []byte {
	s.t.Helper()
	a := s.shared
	valid := func() *protocommon.TimeRange {
		return &protocommon.TimeRange{Start: timestamppb.New(authoritiesFrom)}
	}
	chain := func(uri string, certificates ...*x509.Certificate) *prototrustroot.CertificateAuthority {
		authority := &prototrustroot.CertificateAuthority{Uri: uri, ValidFor: valid(),
			CertChain: &protocommon.X509CertificateChain{},
			Subject: &protocommon.DistinguishedName{Organization: "sigtest",
				CommonName: certificates[0].Subject.CommonName}}
		for _, c := range certificates {
			authority.CertChain.Certificates = append(authority.CertChain.Certificates,
				&protocommon.X509Certificate{RawBytes: c.Raw})
		}
		return authority
	}
	root := &prototrustroot.TrustedRoot{MediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}
	root.CertificateAuthorities = append(root.CertificateAuthorities,
		chain("https://ca.sigtest.example", a.ca.issuing, a.ca.root))
	for _, tsa := range a.tsas {
		root.TimestampAuthorities = append(root.TimestampAuthorities, chain(tsa.uri, tsa.leaf, tsa.root))
	}
	instance := func(url string, key crypto.PublicKey, details protocommon.PublicKeyDetails, id []byte) *prototrustroot.TransparencyLogInstance {
		return &prototrustroot.TransparencyLogInstance{BaseUrl: url, HashAlgorithm: protocommon.HashAlgorithm_SHA2_256,
			PublicKey: &protocommon.PublicKey{RawBytes: publicDER(s.t, key), KeyDetails: details, ValidFor: valid()},
			LogId:     &protocommon.LogId{KeyId: id}}
	}
	ctID := sha256.Sum256(publicDER(s.t, a.ctKey.Public()))
	root.Ctlogs = append(root.Ctlogs, instance("https://ct.sigtest.example", a.ctKey.Public(),
		protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, ctID[:]))
	for _, l := range s.logs {
		root.Tlogs = append(root.Tlogs, instance("https://"+l.origin, l.public(),
			protocommon.PublicKeyDetails_PKIX_ED25519, l.keyID()))
	}
	change(root)
	data, err := protojson.Marshal(root)
	if err != nil {
		s.t.Fatal(err)
	}
	// protojson varies its white space from build to build on purpose.
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		s.t.Fatal(err)
	}
	return append(indented.Bytes(), '\n')
}

// UpdateProof signs the bytes of a manifest with an update key, logs that, and
// returns the C2SP tlog-proof of it.
func (s *Stack) UpdateProof(key *ecdsa.PrivateKey, manifest []byte) []byte {
	s.t.Helper()
	bundle := s.SignMessage(Signer{Key: key}, manifest)
	signature, entry := s.read(bundle)
	text := base64.StdEncoding.EncodeToString
	var proof strings.Builder
	proof.WriteString("c2sp.org/tlog-proof@v1\nextra " + text(signature) +
		"\nindex " + strconv.FormatInt(entry.LogIndex, 10) + "\n")
	for _, hash := range entry.InclusionProof.Hashes {
		proof.WriteString(text(hash) + "\n")
	}
	proof.WriteString("\n" + entry.InclusionProof.Checkpoint.Envelope)
	return []byte(proof.String())
}
