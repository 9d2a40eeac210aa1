// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/vault"
)

// KeyOps does in Go what WebCrypto does in a browser.
type KeyOps struct{}

var _ vault.KeyOps = KeyOps{}

// scalarRole is the role of the private scalar of a P-256 key.
type scalarRole struct{}

func (scalarRole) KeySize() int { return 32 }

// GenerateP256 implements vault.KeyOps.
func (KeyOps) GenerateP256(ctx context.Context) (vault.Handle, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	raw, err := key.Bytes()
	if err != nil {
		return nil, nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, nil, err
	}
	scalar, err := secret.Take[scalarRole](raw)
	return scalar, point, err
}

// SignP256 implements vault.KeyOps.
func (KeyOps) SignP256(ctx context.Context, handle vault.Handle, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	scalar, ok := handle.(secret.Key[scalarRole])
	if !ok {
		return nil, errors.New("the handle is not one of these keys")
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar.Expose())
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(message)
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature, nil
}

// verifyP256 says whether the private key of point signed message.
func verifyP256(point, message, signature []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256(message)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(key, digest[:], r, s)
}
