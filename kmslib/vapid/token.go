// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vapid

import (
	"encoding/base64"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// SignatureSize is the length in bytes of an ES256 signature, r ‖ s.
const SignatureSize = 64

const maxToken = 2048 // bytes

// Token is a token that was read. Only PublicKey.Verify tells whether it is
// genuine.
type Token struct {
	Claims    Claims
	Input     []byte // what was signed: the token up to its last dot
	Signature [SignatureSize]byte
}

// TokenError says why a token, key or Authorization value is malformed or not
// genuine, in fixed words.
type TokenError struct{ Reason string }

// Error describes the refusal.
func (e *TokenError) Error() string { return e.Reason }

// SigningInput returns the bytes to be signed with ES256 for a token that is
// made at now, in Unix seconds. The error is a *ClaimError.
func SigningInput(c Claims, now int64) ([]byte, error) {
	if err := c.Check(now); err != nil {
		return nil, err
	}
	members := []wire.Member{
		{Name: "aud", Value: wire.String(c.Audience)},
		{Name: "exp", Value: wire.Int(c.Expires)},
		{Name: "sub", Value: wire.String(c.Subject)},
	}
	if c.IssuedAt != 0 {
		members = append(members, wire.Member{Name: "iat", Value: wire.Int(c.IssuedAt)})
	}
	if c.ID != "" {
		members = append(members, wire.Member{Name: "jti", Value: wire.String(c.ID)})
	}
	header := wire.Object(
		wire.Member{Name: "alg", Value: wire.String("ES256")},
		wire.Member{Name: "typ", Value: wire.String("JWT")},
	)
	input := base64.RawURLEncoding.AppendEncode(nil, header.Append(nil))
	input = append(input, '.')
	return base64.RawURLEncoding.AppendEncode(input, wire.Object(members...).Append(nil)), nil
}

// Assemble returns the token made of what SigningInput returned and its
// signature of SignatureSize bytes. The error is a *TokenError. Its inverse is
// Parse.
func Assemble(input, signature []byte) (string, error) {
	if len(signature) != SignatureSize {
		return "", &TokenError{"signature: expected 64 bytes, r and s"}
	}
	return string(input) + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// Parse reads a token and checks its claims but for those that depend on the
// time. It does not check the signature. The error is a *TokenError, or a
// *ClaimError.
func Parse(token string) (*Token, error) {
	if len(token) > maxToken {
		return nil, &TokenError{"token: longer than 2048 bytes"}
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, &TokenError{"token: expected three parts joined by dots"}
	}
	if err := checkHeader(parts[0]); err != nil {
		return nil, err
	}
	claims, err := parseClaims(parts[1])
	if err != nil {
		return nil, err
	}
	signature, ok := decodeBase64url(parts[2])
	if !ok || len(signature) != SignatureSize {
		return nil, &TokenError{"token: expected a signature of 64 bytes in base64url"}
	}
	input := token[:len(token)-len(parts[2])-1]
	return &Token{claims, []byte(input), [SignatureSize]byte(signature)}, nil
}

func checkHeader(part string) error {
	r, err := readObject(part)
	if err != nil {
		return err
	}
	algorithm, kind := r.String("alg"), r.String("typ")
	if r.Done() != nil || algorithm != "ES256" || kind != "JWT" {
		return &TokenError{`token: expected the header {"alg":"ES256","typ":"JWT"}`}
	}
	return nil
}

func parseClaims(part string) (Claims, error) {
	r, err := readObject(part)
	if err != nil {
		return Claims{}, err
	}
	c := Claims{Audience: r.String("aud"), Expires: r.Int("exp"), Subject: r.String("sub")}
	issued, hasIssued := r.OptionalInt("iat")
	id, hasID := r.OptionalString("jti")
	if err := r.Done(); err != nil {
		return Claims{}, &TokenError{"token: claims: " + err.Error()}
	}
	if hasIssued && issued == 0 || hasID && id == "" {
		return Claims{}, &TokenError{"token: claims: iat or jti is empty; expected none at all"}
	}
	c.IssuedAt, c.ID = issued, id
	return c, c.checkForm()
}

// readObject reads a part of a token as the base64url of a JSON object.
func readObject(part string) (*wire.ObjectReader, error) {
	data, ok := decodeBase64url(part)
	if !ok {
		return nil, &TokenError{"token: expected base64url without padding"}
	}
	v, err := wire.Parse(data)
	if err != nil {
		return nil, &TokenError{"token: " + err.Error()}
	}
	return wire.NewObjectReader(v), nil
}

// decodeBase64url decodes s, which must be the only spelling of its bytes.
func decodeBase64url(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") { // which package base64 skips
		return nil, false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return data, err == nil
}
