// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package webcrypto

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

const (
	pointSize     = 65 // uncompressed P-256 point
	signatureSize = 64 // r and s, as WebCrypto gives them
)

// Keys makes and uses keys. The zero Keys has no algorithm.
type Keys struct {
	subtle    jsbridge.Value
	keyParams jsbridge.Value
	usages    jsbridge.Value
	signature jsbridge.Value
}

var _ vault.KeyOps = (*Keys)(nil)

// New returns Keys by globalThis.crypto.subtle. Where there is none, in
// particular outside secure contexts, every operation is not supported.
func New() *Keys {
	k := &Keys{
		keyParams: jsbridge.ValueOf(map[string]any{"name": "ECDSA", "namedCurve": "P-256"}),
		usages:    jsbridge.ValueOf([]any{"sign"}),
		signature: jsbridge.ValueOf(map[string]any{"name": "ECDSA", "hash": "SHA-256"}),
	}
	if crypto := jsbridge.Global().Get("crypto"); !jsbridge.IsNothing(crypto) {
		k.subtle = crypto.Get("subtle")
	}
	return k
}

// GenerateP256 implements vault.KeyOps.
func (k *Keys) GenerateP256(ctx context.Context) (vault.Handle, []byte, error) {
	const extractable = false
	pair, err := k.do(ctx, "generateKey", k.keyParams, extractable, k.usages)
	if err != nil {
		return nil, nil, err
	}
	// The public key of a pair is extractable whatever was asked for.
	raw, err := k.do(ctx, "exportKey", "raw", pair.Get("publicKey"))
	if err != nil {
		return nil, nil, err
	}
	point, err := jsbridge.CopyBytes(raw, pointSize)
	if err != nil {
		return nil, nil, err
	}
	private := pair.Get("privateKey")
	if private.Get("extractable").Bool() {
		return nil, nil, errors.New("webcrypto: the browser made a private key that can be exported")
	}
	return private, point, nil
}

// SignP256 implements vault.KeyOps.
func (k *Keys) SignP256(ctx context.Context, handle vault.Handle, message []byte) ([]byte, error) {
	key, ok := handle.(jsbridge.Value)
	if !ok || !jsbridge.IsA(key, "CryptoKey") {
		return nil, errors.New("webcrypto: the handle is not a CryptoKey")
	}
	raw, err := k.do(ctx, "sign", k.signature, key, jsbridge.Bytes(message))
	if err != nil {
		return nil, err
	}
	return jsbridge.CopyBytes(raw, signatureSize)
}

func (k *Keys) do(ctx context.Context, method string, args ...any) (jsbridge.Value, error) {
	if err := ctx.Err(); err != nil {
		return jsbridge.Value{}, err
	}
	if jsbridge.IsNothing(k.subtle) {
		return jsbridge.Value{}, vault.ErrNotSupported
	}
	result, err := jsbridge.CallAwait(ctx, k.subtle, method, args...)
	if thrown, ok := errors.AsType[*jsbridge.Error](err); ok && thrown.Name == "NotSupportedError" {
		return jsbridge.Value{}, vault.ErrNotSupported
	}
	return result, err
}
