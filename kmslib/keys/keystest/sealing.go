// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/secret"
)

// aead returns the cipher of a sealing key, once the nonce fits it.
func aead(ctx context.Context, handle keys.Handle, nonce []byte) (cipher.AEAD, error) {
	key, err := as[secret.Key[sealRole]](ctx, handle)
	if err != nil {
		return nil, err
	}
	if len(nonce) != keys.NonceSize {
		return nil, errNonce
	}
	block, err := aes.NewCipher(key.Expose())
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Seal implements keys.Ops.
func (Ops) Seal(ctx context.Context, key keys.Handle, nonce, aad, plaintext []byte) ([]byte, error) {
	gcm, err := aead(ctx, key, nonce)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(nil, nonce, plaintext, aad), nil
}

// Open implements keys.Ops.
func (Ops) Open(ctx context.Context, key keys.Handle, nonce, aad, sealed []byte) ([]byte, error) {
	gcm, err := aead(ctx, key, nonce)
	if err != nil {
		return nil, err
	}
	plaintext, err := gcm.Open(nil, nonce, sealed, aad)
	if err != nil {
		return nil, keys.ErrOpen
	}
	return plaintext, nil
}

// WrapSecret implements keys.Ops.
func (o Ops) WrapSecret(ctx context.Context, handle, wrapping keys.Handle, nonce, aad []byte) ([]byte, error) {
	s, err := as[secret.Key[secretRole]](ctx, handle)
	if err != nil {
		return nil, err
	}
	return o.Seal(ctx, wrapping, nonce, aad, s.Expose())
}

// UnwrapSecret implements keys.Ops.
func (o Ops) UnwrapSecret(ctx context.Context, wrapping keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	raw, err := o.openSecret(ctx, wrapping, nonce, aad, wrapped)
	if err != nil {
		return nil, err
	}
	return handleOf(secret.Take[secretRole](raw))
}

// UnwrapBase implements keys.Ops.
func (o Ops) UnwrapBase(ctx context.Context, wrapping keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	raw, err := o.openSecret(ctx, wrapping, nonce, aad, wrapped)
	if err != nil {
		return nil, err
	}
	return newBase(raw), nil
}

func (o Ops) openSecret(ctx context.Context, wrapping keys.Handle, nonce, aad, wrapped []byte) ([]byte, error) {
	raw, err := o.Open(ctx, wrapping, nonce, aad, wrapped)
	if err != nil {
		return nil, err
	}
	if len(raw) != keys.SecretSize {
		clear(raw)
		return nil, errors.New("what was wrapped is not a secret of 32 bytes")
	}
	return raw, nil
}
