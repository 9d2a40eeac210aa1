// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
)

// The validity of all authorities.
var (
	authoritiesFrom = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	authoritiesTo   = time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)
)

// certAuthority has a root and an intermediate that issues certificates.
type certAuthority struct {
	root, issuing *x509.Certificate
	key           steady
}

func newCertAuthority(t testing.TB, seed, label string) *certAuthority {
	t.Helper()
	rootKey := steady{deriveECDSA(seed, label+" root")}
	root := selfIssued(t, label+" root", rootKey)
	key := steady{deriveECDSA(seed, label)}
	issuing := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: label},
		NotBefore: authoritiesFrom, NotAfter: authoritiesTo,
		KeyUsage:    x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		IsCA:        true, BasicConstraintsValid: true,
	}, root, key.Public(), rootKey)
	return &certAuthority{root, issuing, key}
}

func selfIssued(t testing.TB, name string, key steady) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: authoritiesFrom, NotAfter: authoritiesTo,
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	return issue(t, template, template, key.Public(), key)
}

func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// leafRequest is for whom a certificate is.
type leafRequest struct {
	signer      Signer
	alsoSubject string
	serial      int64
	key         crypto.PublicKey
}

// leaf returns a certificate with a SAN, Fulcio's extensions and, unless
// withoutSCT, the SCT of the log with ctKey.
func (ca *certAuthority) leaf(t testing.TB, r leafRequest, ctKey *ecdsa.PrivateKey, withoutSCT bool) *x509.Certificate {
	t.Helper()
	signer, key, at := r.signer, r.key, r.signer.at()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1000 + r.serial),
		NotBefore:    at, NotAfter: at.Add(10 * time.Minute),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	if strings.Contains(signer.Subject, "://") {
		san, err := url.Parse(signer.Subject)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = []*url.URL{san}
	} else {
		template.EmailAddresses = []string{signer.Subject}
	}
	if r.alsoSubject != "" {
		template.EmailAddresses = append(template.EmailAddresses, r.alsoSubject)
	}
	for _, extension := range []struct {
		number int
		value  string
	}{{8, signer.Issuer}, {9, signer.Builder}, {12, signer.Repository}, {13, signer.Commit}, {14, signer.Ref}} {
		if extension.value == "" {
			continue
		}
		value, err := asn1.MarshalWithParams(extension.value, "utf8")
		if err != nil {
			t.Fatal(err)
		}
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{
			Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, extension.number}, Value: value})
	}
	certificate := issue(t, template, ca.issuing, key, ca.key)
	if withoutSCT {
		return certificate
	}
	// RFC 6962 section 3.2: the SCT is over the certificate without it.
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{
		Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2},
		Value: sctList(t, certificate.RawTBSCertificate, ca.issuing, ctKey, at)})
	return issue(t, template, ca.issuing, key, ca.key)
}

// sctList returns the value of the extension of RFC 6962 section 3.3 with one
// SCT over the to-be-signed part of a certificate.
func sctList(t testing.TB, tbs []byte, issuer *x509.Certificate, key *ecdsa.PrivateKey, at time.Time) []byte {
	t.Helper()
	issuerHash := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)
	millis := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))

	signed := append([]byte{0, 0}, millis...)
	signed = append(signed, 0, 1) // a precertificate
	signed = append(signed, issuerHash[:]...)
	signed = append(signed, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	signed = append(signed, tbs...)
	signed = append(signed, 0, 0) // no extensions
	digest := sha256.Sum256(signed)
	signature, err := steady{key}.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}

	logID := sha256.Sum256(publicDER(t, key.Public()))
	sct := append([]byte{0}, logID[:]...)
	sct = append(sct, millis...)
	sct = append(sct, 0, 0, 4, 3) // no extensions; SHA-256 with ECDSA
	sct = binary.BigEndian.AppendUint16(sct, uint16(len(signature)))
	sct = append(sct, signature...)
	list := binary.BigEndian.AppendUint16(nil, uint16(len(sct)+2))
	list = binary.BigEndian.AppendUint16(list, uint16(len(sct)))
	value, err := asn1.Marshal(append(list, sct...))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func publicDER(t testing.TB, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// timestamper is a timestamp authority with a root of its own.
type timestamper struct {
	uri        string
	root, leaf *x509.Certificate
	key        steady
}

func newTimestamper(t testing.TB, seed string, number int) *timestamper {
	t.Helper()
	label := "tsa-" + strconv.Itoa(number+1)
	rootKey := steady{deriveECDSA(seed, label+" root")}
	root := selfIssued(t, label+" root", rootKey)
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	key := steady{deriveECDSA(seed, label)}
	leaf := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: label},
		NotBefore: authoritiesFrom, NotAfter: authoritiesTo,
		KeyUsage: x509.KeyUsageDigitalSignature,
		// RFC 3161 section 2.3 wants this usage alone, and critical.
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, root, key.Public(), rootKey)
	return &timestamper{"https://" + label + ".sigtest.example", root, leaf, key}
}

// stamp returns the RFC 3161 response that signature existed at a time.
func (a *timestamper) stamp(t testing.TB, signature []byte, at time.Time) []byte {
	t.Helper()
	digest := sha256.Sum256(signature)
	response := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Time: at,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2},
	}
	der, err := response.CreateResponseWithOpts(a.leaf, a.key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
