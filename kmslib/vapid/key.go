// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vapid

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// PublicKeySize is the length in bytes of an uncompressed P-256 point.
const PublicKeySize = 65

// KeyIDSize is the length in characters of a key id.
const KeyIDSize = 43

// PublicKey is an application server key. Two are equal (==) if and only if
// they are the same key. The zero PublicKey is none.
type PublicKey struct{ point [PublicKeySize]byte }

// NewPublicKey returns the key that is the uncompressed point. Only its form
// is checked; Verify refuses a point that is not on the curve. The error is a
// *TokenError.
func NewPublicKey(point []byte) (PublicKey, error) {
	if len(point) != PublicKeySize || point[0] != 4 {
		return PublicKey{}, &TokenError{"public key: expected an uncompressed P-256 point of 65 bytes"}
	}
	return PublicKey{[PublicKeySize]byte(point)}, nil
}

// ParsePublicKey reads an application server key, 87 characters of base64url.
// Its inverse is String. The error is a *TokenError.
func ParsePublicKey(text string) (PublicKey, error) {
	if len(text) != base64.RawURLEncoding.EncodedLen(PublicKeySize) {
		return PublicKey{}, &TokenError{"public key: expected 87 characters of base64url"}
	}
	point, ok := decodeBase64url(text)
	if !ok {
		return PublicKey{}, &TokenError{"public key: expected 87 characters of base64url"}
	}
	return NewPublicKey(point)
}

// String returns the key in base64url, as a browser's applicationServerKey.
func (k PublicKey) String() string { return base64.RawURLEncoding.EncodeToString(k.point[:]) }

// Point returns a copy of the uncompressed point.
func (k PublicKey) Point() []byte { return append([]byte(nil), k.point[:]...) }

// KeyID returns the RFC 7638 thumbprint of the key, KeyIDSize characters.
func (k PublicKey) KeyID() string {
	coordinate := func(name string, b []byte) wire.Member {
		return wire.Member{Name: name, Value: wire.String(base64.RawURLEncoding.EncodeToString(b))}
	}
	jwk := wire.Object(
		wire.Member{Name: "crv", Value: wire.String("P-256")},
		wire.Member{Name: "kty", Value: wire.String("EC")},
		coordinate("x", k.point[1:33]),
		coordinate("y", k.point[33:]),
	)
	sum := sha256.Sum256(jwk.Append(nil))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// IsKeyID says whether text has the form of a key id.
func IsKeyID(text string) bool {
	if len(text) != KeyIDSize {
		return false
	}
	_, ok := decodeBase64url(text)
	return ok
}

// Authorization returns the value of the Authorization header for a token that
// the key signed (RFC 8292, section 3). Its inverse is ParseAuthorization.
func Authorization(token string, key PublicKey) string {
	return "vapid t=" + token + ", k=" + key.String()
}

// ParseAuthorization reads the value of an Authorization header, in exactly
// the spelling that Authorization writes. Nothing is verified. The error is a
// *TokenError, or a *ClaimError.
func ParseAuthorization(value string) (*Token, PublicKey, error) {
	rest, ok := strings.CutPrefix(value, "vapid t=")
	token, keyText, found := strings.Cut(rest, ", k=")
	if !ok || !found {
		return nil, PublicKey{}, &TokenError{"authorization: expected vapid t=…, k=…"}
	}
	key, err := ParsePublicKey(keyText)
	if err != nil {
		return nil, PublicKey{}, err
	}
	parsed, err := Parse(token)
	if err != nil {
		return nil, PublicKey{}, err
	}
	return parsed, key, nil
}
