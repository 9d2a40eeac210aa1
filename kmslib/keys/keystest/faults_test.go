// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// faults are Ops each of which does one thing wrong.
var faults = map[string]keys.Ops{
	"additional data is ignored":               noAAD{},
	"the nonce is ignored":                     noNonce{},
	"a failed authentication is another error": otherError{},
	"every signature verifies":                 verifiesAll{},
	"a passphrase is stretched once":           oneIteration{},
	"the salt of HKDF is left out":             noSalt{},
	"the info of HKDF is left out":             noInfo{},
	"an imported secret is kept, not copied":   keepsSecret{},
	"an imported secret is cleared":            clearsSecret{},
	"the ephemeral key is always the same":     fixedEphemeral{},
	"rewrapping keeps the old wrapping":        rewrapsNothing{},
	"unwrapping a secret makes a new one":      newSecret{},
	"generated secrets are the same":           sameSecret{},
	"generated sealing keys are the same":      sameAES{},
	"a cancelled context is ignored":           neverCancelled{},
	"signatures are in DER":                    longSignature{},
	"an unknown algorithm does not verify":     unknownFails{},
}

type noAAD struct{ Ops }

func (f noAAD) Seal(ctx context.Context, key keys.Handle, nonce, _, plaintext []byte) ([]byte, error) {
	return f.Ops.Seal(ctx, key, nonce, nil, plaintext)
}

func (f noAAD) Open(ctx context.Context, key keys.Handle, nonce, _, sealed []byte) ([]byte, error) {
	return f.Ops.Open(ctx, key, nonce, nil, sealed)
}

type noNonce struct{ Ops }

func (f noNonce) WrapSecret(ctx context.Context, secret, key keys.Handle, _, aad []byte) ([]byte, error) {
	return f.Ops.WrapSecret(ctx, secret, key, testNonce, aad)
}

func (f noNonce) UnwrapSecret(ctx context.Context, key keys.Handle, _, aad, wrapped []byte) (keys.Handle, error) {
	return f.Ops.UnwrapSecret(ctx, key, testNonce, aad, wrapped)
}

type otherError struct{ Ops }

func (f otherError) Unwrap(
	ctx context.Context, use keys.Use, key keys.Handle, nonce, aad, wrapped []byte,
) (keys.Handle, error) {
	handle, err := f.Ops.Unwrap(ctx, use, key, nonce, aad, wrapped)
	if errors.Is(err, keys.ErrOpen) {
		return nil, errors.New("something went wrong")
	}
	return handle, err
}

type verifiesAll struct{ Ops }

func (f verifiesAll) Verify(ctx context.Context, alg keys.Algorithm, spki, message, signature []byte) error {
	if err := f.Ops.Verify(ctx, alg, spki, message, signature); !errors.Is(err, keys.ErrOpen) {
		return err
	}
	return nil
}

type unknownFails struct{ Ops }

func (f unknownFails) Verify(ctx context.Context, alg keys.Algorithm, spki, message, signature []byte) error {
	if err := f.Ops.Verify(ctx, alg, spki, message, signature); !errors.Is(err, keys.ErrNotSupported) {
		return err
	}
	return keys.ErrOpen
}

type oneIteration struct{ Ops }

func (f oneIteration) PBKDF2(ctx context.Context, passphrase, salt []byte, n int) (keys.Handle, error) {
	return f.Ops.PBKDF2(ctx, passphrase, salt, min(n, 1))
}

type noSalt struct{ Ops }

func (f noSalt) DeriveBytes(ctx context.Context, base keys.Handle, _, info []byte, n int) ([]byte, error) {
	return f.Ops.DeriveBytes(ctx, base, nil, info, n)
}

type noInfo struct{ Ops }

func (f noInfo) DeriveKey(ctx context.Context, base keys.Handle, salt, _ []byte) (keys.Handle, error) {
	return f.Ops.DeriveKey(ctx, base, salt, nil)
}

type keepsSecret struct{ Ops }

func (f keepsSecret) ImportBase(ctx context.Context, secret []byte) (keys.Handle, error) {
	if _, err := f.Ops.ImportBase(ctx, secret); err != nil {
		return nil, err
	}
	return newBase(secret), nil
}

type clearsSecret struct{ Ops }

func (f clearsSecret) ImportBase(ctx context.Context, secret []byte) (keys.Handle, error) {
	defer clear(secret)
	return f.Ops.ImportBase(ctx, secret)
}

type fixedEphemeral struct{ Ops }

func (f fixedEphemeral) AgreeEphemeral(ctx context.Context, point []byte) (keys.Handle, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	key, err := parseP256(cdhPKCS8())
	if err != nil {
		return nil, nil, err
	}
	private, err := key.ECDH()
	if err != nil {
		return nil, nil, err
	}
	base, err := agree(private, point)
	return base, unhex(cdhPoint), err
}

type rewrapsNothing struct{ Ops }

func (f rewrapsNothing) Rewrap(
	ctx context.Context, use keys.Use, from keys.Handle, fromNonce, fromAAD, wrapped []byte,
	to keys.Handle, toNonce, toAAD []byte,
) ([]byte, error) {
	_, err := f.Ops.Rewrap(ctx, use, from, fromNonce, fromAAD, wrapped, to, toNonce, toAAD)
	return wrapped, err
}

type newSecret struct{ Ops }

func (f newSecret) UnwrapSecret(ctx context.Context, key keys.Handle, nonce, aad, wrapped []byte) (keys.Handle, error) {
	if _, err := f.Ops.UnwrapSecret(ctx, key, nonce, aad, wrapped); err != nil {
		return nil, err
	}
	return f.GenerateSecret(ctx)
}

type sameSecret struct{ Ops }

func (f sameSecret) GenerateSecret(ctx context.Context) (keys.Handle, error) {
	key, known, err := suite{f.Ops}.knownKey(ctx)
	if err != nil {
		return nil, err
	}
	return f.UnwrapSecret(ctx, key, testNonce, nil, known.Seal(nil, testNonce, make([]byte, keys.SecretSize), nil))
}

type sameAES struct{ Ops }

func (f sameAES) GenerateAES(ctx context.Context) (keys.Handle, error) {
	key, _, err := suite{f.Ops}.knownKey(ctx)
	return key, err
}

type neverCancelled struct{ Ops }

func (f neverCancelled) Agree(ctx context.Context, private keys.Handle, point []byte) (keys.Handle, error) {
	return f.Ops.Agree(context.WithoutCancel(ctx), private, point)
}

type longSignature struct{ Ops }

func (f longSignature) SignP256(ctx context.Context, key keys.Handle, message []byte) ([]byte, error) {
	signature, err := f.Ops.SignP256(ctx, key, message)
	if err != nil {
		return nil, err
	}
	return append([]byte{0x30, 0x40}, signature...), nil
}
