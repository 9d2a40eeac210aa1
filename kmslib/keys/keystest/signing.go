// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"math/big"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/secret"
)

var errSPKI = errors.New("the public key is not one of this algorithm in DER")

// SignP256 implements keys.Ops.
func (Ops) SignP256(ctx context.Context, handle keys.Handle, message []byte) ([]byte, error) {
	scalar, err := as[secret.Key[signRole]](ctx, handle)
	if err != nil {
		return nil, err
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
	signature := make([]byte, keys.SignatureSize)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature, nil
}

// Verify implements keys.Ops.
func (Ops) Verify(ctx context.Context, alg keys.Algorithm, spki, message, signature []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if alg != keys.ES256 && alg != keys.RS256 {
		return keys.ErrNotSupported
	}
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return errSPKI
	}
	digest := sha256.Sum256(message)
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if alg != keys.ES256 || key.Curve != elliptic.P256() {
			return errSPKI
		}
		if !verifyP256(key, digest[:], signature) {
			return keys.ErrOpen
		}
		return nil
	case *rsa.PublicKey:
		if alg != keys.RS256 {
			return errSPKI
		}
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
			return keys.ErrOpen
		}
		return nil
	}
	return errSPKI
}

func verifyP256(key *ecdsa.PublicKey, digest, signature []byte) bool {
	if len(signature) != keys.SignatureSize {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(key, digest, r, s)
}
