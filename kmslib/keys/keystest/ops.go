// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/secret"
)

// Ops does in Go what WebCrypto does in a browser. What its handles hold can
// be neither printed nor walked to.
type Ops struct{}

var _ keys.Ops = Ops{}

var (
	errHandle = errors.New("the handle is not of the kind that this operation takes")
	errNonce  = errors.New("expected a nonce of 12 bytes")
)

// The roles of keys, one for each kind of handle but base secrets, which have
// no fixed size.
type (
	signRole   struct{} // private scalar of a signing key
	agreeRole  struct{} // private scalar of an agreement key
	sealRole   struct{} // AES-256 key
	secretRole struct{} // secret
)

func (signRole) KeySize() int   { return 32 }
func (agreeRole) KeySize() int  { return 32 }
func (sealRole) KeySize() int   { return 32 }
func (secretRole) KeySize() int { return keys.SecretSize }

// baseSecret is a base secret behind a function, as in package secret.
type baseSecret struct{ bytes func() []byte }

// newBase returns a base secret of raw, which it keeps.
func newBase(raw []byte) baseSecret { return baseSecret{func() []byte { return raw }} }

// as returns the handle as one of kind H.
func as[H any](ctx context.Context, handle keys.Handle) (H, error) {
	h, ok := handle.(H)
	if err := ctx.Err(); err != nil {
		return h, err
	}
	if !ok {
		return h, errHandle
	}
	return h, nil
}

// PBKDF2 implements keys.Ops.
func (Ops) PBKDF2(ctx context.Context, passphrase, salt []byte, iterations int) (keys.Handle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if iterations < 1 {
		return nil, errors.New("expected at least one iteration")
	}
	raw, err := pbkdf2.Key(sha256.New, string(passphrase), salt, iterations, keys.SecretSize)
	if err != nil {
		return nil, err
	}
	return newBase(raw), nil
}

// ImportBase implements keys.Ops.
func (Ops) ImportBase(ctx context.Context, secret []byte) (keys.Handle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(secret) < keys.MinBaseSize {
		return nil, errors.New("expected a secret of at least 16 bytes")
	}
	return newBase(bytes.Clone(secret)), nil
}

// DeriveBytes implements keys.Ops.
func (Ops) DeriveBytes(ctx context.Context, base keys.Handle, salt, info []byte, n int) ([]byte, error) {
	b, err := as[baseSecret](ctx, base)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > keys.MaxDerived {
		return nil, errors.New("expected a length from 1 to 8160 bytes")
	}
	return hkdf.Key(sha256.New, b.bytes(), salt, string(info), n)
}

// DeriveKey implements keys.Ops.
func (o Ops) DeriveKey(ctx context.Context, base keys.Handle, salt, info []byte) (keys.Handle, error) {
	raw, err := o.DeriveBytes(ctx, base, salt, info, 32)
	if err != nil {
		return nil, err
	}
	return handleOf(secret.Take[sealRole](raw))
}

// GenerateAES implements keys.Ops.
func (Ops) GenerateAES(ctx context.Context) (keys.Handle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return handleOf(secret.Generate[sealRole](rand.Reader))
}

// GenerateSecret implements keys.Ops.
func (Ops) GenerateSecret(ctx context.Context) (keys.Handle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return handleOf(secret.Generate[secretRole](rand.Reader))
}

// handleOf returns a key as a handle, and nil with an error.
func handleOf[R secret.Role](key secret.Key[R], err error) (keys.Handle, error) {
	if err != nil {
		return nil, err
	}
	return key, nil
}
