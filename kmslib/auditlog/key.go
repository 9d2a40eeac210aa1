// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
)

// Sizes of keys and signatures.
const (
	PointSize     = 65 // an uncompressed P-256 point, in bytes
	SignatureSize = 64 // r ‖ s, in bytes
	KeyIDSize     = 43 // a key id, in characters
)

// Signer signs with the log key or with a delegated key.
type Signer interface {
	// ID returns KeyID of the signer's point.
	ID() string
	// Sign returns the ECDSA signature with SHA-256 over message, r ‖ s in
	// SignatureSize bytes.
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// VerifyFunc says whether signature, r ‖ s in SignatureSize bytes, is one by the
// P-256 key point over SHA-256 of message. A point that is not on the curve has
// no signatures. It comes in from outside because crypto/ecdsa would weigh much
// in a browser, which has its own.
type VerifyFunc func(point, message, signature []byte) bool

// spkiPrefix is what comes before the point of a P-256 key in a
// SubjectPublicKeyInfo (RFC 5480, section 2).
var spkiPrefix = []byte{
	0x30, 0x59, 0x30, 0x13,
	0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
	0x03, 0x42, 0x00,
}

func isPoint(point []byte) bool { return len(point) == PointSize && point[0] == 4 }

// spki returns the SubjectPublicKeyInfo of a point, in DER.
func spki(point []byte) []byte {
	return append(append([]byte(nil), spkiPrefix...), point...)
}

// KeyID returns the id of a key: the SHA-256 of its SubjectPublicKeyInfo in
// base64url, KeyIDSize characters. The first four bytes of the hash are the key
// hash that signed notes use. point is an uncompressed P-256 point; the error is
// a *FormatError.
func KeyID(point []byte) (string, error) {
	if !isPoint(point) {
		return "", refuse("key", "expected an uncompressed P-256 point of 65 bytes")
	}
	return keyID(point), nil
}

func keyID(point []byte) string {
	sum := sha256.Sum256(spki(point))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// keyHash returns the key hash of notes from a key id, or false if it is none.
func keyHash(id string) (uint32, bool) {
	sum, ok := decode(id, sha256.Size)
	if !ok {
		return 0, false
	}
	return binary.BigEndian.Uint32(sum), true
}

// ParsePoint reads a public key as people pass it on: an uncompressed P-256 point
// in base64url, 87 characters. Its inverse is EncodePoint. The error is a
// *FormatError.
func ParsePoint(text string) ([]byte, error) {
	point, ok := decode(text, PointSize)
	if !ok || !isPoint(point) {
		return nil, refuse("key", "expected an uncompressed P-256 point, 87 characters of base64url that begin with B")
	}
	return point, nil
}

// EncodePoint returns a point in base64url.
func EncodePoint(point []byte) string { return base64.RawURLEncoding.EncodeToString(point) }

// Origin returns the origin line of the checkpoints of a user's log, which is
// also the key name in their signatures.
func Origin(user string) string { return originPrefix + user }

const originPrefix = "kms-enclave/log/"

// VerifierKey returns a key of a user's log in the form that other programs which
// open signed notes take: name "+" key hash "+" base64(02 ‖ SubjectPublicKeyInfo)
// (C2SP signed-note, signature type 0x02). The error is a *FormatError.
func VerifierKey(user string, point []byte) (string, error) {
	if !isName(user) {
		return "", refuse("key", "expected a user id")
	}
	if !isPoint(point) {
		return "", refuse("key", "expected an uncompressed P-256 point of 65 bytes")
	}
	hash, _ := keyHash(keyID(point))
	digits := strconv.FormatUint(uint64(hash), 16)
	digits = strings.Repeat("0", 8-len(digits)) + digits
	return Origin(user) + "+" + digits + "+" +
		base64.StdEncoding.EncodeToString(append([]byte{noteECDSA}, spki(point)...)), nil
}

// noteECDSA is the signature type of ECDSA in C2SP signed-note.
const noteECDSA = 2

// decode reads base64url without padding of exactly n bytes, or of any number if
// n is negative. It takes only the one spelling of them.
func decode(text string, n int) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") { // which package base64 skips
		return nil, false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return data, err == nil && (n < 0 || len(data) == n)
}
