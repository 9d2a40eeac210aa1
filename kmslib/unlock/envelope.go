// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/wire"
)

const senderSize = 32 // of a sender secret, in bytes

// context returns what a sealing of this label is bound to: see the package
// comment. Nothing of it is ever read from a record as such.
func (e *Enrolment) context(slot Slot, format string) []byte {
	members := []wire.Member{
		text("format", format),
		text("user", slot.User),
		text("id", slot.ID),
		text("method", string(e.Method)),
		number("created", e.Created),
		raw("salt", e.salt),
	}
	if e.kdf != nil {
		members = append(members, wire.Member{Name: "kdf", Value: e.kdf.value()})
	}
	if e.credential != nil {
		members = append(members, wire.Member{Name: "credential", Value: wire.Object(e.credential.fixed()...)})
	}
	if format == label.EnrolmentDevice {
		return wire.Object(members...).Append(nil)
	}
	members = append(members, raw("check", e.check))
	if e.device != nil {
		members = append(members, wire.Member{Name: "device", Value: e.device.value()})
	}
	if format == label.EnrolmentKey {
		return wire.Object(members...).Append(nil)
	}
	members = append(members,
		raw("point", e.point),
		wire.Member{Name: "key", Value: e.key.value()},
		number("generation", e.generation),
	)
	if format == label.VaultKeyCapsule {
		members = append(members, raw("ephemeral", e.ephemeral))
	}
	return wire.Object(members...).Append(nil)
}

// send makes the capsule for a vault key, and seals the sender secret for
// whoever has that vault key. It sets generation, ephemeral, capsule and sender.
func (e *Enrolment) send(
	ctx context.Context, env Env, slot Slot, vaultKey keys.Handle, generation int64, sender []byte,
) error {
	e.generation = generation
	shared, ephemeral, err := env.Keys.AgreeEphemeral(ctx, e.point)
	if err != nil {
		return err
	}
	e.ephemeral = ephemeral
	bound := e.context(slot, label.VaultKeyCapsule)
	key, err := env.Keys.DeriveKey(ctx, shared, sender, bound)
	if err != nil {
		return err
	}
	if e.capsule.nonce, err = read(env.Random, keys.NonceSize); err != nil {
		return err
	}
	if e.capsule.bytes, err = env.Keys.WrapSecret(ctx, vaultKey, key, e.capsule.nonce, bound); err != nil {
		return err
	}
	return e.sealSender(ctx, env, slot, vaultKey, sender)
}

// capsuleKey returns the key of the capsule as the person's side derives it.
func (e *Enrolment) capsuleKey(
	ctx context.Context, env Env, slot Slot, private keys.Handle, sender []byte,
) (keys.Handle, error) {
	shared, err := env.Keys.Agree(ctx, private, e.ephemeral)
	switch {
	case err == nil:
	case ctx.Err() != nil, errors.Is(err, keys.ErrNotSupported):
		return nil, err
	default: // the point is not on the curve
		return nil, &DamagedError{PartCapsule, err}
	}
	return env.Keys.DeriveKey(ctx, shared, sender, e.context(slot, label.VaultKeyCapsule))
}

func (e *Enrolment) sealSender(ctx context.Context, env Env, slot Slot, vaultKey keys.Handle, sender []byte) error {
	key, bound, err := e.senderKey(ctx, env, slot, vaultKey)
	if err != nil {
		return err
	}
	if e.sender.nonce, err = read(env.Random, keys.NonceSize); err != nil {
		return err
	}
	e.sender.bytes, err = env.Keys.Seal(ctx, key, e.sender.nonce, bound, sender)
	return err
}

// openSender returns the sender secret, which the caller clears. The error is a
// *DamagedError if the record is not the one that was enrolled in this slot
// under this vault key.
func (e *Enrolment) openSender(ctx context.Context, env Env, slot Slot, vaultKey keys.Handle) ([]byte, error) {
	key, bound, err := e.senderKey(ctx, env, slot, vaultKey)
	if err != nil {
		return nil, err
	}
	sender, err := env.Keys.Open(ctx, key, e.sender.nonce, bound, e.sender.bytes)
	if err != nil {
		return nil, notOpened(PartSender, err)
	}
	if len(sender) != senderSize {
		clear(sender)
		return nil, &DamagedError{Part: PartSender}
	}
	return sender, nil
}

// senderKey returns the key that seals the sender secret for the vault, and
// what it is bound to.
func (e *Enrolment) senderKey(
	ctx context.Context, env Env, slot Slot, vaultKey keys.Handle,
) (key keys.Handle, bound []byte, err error) {
	base, err := baseOf(ctx, env, vaultKey)
	if err != nil {
		return nil, nil, err
	}
	bound = e.context(slot, label.EnrolmentSender)
	key, err = env.Keys.DeriveKey(ctx, base, nil, bound)
	return key, bound, err
}

// baseOf returns a secret as a base secret: wrapped and unwrapped under a key
// that is forgotten at once.
func baseOf(ctx context.Context, env Env, secret keys.Handle) (keys.Handle, error) {
	once, err := env.Keys.GenerateAES(ctx)
	if err != nil {
		return nil, err
	}
	nonce, err := read(env.Random, keys.NonceSize)
	if err != nil {
		return nil, err
	}
	wrapped, err := env.Keys.WrapSecret(ctx, secret, once, nonce, nil)
	if err != nil {
		return nil, err
	}
	return env.Keys.UnwrapBase(ctx, once, nonce, nil, wrapped)
}

// notOpened returns the error of a part that keys.Ops did not open: a failure of
// the platform says nothing about the record.
func notOpened(part Part, err error) error {
	if errors.Is(err, keys.ErrOpen) {
		return &DamagedError{part, err}
	}
	return err
}
