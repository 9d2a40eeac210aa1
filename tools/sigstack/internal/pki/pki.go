// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package pki makes the keys and certificates of the stack. All live for one run and only in memory, but for the
// log's key, which the log's process reads from a file.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// Authority is a key with the certificates that lead to its root: its own first, the root last.
type Authority struct {
	Key   crypto.Signer
	Chain []*x509.Certificate
}

// Organization is in the name of every certificate, so that none is mistaken for one of the public instance.
const Organization = "sigstack (test only)"

// criticalTimeStamping is RFC 3161 §2.3: exactly this extended key usage, and critical.
var criticalTimeStamping = pkix.Extension{
	Id:       asn1.ObjectIdentifier{2, 5, 29, 37},
	Critical: true,
	Value:    []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08},
}

// Signing makes a root and an intermediate below it that issues code signing certificates.
func Signing(name string) (*Authority, error) {
	root, err := issue(nil, authority(name+" root", 1, 0))
	if err != nil {
		return nil, err
	}
	return issue(root, authority(name+" intermediate", 0, x509.ExtKeyUsageCodeSigning))
}

// TimeStamping makes a root, an intermediate and a certificate for a timestamp authority's key.
func TimeStamping(name string) (*Authority, error) {
	root, err := issue(nil, authority(name+" root", 1, 0))
	if err != nil {
		return nil, err
	}
	between, err := issue(root, authority(name+" intermediate", 0, x509.ExtKeyUsageTimeStamping))
	if err != nil {
		return nil, err
	}
	return issue(between, &x509.Certificate{
		Subject:         pkix.Name{Organization: []string{Organization}, CommonName: name},
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{criticalTimeStamping},
	})
}

func authority(name string, length int, usage x509.ExtKeyUsage) *x509.Certificate {
	c := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{Organization}, CommonName: name},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            length,
		MaxPathLenZero:        length == 0,
	}
	if usage != 0 {
		c.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	}
	return c
}

// issue signs the template for a new P-256 key by the parent, or by itself.
func issue(parent *Authority, template *x509.Certificate) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Minute)
	template.NotAfter = time.Now().AddDate(1, 0, 0)
	signer := &Authority{Key: key, Chain: []*x509.Certificate{template}}
	if parent != nil {
		signer = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.Chain[0], key.Public(), signer.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %q: %w", template.Subject.CommonName, err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	made := &Authority{Key: key, Chain: []*x509.Certificate{certificate}}
	if parent != nil {
		made.Chain = append(made.Chain, parent.Chain...)
	}
	return made, nil
}

// PEM writes certificates one after the other.
func PEM(chain ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}
