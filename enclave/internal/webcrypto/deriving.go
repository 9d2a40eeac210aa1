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

// Parameters of keys to derive from, and of agreeing on one.
var (
	ecdhKey   = jsbridge.ValueOf(object{"name": "ECDH", "namedCurve": "P-256"})
	toDerive  = jsbridge.ValueOf([]any{"deriveKey", "deriveBits"})
	toNothing = jsbridge.ValueOf([]any{})
)

// PBKDF2 implements keys.Ops.
func (k *Keys) PBKDF2(ctx context.Context, passphrase, salt []byte, iterations int) (keys.Handle, error) {
	if iterations < 1 {
		return nil, errors.New("webcrypto: expected at least one iteration")
	}
	key, err := k.importSecret(ctx, passphrase, "PBKDF2", []any{"deriveBits"})
	if err != nil {
		return nil, err
	}
	params := object{"name": "PBKDF2", "hash": "SHA-256", "salt": jsbridge.Bytes(salt), "iterations": iterations}
	bits, err := k.do(ctx, "deriveBits", params, key, keys.SecretSize*8)
	if err != nil {
		return nil, err
	}
	defer jsbridge.Wipe(bits)
	return kept(k.do(ctx, "importKey", "raw", bits, "HKDF", notExtractable, toDerive))
}

// ImportBase implements keys.Ops.
func (k *Keys) ImportBase(ctx context.Context, secret []byte) (keys.Handle, error) {
	if len(secret) < keys.MinBaseSize {
		return nil, errors.New("webcrypto: expected a base secret of at least 16 bytes")
	}
	return kept(k.importSecret(ctx, secret, "HKDF", toDerive))
}

// importSecret makes a key of bytes, and leaves no copy of them.
func (k *Keys) importSecret(ctx context.Context, secret []byte, algorithm string, usages any) (jsbridge.Value, error) {
	raw := jsbridge.Bytes(secret)
	defer jsbridge.Wipe(raw)
	return k.do(ctx, "importKey", "raw", raw, algorithm, notExtractable, usages)
}

// DeriveKey implements keys.Ops.
func (k *Keys) DeriveKey(ctx context.Context, base keys.Handle, salt, info []byte) (keys.Handle, error) {
	from, err := keyOf(base)
	if err != nil {
		return nil, err
	}
	return kept(k.do(ctx, "deriveKey", hkdf(salt, info), from, aesKey, notExtractable, toSeal))
}

// DeriveBytes implements keys.Ops.
func (k *Keys) DeriveBytes(ctx context.Context, base keys.Handle, salt, info []byte, n int) ([]byte, error) {
	from, err := keyOf(base)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > keys.MaxDerived {
		return nil, errors.New("webcrypto: expected 1 to 8160 bytes to derive")
	}
	return takeBytes(k.do(ctx, "deriveBits", hkdf(salt, info), from, n*8))
}

func hkdf(salt, info []byte) object {
	return object{"name": "HKDF", "hash": "SHA-256", "salt": jsbridge.Bytes(salt), "info": jsbridge.Bytes(info)}
}

// Agree implements keys.Ops.
func (k *Keys) Agree(ctx context.Context, private keys.Handle, point []byte) (keys.Handle, error) {
	key, err := keyOf(private)
	if err != nil {
		return nil, err
	}
	return k.agree(ctx, key, point)
}

// AgreeEphemeral implements keys.Ops.
func (k *Keys) AgreeEphemeral(ctx context.Context, point []byte) (keys.Handle, []byte, error) {
	pair, err := k.do(ctx, "generateKey", ecdhKey, notExtractable, toDerive)
	if err != nil {
		return nil, nil, err
	}
	base, err := k.agree(ctx, pair.Get("privateKey"), point)
	if err != nil {
		return nil, nil, err
	}
	ephemeral, err := k.pointOf(ctx, pair)
	return base, ephemeral, err
}

func (k *Keys) agree(ctx context.Context, private jsbridge.Value, point []byte) (keys.Handle, error) {
	if len(point) != keys.PointSize {
		return nil, errors.New("webcrypto: expected a point of 65 bytes")
	}
	public, err := k.do(ctx, "importKey", "raw", jsbridge.Bytes(point), ecdhKey, extractable, toNothing)
	if nameOf(err) == "DataError" {
		return nil, errors.New("webcrypto: the point is not on P-256")
	}
	if err != nil {
		return nil, err
	}
	params := object{"name": "ECDH", "public": public}
	return kept(k.do(ctx, "deriveKey", params, private, "HKDF", notExtractable, toDerive))
}
