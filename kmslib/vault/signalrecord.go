// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// openSignal returns the plaintext of a Signal record, which the caller clears.
func (v *Vault) openSignal(ctx context.Context, ring *keyring, ref Ref, stored Record) ([]byte, error) {
	r, err := record.ParseSignal(ref.Key, stored.Value)
	if err != nil {
		return nil, damaged(ref.Collection, err)
	}
	if r.Generation != ring.generation {
		return nil, &RecordError{ref.Collection, "it is sealed under another vault key"}
	}
	aad := r.Data(place(ref, stored.Version))
	plaintext, err := v.config.Keys.Open(ctx, ring.signal, r.Nonce, aad, r.Sealed)
	return plaintext, sealError(ref.Collection, "opening a Signal record", err)
}

// sealSignal returns the change that writes a Signal record over the version.
func (v *Vault) sealSignal(
	ctx context.Context, ring *keyring, ref Ref, version uint64, plaintext []byte,
) (Change, error) {
	r := record.Signal{Generation: ring.generation}
	var err error
	if r.Nonce, err = v.random(keys.NonceSize); err != nil {
		return Change{}, err
	}
	r.Sealed, err = v.config.Keys.Seal(ctx, ring.signal, r.Nonce, r.Data(place(ref, version+1)), plaintext)
	if err != nil {
		return Change{}, during("sealing a Signal record", err)
	}
	return Change{Ref: ref, IfVersion: version, Value: r.Marshal()}, nil
}

// openSignalValue returns the true name and the value of a record, which the
// caller clears.
func (v *Vault) openSignalValue(ctx context.Context, ring *keyring, ref Ref, stored Record) (string, []byte, error) {
	plaintext, err := v.openSignal(ctx, ring, ref, stored)
	if err != nil {
		return "", nil, err
	}
	name, value, err := record.ParseSignalValue(plaintext)
	if err != nil {
		return "", nil, damaged(ref.Collection, err)
	}
	return name, value, nil
}

// openNaming returns the naming key of an account record, which the caller
// clears.
func (v *Vault) openNaming(ctx context.Context, ring *keyring, ref Ref, stored Record) ([]byte, error) {
	plaintext, err := v.openSignal(ctx, ring, ref, stored)
	if err != nil {
		return nil, err
	}
	naming, err := record.ParseSignalAccount(plaintext)
	if err != nil {
		return nil, damaged(ref.Collection, err)
	}
	return naming, nil
}

// inspectSignal opens the Signal records of a user whose vault is open here, and
// reports those that this vault did not seal. Unlike others, such records may be
// left out where names are listed, so that nothing else would tell.
func (v *Vault) inspectSignal(ctx context.Context, user string) ([]RecordReport, error) {
	ring := v.openRing(user)
	if ring == nil {
		return nil, nil
	}
	u, _, err := v.readUser(ctx, user)
	if err != nil || u.Generation != ring.generation { // reported, or rotated in another tab
		return nil, nil
	}
	entries, err := v.scanAll(ctx, signalOf(user))
	if err != nil {
		return nil, nil // reported
	}
	var reports []RecordReport
	for _, e := range entries {
		if _, err := record.ParseSignal(e.Ref.Key, e.Value); err != nil {
			continue // reported
		}
		plaintext, err := v.openSignal(ctx, ring, e.Ref, e.Record)
		clear(plaintext)
		unreadable, ok := errors.AsType[*RecordError](err)
		switch {
		case ok:
			reports = append(reports, RecordReport{e.Ref, unreadable.Reason})
		case err != nil:
			return nil, err
		}
	}
	return reports, nil
}
