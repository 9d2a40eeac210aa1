// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// TrustedRoot returns the trusted_root.json of the services.
func (s *Stack) TrustedRoot() []byte {
	s.t.Helper()
	from := time.Now().Add(-time.Hour)
	log := &root.TransparencyLog{
		BaseURL: s.URL(Log), ID: s.logID(), ValidityPeriodStart: from, HashFunc: crypto.SHA256,
		PublicKey: s.logKey.Public(), SignatureHashFunc: crypto.SHA256,
	}
	tsa := &root.SigstoreTimestampingAuthority{Root: s.tsa.root, Leaf: s.tsa.leaf, ValidityPeriodStart: from, URI: s.URL(Timestamp)}
	made, err := root.NewTrustedRoot(root.TrustedRootMediaType01, nil, nil, []root.TimestampingAuthority{tsa},
		map[string]*root.TransparencyLog{"log": log})
	check(s.t, err)
	data, err := made.MarshalJSON()
	check(s.t, err)
	return data
}

// SigningConfig returns the signing_config.json of the services.
func (s *Stack) SigningConfig() []byte {
	s.t.Helper()
	service := func(name string, version uint32) []root.Service {
		return []root.Service{{URL: s.URL(name), MajorAPIVersion: version, ValidityPeriodStart: time.Now().Add(-time.Hour), Operator: "signtest"}}
	}
	any := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_ANY}
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02, service(Authority, 1), nil, service(Log, 2), any, service(Timestamp, 1), any)
	check(s.t, err)
	data, err := config.MarshalJSON()
	check(s.t, err)
	return data
}

// timestamper is a timestamp authority.
type timestamper struct {
	t          testing.TB
	root, leaf *x509.Certificate
	key        *ecdsa.PrivateKey
}

func newTimestamper(t testing.TB) *timestamper {
	t.Helper()
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	check(t, err)
	from := time.Now().Add(-time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signtest root"}, NotBefore: from, NotAfter: from.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	top := issue(t, template, template, rootKey.Public(), rootKey)
	leaf := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "signtest tsa"}, NotBefore: from, NotAfter: from.Add(24 * time.Hour),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, top, key.Public(), rootKey)
	return &timestamper{t, top, leaf, key}
}

func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	check(t, err)
	certificate, err := x509.ParseCertificate(der)
	check(t, err)
	return certificate
}

func (a *timestamper) serve(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	query, err := timestamp.ParseRequest(data)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	answer := timestamp.Timestamp{
		HashAlgorithm: query.HashAlgorithm, HashedMessage: query.HashedMessage, Time: time.Now(),
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
	}
	der, err := answer.CreateResponseWithOpts(a.leaf, a.key, crypto.SHA256)
	check(a.t, err)
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(der)
}
