// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package webcrypto

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/keys"
)

// Parameters of ECDSA: of its keys, and of a signature.
var (
	ecdsaKey       = jsbridge.ValueOf(object{"name": "ECDSA", "namedCurve": "P-256"})
	ecdsaSignature = jsbridge.ValueOf(object{"name": "ECDSA", "hash": "SHA-256"})
	rsaKey         = jsbridge.ValueOf(object{"name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256"})
	toSign         = jsbridge.ValueOf([]any{"sign"})
	toVerify       = jsbridge.ValueOf([]any{"verify"})
)

// GenerateP256 implements keys.Ops.
func (k *Keys) GenerateP256(ctx context.Context) (keys.Handle, []byte, error) {
	pair, err := k.do(ctx, "generateKey", ecdsaKey, notExtractable, toSign)
	if err != nil {
		return nil, nil, err
	}
	point, err := k.pointOf(ctx, pair)
	if err != nil {
		return nil, nil, err
	}
	key, err := kept(pair.Get("privateKey"), nil)
	return key, point, err
}

// pointOf returns the public point of a new pair. Its public key is extractable
// whatever was asked for.
func (k *Keys) pointOf(ctx context.Context, pair jsbridge.Value) ([]byte, error) {
	raw, err := k.do(ctx, "exportKey", "raw", pair.Get("publicKey"))
	if err != nil {
		return nil, err
	}
	return jsbridge.CopyBytes(raw, keys.PointSize)
}

// SignP256 implements keys.Ops.
func (k *Keys) SignP256(ctx context.Context, handle keys.Handle, message []byte) ([]byte, error) {
	key, err := keyOf(handle)
	if err != nil {
		return nil, err
	}
	raw, err := k.do(ctx, "sign", ecdsaSignature, key, jsbridge.Bytes(message))
	if err != nil {
		return nil, err
	}
	return jsbridge.CopyBytes(raw, keys.SignatureSize)
}

// Verify implements keys.Ops.
func (k *Keys) Verify(ctx context.Context, alg keys.Algorithm, spki, message, signature []byte) error {
	var keyParams, params jsbridge.Value
	switch alg {
	case keys.ES256:
		keyParams, params = ecdsaKey, ecdsaSignature
	case keys.RS256:
		keyParams, params = rsaKey, rsaKey
	default:
		return keys.ErrNotSupported
	}
	key, err := k.do(ctx, "importKey", "spki", jsbridge.Bytes(spki), keyParams, notExtractable, toVerify)
	if nameOf(err) == "DataError" {
		return errors.New("webcrypto: the public key is not one of this algorithm")
	}
	if err != nil {
		return err
	}
	good, err := k.do(ctx, "verify", params, key, jsbridge.Bytes(signature), jsbridge.Bytes(message))
	if err != nil {
		return err
	}
	if !good.Bool() {
		return keys.ErrOpen
	}
	return nil
}
