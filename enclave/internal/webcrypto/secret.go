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

// secretKey is the handle of a 256-bit secret that waits to be wrapped. Inside
// is an extractable CryptoKey, since wrapKey takes no other; the type keeps it
// from everything but WrapSecret.
type secretKey struct{ key jsbridge.Value }

// toEncrypt is what a secret's CryptoKey may do besides: WebCrypto makes none
// that may do nothing.
var toEncrypt = jsbridge.ValueOf([]any{"encrypt"})

// GenerateSecret implements keys.Ops.
func (k *Keys) GenerateSecret(ctx context.Context) (keys.Handle, error) {
	return asSecret(k.do(ctx, "generateKey", aesKey, extractable, toEncrypt))
}

func asSecret(key jsbridge.Value, err error) (keys.Handle, error) {
	if err != nil {
		return nil, err
	}
	return secretKey{key}, nil
}

// WrapSecret implements keys.Ops.
func (k *Keys) WrapSecret(ctx context.Context, secret, wrapping keys.Handle, nonce, aad []byte) ([]byte, error) {
	s, ok := secret.(secretKey)
	if !ok {
		return nil, errors.New("webcrypto: the handle is not a secret")
	}
	under, err := sealingBy(wrapping, nonce, aad)
	if err != nil {
		return nil, err
	}
	return k.wrap(ctx, "raw", s.key, under)
}

// UnwrapSecret implements keys.Ops.
func (k *Keys) UnwrapSecret(ctx context.Context, wrapping keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	return asSecret(k.unwrapSecret(ctx, wrapping, nonce, aad, wrapped, aesKey, extractable, toEncrypt))
}

// UnwrapBase implements keys.Ops.
func (k *Keys) UnwrapBase(ctx context.Context, wrapping keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	return kept(k.unwrapSecret(ctx, wrapping, nonce, aad, wrapped, "HKDF", notExtractable, toDerive))
}

func (k *Keys) unwrapSecret(ctx context.Context, wrapping keys.Handle, nonce, aad, wrapped []byte, as any, exportable bool, usages jsbridge.Value) (jsbridge.Value, error) {
	under, err := sealingBy(wrapping, nonce, aad)
	if err != nil {
		return jsbridge.Value{}, err
	}
	if len(wrapped) != keys.SecretSize+keys.TagSize {
		return jsbridge.Value{}, keys.ErrOpen
	}
	return k.open(ctx, "unwrapKey", "raw", jsbridge.Bytes(wrapped), under.key, under.params, as, exportable, usages)
}
