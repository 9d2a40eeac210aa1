// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"hash"
	"strconv"
)

// algorithm is a way to sign that a log of Rekor v2 takes.
type algorithm struct {
	curve   elliptic.Curve
	details string // of PublicKeyDetails
	digest  string // of HashAlgorithm
	hash    crypto.Hash
	new     func() hash.Hash
}

// algorithmOf returns how a key signs, or nil if it is of another kind.
func algorithmOf(key crypto.PublicKey) *algorithm {
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil
	}
	switch public.Curve {
	case elliptic.P256():
		return &algorithm{elliptic.P256(), "PKIX_ECDSA_P256_SHA_256", "SHA2_256", crypto.SHA256, sha256.New}
	case elliptic.P384():
		return &algorithm{elliptic.P384(), "PKIX_ECDSA_P384_SHA_384", "SHA2_384", crypto.SHA384, sha512.New384}
	}
	return nil
}

// entryBody returns the one canonical JSON (RFC 8785) of the hashedrekord
// 0.0.2 for a signature over a digest, with either a certificate or a key.
func entryBody(a *algorithm, digest, signature []byte, certificate *x509.Certificate, keyDER []byte) []byte {
	member, der := "publicKey", keyDER
	if certificate != nil {
		member, der = "x509Certificate", certificate.Raw
	}
	text := base64.StdEncoding.EncodeToString
	return []byte(entryStart + `"algorithm":"` + a.digest + `","digest":"` + text(digest) +
		`"},"signature":{"content":"` + text(signature) + `","verifier":{"keyDetails":"` + a.details +
		`","` + member + `":{"rawBytes":"` + text(der) + `"}}}}}}`)
}

// preAuthEncoding returns what a DSSE signature is over.
func preAuthEncoding(payloadType string, payload []byte) []byte {
	return append([]byte("DSSEv1 "+strconv.Itoa(len(payloadType))+" "+payloadType+" "+
		strconv.Itoa(len(payload))+" "), payload...)
}
