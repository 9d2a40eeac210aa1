// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"math/big"

	"encoding/asn1"

	"ats.run/kms-enclave/kmslib/wire"
)

const adviceSigner = "The program must speak " + SignerFormat

// parsePublicKey reads the answer to "public-key".
func parsePublicKey(answer []byte) (*ecdsa.PublicKey, error) {
	der, err := parseAnswer(answer, "publicKey")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, refused(signerName, "the public key of an ECDSA key for P-256, base64 of its DER", "another key", adviceSigner)
	}
	return key, nil
}

// parseSignature reads the answer to "sign".
func parseSignature(answer []byte) ([]byte, error) {
	der, err := parseAnswer(answer, "signature")
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &pair)
	if err != nil || len(rest) > 0 || pair.R.Sign() <= 0 || pair.S.Sign() <= 0 {
		return nil, refused(signerName, "an ECDSA signature, base64 of its DER", "something else", adviceSigner)
	}
	return der, nil
}

// parseAnswer reads {"format": …, name: base64} and nothing else.
func parseAnswer(answer []byte, name string) ([]byte, error) {
	wrong := func(found string) error {
		return refused(signerName, "JSON with the members format and "+name, found, adviceSigner)
	}
	v, err := wire.Parse(answer)
	if err != nil {
		return nil, wrong("no valid JSON")
	}
	members, ok := v.Members()
	if !ok || len(members) != 2 {
		return nil, wrong("other members")
	}
	format, _ := v.Get("format")
	if text, _ := format.AsString(); text != SignerFormat {
		return nil, wrong("another format")
	}
	member, _ := v.Get(name)
	text, ok := member.AsString()
	if !ok {
		return nil, wrong("other members")
	}
	der, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(der) == 0 {
		return nil, wrong("no padded base64 in " + name)
	}
	return der, nil
}
