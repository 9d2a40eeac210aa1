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

// maxWrapped bounds a wrapped private key; PKCS#8 of P-256 has 138 bytes.
const maxWrapped = 512

// GenerateWrapped implements keys.Ops.
func (k *Keys) GenerateWrapped(ctx context.Context, use keys.Use, wrapping keys.Handle, nonce, aad []byte) (wrapped, point []byte, err error) {
	under, err := sealingBy(wrapping, nonce, aad)
	if err != nil {
		return nil, nil, err
	}
	params, usages, err := paramsOf(use)
	if err != nil {
		return nil, nil, err
	}
	pair, err := k.do(ctx, "generateKey", params, extractable, usages)
	if err != nil {
		return nil, nil, err
	}
	if point, err = k.pointOf(ctx, pair); err != nil {
		return nil, nil, err
	}
	wrapped, err = k.wrap(ctx, "pkcs8", pair.Get("privateKey"), under)
	return wrapped, point, err
}

// Unwrap implements keys.Ops.
func (k *Keys) Unwrap(ctx context.Context, use keys.Use, wrapping keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	under, err := sealingBy(wrapping, nonce, aad)
	if err != nil {
		return nil, err
	}
	return kept(k.unwrapPrivate(ctx, use, under, wrapped, notExtractable))
}

// Rewrap implements keys.Ops.
func (k *Keys) Rewrap(ctx context.Context, use keys.Use, from keys.Handle, fromNonce, fromAAD, wrapped []byte, to keys.Handle, toNonce, toAAD []byte) ([]byte, error) {
	before, err := sealingBy(from, fromNonce, fromAAD)
	if err != nil {
		return nil, err
	}
	after, err := sealingBy(to, toNonce, toAAD)
	if err != nil {
		return nil, err
	}
	private, err := k.unwrapPrivate(ctx, use, before, wrapped, extractable)
	if err != nil {
		return nil, err
	}
	return k.wrap(ctx, "pkcs8", private, after)
}

// wrap exports key in a format and seals that, all inside the browser.
func (k *Keys) wrap(ctx context.Context, format string, key jsbridge.Value, under sealing) ([]byte, error) {
	wrapped, err := k.do(ctx, "wrapKey", format, key, under.key, under.params)
	if err != nil {
		return nil, err
	}
	return jsbridge.CopyBytes(wrapped, maxWrapped)
}

func (k *Keys) unwrapPrivate(ctx context.Context, use keys.Use, under sealing, wrapped []byte, exportable bool) (jsbridge.Value, error) {
	params, usages, err := paramsOf(use)
	if err != nil {
		return jsbridge.Value{}, err
	}
	return k.open(ctx, "unwrapKey", "pkcs8", jsbridge.Bytes(wrapped), under.key, under.params, params, exportable, usages)
}

// paramsOf returns the algorithm of a private key and what it may do.
func paramsOf(use keys.Use) (params, usages jsbridge.Value, err error) {
	switch use {
	case keys.UseSign:
		return ecdsaKey, toSign, nil
	case keys.UseAgree:
		return ecdhKey, toDerive, nil
	}
	return jsbridge.Value{}, jsbridge.Value{}, errors.New("webcrypto: unknown use of a key")
}
