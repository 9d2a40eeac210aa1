// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"
	"crypto/subtle"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
)

// Opened is an enrolment that was opened: it holds the vault key.
type Opened struct {
	ops     keys.Ops
	base    keys.Handle
	key     keys.Handle // opens the capsule
	capsule sealed
	bound   []byte
}

// Open opens the enrolment of a slot. Errors are ErrWrongSecret, ErrPRFChanged,
// ErrPRFOutput, ErrMethod, *DamagedError and those of keys.Ops.
func (e *Enrolment) Open(ctx context.Context, env Env, slot Slot, proof Proof) (*Opened, error) {
	if !slot.valid() {
		return nil, &InputError{"slot", "expected ids of 16 bytes in base64url"}
	}
	if proof.method() != e.Method {
		return nil, ErrMethod
	}
	base, err := proof.base(ctx, env, slot, e)
	if err != nil {
		return nil, err
	}
	if err := e.verify(ctx, env, base); err != nil {
		return nil, err
	}
	private, err := e.unwrap(ctx, env, slot, base)
	if err != nil {
		return nil, err
	}
	sender, err := e.derive(ctx, env, base, label.EnrolmentSender, senderSize)
	if err != nil {
		return nil, err
	}
	defer clear(sender)
	key, err := e.capsuleKey(ctx, env, slot, private, sender)
	if err != nil {
		return nil, err
	}
	o := &Opened{ops: env.Keys, key: key, capsule: e.capsule, bound: e.context(slot, label.VaultKeyCapsule)}
	if o.base, err = env.Keys.UnwrapBase(ctx, key, e.capsule.nonce, o.bound, e.capsule.bytes); err != nil {
		return nil, notOpened(PartCapsule, err)
	}
	return o, nil
}

// verify compares the check of base with that of the record.
func (e *Enrolment) verify(ctx context.Context, env Env, base keys.Handle) error {
	check, err := e.derive(ctx, env, base, label.EnrolmentCheck, checkSize)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(check, e.check) == 1 {
		return nil
	}
	switch e.Method {
	case PasskeyPRF:
		return ErrPRFChanged
	case PasskeyGate: // the person gave no secret that could be wrong
		return &DamagedError{Part: PartDevice}
	}
	return ErrWrongSecret
}

// unwrap returns the private key.
func (e *Enrolment) unwrap(ctx context.Context, env Env, slot Slot, base keys.Handle) (keys.Handle, error) {
	wrapping, err := env.Keys.DeriveKey(ctx, base, e.salt, []byte(label.EnrolmentKey))
	if err != nil {
		return nil, err
	}
	bound := e.context(slot, label.EnrolmentKey)
	private, err := env.Keys.Unwrap(ctx, keys.UseAgree, wrapping, e.key.nonce, bound, e.key.bytes)
	if err != nil {
		return nil, notOpened(PartKey, err)
	}
	return private, nil
}

// Base returns the vault key as a base secret: what keys are derived from.
func (o *Opened) Base(ctx context.Context) (keys.Handle, error) { return o.base, ctx.Err() }

// Secret returns the vault key as a secret: what other enrolments are made for.
// Whoever has no need of it does not ask.
func (o *Opened) Secret(ctx context.Context) (keys.Handle, error) {
	return o.ops.UnwrapSecret(ctx, o.key, o.capsule.nonce, o.bound, o.capsule.bytes)
}
