// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !js

package vapid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"
)

// Verify returns nil if the key signed the token and its claims are allowed at
// the time now, in Unix seconds. The error is a *TokenError for the signature,
// or a *ClaimError.
func (k PublicKey) Verify(t *Token, now int64) error {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), k.point[:])
	if err != nil {
		return &TokenError{"public key: not a point of P-256"}
	}
	digest := sha256.Sum256(t.Input)
	r := new(big.Int).SetBytes(t.Signature[:32])
	s := new(big.Int).SetBytes(t.Signature[32:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return &TokenError{"token: the signature is not of this key"}
	}
	return t.Claims.Check(now)
}
