// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/secret"
)

var errUse = errors.New("expected the use sign or agree")

// GenerateP256 implements keys.Ops.
func (Ops) GenerateP256(ctx context.Context) (keys.Handle, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, nil, err
	}
	handle, err := privateHandle(keys.UseSign, key)
	return handle, point, err
}

// GenerateWrapped implements keys.Ops.
func (o Ops) GenerateWrapped(
	ctx context.Context, use keys.Use, wrapping keys.Handle, nonce, aad []byte,
) (wrapped, point []byte, err error) {
	if use != keys.UseSign && use != keys.UseAgree {
		return nil, nil, errUse
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	structure, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	defer clear(structure)
	if wrapped, err = o.Seal(ctx, wrapping, nonce, aad, structure); err != nil {
		return nil, nil, err
	}
	point, err = key.PublicKey.Bytes()
	return wrapped, point, err
}

// Unwrap implements keys.Ops.
func (o Ops) Unwrap(
	ctx context.Context, use keys.Use, wrapping keys.Handle, nonce, aad, wrapped []byte,
) (keys.Handle, error) {
	structure, err := o.Open(ctx, wrapping, nonce, aad, wrapped)
	if err != nil {
		return nil, err
	}
	defer clear(structure)
	key, err := parseP256(structure)
	if err != nil {
		return nil, err
	}
	return privateHandle(use, key)
}

// Rewrap implements keys.Ops.
func (o Ops) Rewrap(
	ctx context.Context, use keys.Use, from keys.Handle, fromNonce, fromAAD, wrapped []byte,
	to keys.Handle, toNonce, toAAD []byte,
) ([]byte, error) {
	if use != keys.UseSign && use != keys.UseAgree {
		return nil, errUse
	}
	structure, err := o.Open(ctx, from, fromNonce, fromAAD, wrapped)
	if err != nil {
		return nil, err
	}
	defer clear(structure)
	if _, err := parseP256(structure); err != nil {
		return nil, err
	}
	return o.Seal(ctx, to, toNonce, toAAD, structure)
}

// parseP256 reads a private key in PKCS#8.
func parseP256(structure []byte) (*ecdsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(structure)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("what was wrapped is not a P-256 key in PKCS#8")
	}
	return key, nil
}

// privateHandle returns the scalar of key as a handle for one use.
func privateHandle(use keys.Use, key *ecdsa.PrivateKey) (keys.Handle, error) {
	raw, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	switch use {
	case keys.UseSign:
		return handleOf(secret.Take[signRole](raw))
	case keys.UseAgree:
		return handleOf(secret.Take[agreeRole](raw))
	}
	clear(raw)
	return nil, errUse
}

// Agree implements keys.Ops.
func (Ops) Agree(ctx context.Context, private keys.Handle, point []byte) (keys.Handle, error) {
	scalar, err := as[secret.Key[agreeRole]](ctx, private)
	if err != nil {
		return nil, err
	}
	key, err := ecdh.P256().NewPrivateKey(scalar.Expose())
	if err != nil {
		return nil, err
	}
	return agree(key, point)
}

// AgreeEphemeral implements keys.Ops.
func (Ops) AgreeEphemeral(ctx context.Context, point []byte) (keys.Handle, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	base, err := agree(key, point)
	if err != nil {
		return nil, nil, err
	}
	return base, key.PublicKey().Bytes(), nil
}

func agree(key *ecdh.PrivateKey, point []byte) (keys.Handle, error) {
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, errors.New("the point is not one of P-256, uncompressed")
	}
	shared, err := key.ECDH(public)
	if err != nil {
		return nil, err
	}
	return newBase(shared), nil
}
