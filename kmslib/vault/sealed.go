// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// sealError returns err as a *RecordError if it says that what is stored was
// not sealed by this vault for this place.
func sealError(collection, step string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keys.ErrOpen):
		return &RecordError{collection, "it was not sealed by this vault for this place, or was altered"}
	}
	return during(step, err)
}

// readRoster returns the roster with the version of its record.
func (v *Vault) readRoster(ctx context.Context, ring *keyring) (record.Roster, uint64, error) {
	ref := rosterRef(ring.user)
	stored, err := v.config.Store.Get(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return record.Roster{}, 0, &RecordError{ref.Collection, "the roster is missing"}
	}
	if err != nil {
		return record.Roster{}, 0, during("reading the roster", err)
	}
	sealed, err := record.ParseSealedRoster(stored.Value)
	if err != nil {
		return record.Roster{}, 0, damaged(ref.Collection, err)
	}
	aad := sealed.Data(place(ref, stored.Version))
	plaintext, err := v.config.Keys.Open(ctx, ring.roster, sealed.Nonce, aad, sealed.Sealed)
	if err != nil {
		return record.Roster{}, 0, sealError(ref.Collection, "opening the roster", err)
	}
	roster, err := record.ParseRoster(plaintext)
	if err != nil {
		return roster, 0, damaged(ref.Collection, err)
	}
	return roster, stored.Version, nil
}

// sealRoster returns the change that replaces the roster of a version.
func (v *Vault) sealRoster(ctx context.Context, ring *keyring, roster record.Roster, version uint64) (Change, error) {
	ref := rosterRef(ring.user)
	sealed := record.SealedRoster{Generation: ring.generation}
	var err error
	if sealed.Nonce, err = v.random(keys.NonceSize); err != nil {
		return Change{}, err
	}
	aad := sealed.Data(place(ref, version+1))
	sealed.Sealed, err = v.config.Keys.Seal(ctx, ring.roster, sealed.Nonce, aad, roster.Marshal())
	if err != nil {
		return Change{}, during("sealing the roster", err)
	}
	return Change{Ref: ref, IfVersion: version, Value: sealed.Marshal()}, nil
}
