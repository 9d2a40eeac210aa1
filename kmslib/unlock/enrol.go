// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/wire"
)

// Enrol makes an enrolment for a slot that opens the vault key, a secret of
// keys.Ops with its generation, from 1. Now is in Unix seconds. With WithGate
// there is a device key, which must be stored with the record as its handle;
// else it is nil. Errors are ErrLabel, ErrPRFOutput, *PassphraseError,
// *InputError and those of keys.Ops and of env.Random.
func Enrol(
	ctx context.Context, env Env, slot Slot, name string, now int64,
	vaultKey keys.Handle, generation int64, how Enroller,
) (enrolment *Enrolment, deviceKey keys.Handle, err error) {
	if err := CheckLabel(name); err != nil {
		return nil, nil, err
	}
	if err := checkEnrol(slot, now, generation); err != nil {
		return nil, nil, err
	}
	e := &Enrolment{Label: name, Created: now}
	if e.salt, err = read(env.Random, SaltSize); err != nil {
		return nil, nil, err
	}
	base, deviceKey, err := how.start(ctx, env, slot, e)
	if err != nil {
		return nil, nil, err
	}
	if err := e.fill(ctx, env, slot, base, vaultKey, generation); err != nil {
		return nil, nil, err
	}
	return e, deviceKey, nil
}

func checkEnrol(slot Slot, now, generation int64) error {
	switch {
	case !slot.valid():
		return &InputError{"slot", "expected ids of 16 bytes in base64url"}
	case now < 0 || now > wire.MaxInt:
		return &InputError{"now", "expected Unix seconds"}
	case generation < 1 || generation > wire.MaxInt:
		return &InputError{"generation", "expected a number from 1"}
	}
	return nil
}

// fill makes the check, the key pair and the capsule.
func (e *Enrolment) fill(
	ctx context.Context, env Env, slot Slot, base, vaultKey keys.Handle, generation int64,
) error {
	var err error
	if e.check, err = e.derive(ctx, env, base, label.EnrolmentCheck, checkSize); err != nil {
		return err
	}
	wrapping, err := env.Keys.DeriveKey(ctx, base, e.salt, []byte(label.EnrolmentKey))
	if err != nil {
		return err
	}
	if e.key.nonce, err = read(env.Random, keys.NonceSize); err != nil {
		return err
	}
	bound := e.context(slot, label.EnrolmentKey)
	e.key.bytes, e.point, err = env.Keys.GenerateWrapped(ctx, keys.UseAgree, wrapping, e.key.nonce, bound)
	if err != nil {
		return err
	}
	sender, err := e.derive(ctx, env, base, label.EnrolmentSender, senderSize)
	if err != nil {
		return err
	}
	defer clear(sender)
	return e.send(ctx, env, slot, vaultKey, generation, sender)
}

// derive returns bytes that the base secret has for a purpose.
func (e *Enrolment) derive(
	ctx context.Context, env Env, base keys.Handle, purpose string, n int,
) ([]byte, error) {
	return env.Keys.DeriveBytes(ctx, base, e.salt, []byte(purpose), n)
}

// Reencapsulate returns the enrolment for the next vault key, whose generation
// must be above that of current, the vault key that it carries. It needs no
// secret of the person. The error is a *DamagedError if the record is not the
// one that was enrolled in this slot under current: nothing is sent to such a
// one.
func (e *Enrolment) Reencapsulate(
	ctx context.Context, env Env, slot Slot, current, next keys.Handle, generation int64,
) (*Enrolment, error) {
	if err := checkEnrol(slot, e.Created, generation); err != nil {
		return nil, err
	}
	if generation <= e.generation {
		return nil, &InputError{"generation", "expected one above the enrolment's"}
	}
	sender, err := e.openSender(ctx, env, slot, current)
	if err != nil {
		return nil, err
	}
	defer clear(sender)
	changed := *e
	if err := changed.send(ctx, env, slot, next, generation, sender); err != nil {
		return nil, err
	}
	return &changed, nil
}
