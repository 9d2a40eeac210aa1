// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

var secretAAD = []byte("whose secret it is")

func (t suite) secretIsOneBase(ctx context.Context) error {
	key, other, err := t.twoKeys(ctx)
	if err != nil {
		return err
	}
	secret, err := t.ops.GenerateSecret(ctx)
	if err != nil {
		return err
	}
	wrapped, err := t.ops.WrapSecret(ctx, secret, key, testNonce, secretAAD)
	if err != nil {
		return err
	}
	if len(wrapped) != keys.SecretSize+keys.TagSize {
		return errors.New("a wrapped secret has not 48 bytes")
	}
	copied, err := t.ops.UnwrapSecret(ctx, key, testNonce, secretAAD, wrapped)
	if err != nil {
		return err
	}
	again, err := t.ops.WrapSecret(ctx, copied, other, testNonce, nil)
	if err != nil {
		return err
	}
	first, err := t.ops.UnwrapBase(ctx, key, testNonce, secretAAD, wrapped)
	if err != nil {
		return err
	}
	second, err := t.ops.UnwrapBase(ctx, other, testNonce, nil, again)
	if err != nil {
		return err
	}
	return t.sameBase(ctx, "the base secret after a second wrapping", second, first)
}

func (t suite) knownSecret(ctx context.Context) error {
	key, known, err := t.knownKey(ctx)
	if err != nil {
		return err
	}
	raw := bytes.Repeat([]byte{0x5a}, keys.SecretSize)
	base, err := t.ops.UnwrapBase(ctx, key, testNonce, secretAAD, known.Seal(nil, testNonce, raw, secretAAD))
	if err != nil {
		return err
	}
	want, err := t.ops.ImportBase(ctx, raw)
	if err != nil {
		return err
	}
	secret, err := t.ops.UnwrapSecret(ctx, key, testNonce, secretAAD, known.Seal(nil, testNonce, raw, secretAAD))
	if err != nil {
		return err
	}
	wrapped, err := t.ops.WrapSecret(ctx, secret, key, []byte("second nonce"), nil)
	if err != nil {
		return err
	}
	return first(
		t.sameBase(ctx, "the unwrapped base secret", base, want),
		equal("the wrapped secret", wrapped, known.Seal(nil, []byte("second nonce"), raw, nil)),
	)
}

func (t suite) alteredSecrets(ctx context.Context) error {
	key, other, err := t.twoKeys(ctx)
	if err != nil {
		return err
	}
	secret, err := t.ops.GenerateSecret(ctx)
	if err != nil {
		return err
	}
	wrapped, err := t.ops.WrapSecret(ctx, secret, key, testNonce, secretAAD)
	if err != nil {
		return err
	}
	unwrap := func(key keys.Handle, nonce, aad, wrapped []byte) error {
		_, secretErr := t.ops.UnwrapSecret(ctx, key, nonce, aad, wrapped)
		_, baseErr := t.ops.UnwrapBase(ctx, key, nonce, aad, wrapped)
		return first(notOpen("UnwrapSecret", secretErr), notOpen("UnwrapBase", baseErr))
	}
	return first(
		unwrap(other, testNonce, secretAAD, wrapped),
		unwrap(key, flipped(testNonce, 0), secretAAD, wrapped),
		unwrap(key, testNonce, flipped(secretAAD, 0), wrapped),
		unwrap(key, testNonce, nil, wrapped),
		unwrap(key, testNonce, secretAAD, flipped(wrapped, 0)),
		unwrap(key, testNonce, secretAAD, flipped(wrapped, 47)),
		unwrap(key, testNonce, secretAAD, wrapped[:47]),
		unwrap(key, testNonce, secretAAD, nil),
	)
}

func (t suite) wrongSizeSecret(ctx context.Context) error {
	key, known, err := t.knownKey(ctx)
	if err != nil {
		return err
	}
	// Which error is left open: a platform may look at the length first.
	for _, size := range []int{0, 16, 31, 33, 64} {
		wrapped := known.Seal(nil, testNonce, make([]byte, size), secretAAD)
		_, secretErr := t.ops.UnwrapSecret(ctx, key, testNonce, secretAAD, wrapped)
		_, baseErr := t.ops.UnwrapBase(ctx, key, testNonce, secretAAD, wrapped)
		if secretErr == nil || baseErr == nil {
			return errors.New("a wrapped secret of another size than 32 bytes was accepted")
		}
	}
	return nil
}

func (t suite) secretsDiffer(ctx context.Context) error {
	key, err := t.key(ctx, "a")
	if err != nil {
		return err
	}
	var wrapped [2][]byte
	for i := range wrapped {
		secret, err := t.ops.GenerateSecret(ctx)
		if err != nil {
			return err
		}
		if wrapped[i], err = t.ops.WrapSecret(ctx, secret, key, testNonce, nil); err != nil {
			return err
		}
	}
	if bytes.Equal(wrapped[0], wrapped[1]) {
		return errors.New("two generated secrets wrap alike")
	}
	return nil
}
