// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"

	"ats.run/kms-enclave/kmslib/wire"
)

// spkiPrefix is the SubjectPublicKeyInfo of a P-256 key up to its point, of which
// pointSize bytes follow.
var spkiPrefix = []byte{
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
}

const pointSize = 65

// EntryBody returns the body of the log's entry: for the SHA-256 of release.json,
// the signature over it in DER, and the SubjectPublicKeyInfo of the update key.
func EntryBody(digest [32]byte, signature, key []byte) []byte {
	return object(
		member("apiVersion", wire.String("0.0.2")),
		member("kind", wire.String("hashedrekord")),
		member("spec", object(member("hashedRekordV002", object(
			member("data", object(
				member("algorithm", wire.String("SHA2_256")),
				member("digest", encoded(digest[:])),
			)),
			member("signature", object(
				member("content", encoded(signature)),
				member("verifier", object(
					member("keyDetails", wire.String("PKIX_ECDSA_P256_SHA_256")),
					member("publicKey", object(member("rawBytes", encoded(key)))),
				)),
			)),
		)))),
	).Append(nil)
}

func object(members ...wire.Member) wire.Value { return wire.Object(members...) }

func member(name string, value wire.Value) wire.Member { return wire.Member{Name: name, Value: value} }

func encoded(data []byte) wire.Value {
	return wire.String(base64.StdEncoding.EncodeToString(data))
}

// parseKey reads the SubjectPublicKeyInfo of a P-256 key, which has one encoding
// here: no compressed point, no parameters of its own.
func parseKey(spki []byte) (*ecdsa.PublicKey, bool) {
	point, ok := bytes.CutPrefix(spki, spkiPrefix)
	if !ok || len(point) != pointSize {
		return nil, false
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	return key, err == nil
}

// isSignature says whether der is a SEQUENCE of two positive INTEGERs of at most
// 32 bytes, in their only encoding.
func isSignature(der []byte) bool {
	if len(der) < 2 || der[0] != 0x30 || int(der[1]) != len(der)-2 {
		return false
	}
	rest, ok := cutInteger(der[2:])
	if !ok {
		return false
	}
	rest, ok = cutInteger(rest)
	return ok && len(rest) == 0
}

func cutInteger(der []byte) (rest []byte, ok bool) {
	if len(der) < 3 || der[0] != 0x02 {
		return nil, false
	}
	size := int(der[1])
	if size < 1 || size > 33 || len(der) < 2+size {
		return nil, false
	}
	value := der[2 : 2+size]
	padded := value[0] == 0
	if value[0] >= 0x80 || size == 33 && !padded || padded && (size == 1 || value[1] < 0x80) {
		return nil, false
	}
	return der[2+size:], true
}
