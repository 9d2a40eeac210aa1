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

// Parameters of AES-256-GCM keys.
var (
	aesKey = jsbridge.ValueOf(object{"name": "AES-GCM", "length": keys.SecretSize * 8})
	toSeal = jsbridge.ValueOf([]any{"encrypt", "decrypt", "wrapKey", "unwrapKey"})
)

// GenerateAES implements keys.Ops.
func (k *Keys) GenerateAES(ctx context.Context) (keys.Handle, error) {
	return kept(k.do(ctx, "generateKey", aesKey, notExtractable, toSeal))
}

// Seal implements keys.Ops.
func (k *Keys) Seal(ctx context.Context, handle keys.Handle, nonce, aad, plaintext []byte) ([]byte, error) {
	s, err := sealingBy(handle, nonce, aad)
	if err != nil {
		return nil, err
	}
	input := jsbridge.Bytes(plaintext)
	defer jsbridge.Wipe(input)
	sealed, err := k.do(ctx, "encrypt", s.params, s.key, input)
	if err != nil {
		return nil, err
	}
	return jsbridge.CopyBytes(sealed, len(plaintext)+keys.TagSize)
}

// Open implements keys.Ops.
func (k *Keys) Open(ctx context.Context, handle keys.Handle, nonce, aad, sealed []byte) ([]byte, error) {
	s, err := sealingBy(handle, nonce, aad)
	if err != nil {
		return nil, err
	}
	return takeBytes(k.open(ctx, "decrypt", s.params, s.key, jsbridge.Bytes(sealed)))
}

// sealing is an AES-GCM key with the parameters of one use.
type sealing struct {
	key    jsbridge.Value
	params object
}

func sealingBy(handle keys.Handle, nonce, aad []byte) (sealing, error) {
	key, err := keyOf(handle)
	if err != nil {
		return sealing{}, err
	}
	if len(nonce) != keys.NonceSize {
		return sealing{}, errors.New("webcrypto: expected a nonce of 12 bytes")
	}
	params := object{
		"name":           "AES-GCM",
		"iv":             jsbridge.Bytes(nonce),
		"additionalData": jsbridge.Bytes(aad),
		"tagLength":      keys.TagSize * 8,
	}
	return sealing{key, params}, nil
}
