// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package environment

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// probe is keys to try the browser with, or why there are none.
type probe struct {
	signing, sealing keys.Handle
	err              error
}

func newProbe(ctx context.Context, ops keys.Ops) (p probe) {
	if p.signing, _, p.err = ops.GenerateP256(ctx); p.err == nil {
		p.sealing, p.err = ops.GenerateAES(ctx)
	}
	return p
}

// use tries each sort of operation that the vault needs, with the keys as they
// came back from storage.
func (p probe) use(ctx context.Context, ops keys.Ops, signing, sealing keys.Handle) error {
	if _, err := ops.SignP256(ctx, signing, []byte("probe")); err != nil {
		return err
	}
	return errors.Join(usePair(ctx, ops, sealing), useSecret(ctx, ops, sealing))
}

// Nonces of the probe, whose sealing key is used for nothing else.
var (
	pairNonce   = make([]byte, keys.NonceSize)
	secretNonce = append(make([]byte, keys.NonceSize-1), 1)
)

// usePair wraps an agreement key, unwraps it, and agrees with somebody.
func usePair(ctx context.Context, ops keys.Ops, sealing keys.Handle) error {
	wrapped, point, err := ops.GenerateWrapped(ctx, keys.UseAgree, sealing, pairNonce, nil)
	if err != nil {
		return err
	}
	private, err := ops.Unwrap(ctx, keys.UseAgree, sealing, pairNonce, nil, wrapped)
	if err != nil {
		return err
	}
	_, ephemeral, err := ops.AgreeEphemeral(ctx, point)
	if err != nil {
		return err
	}
	_, err = ops.Agree(ctx, private, ephemeral)
	return err
}

// useSecret wraps a secret, unwraps it as a base secret, and derives from it.
func useSecret(ctx context.Context, ops keys.Ops, sealing keys.Handle) error {
	secret, err := ops.GenerateSecret(ctx)
	if err != nil {
		return err
	}
	wrapped, err := ops.WrapSecret(ctx, secret, sealing, secretNonce, nil)
	if err != nil {
		return err
	}
	base, err := ops.UnwrapBase(ctx, sealing, secretNonce, nil, wrapped)
	if err != nil {
		return err
	}
	_, err = ops.DeriveBytes(ctx, base, nil, nil, 1)
	return err
}
