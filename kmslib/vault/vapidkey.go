// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// vapidKey is a VAPID key that is ready to sign.
type vapidKey struct {
	public vapid.PublicKey
	handle Handle
}

// newVAPID makes a VAPID key and the change that stores it.
func (v *Vault) newVAPID(ctx context.Context, ring *keyring, origin string, now int64) (record.VAPID, Change, error) {
	wrapped, point, nonce, err := v.freshKey(ctx, ring.records)
	if err != nil {
		return record.VAPID{}, Change{}, err
	}
	key, err := vapid.NewPublicKey(point)
	if err != nil {
		return record.VAPID{}, Change{}, during("making the key", err)
	}
	r := record.VAPID{Origin: origin, Key: key, Created: now, Protection: record.Sealed, Generation: ring.generation}
	if r.Nonce, err = v.random(keys.NonceSize); err != nil {
		return r, Change{}, err
	}
	ref := Ref{vapidOf(ring.user), r.Name()}
	r.Wrapped, err = v.config.Keys.Rewrap(ctx, keys.UseSign, ring.records, nonce, []byte(label.FreshKey), wrapped,
		ring.records, r.Nonce, r.Data(place(ref, 1)))
	if err != nil {
		return r, Change{}, sealError(ref.Collection, "wrapping the key", err)
	}
	return r, Change{Ref: ref, Value: r.Marshal()}, nil
}

// sealVAPID returns the change that stores a key which the browser keeps: its
// clear members are sealed with nothing inside.
func (v *Vault) sealVAPID(
	ctx context.Context, ring *keyring, r record.VAPID, handle Handle, ifVersion uint64,
) (Change, error) {
	r.Generation = ring.generation
	ref := Ref{vapidOf(ring.user), r.Name()}
	var err error
	if r.Nonce, err = v.random(keys.NonceSize); err != nil {
		return Change{}, err
	}
	r.Wrapped, err = v.config.Keys.Seal(ctx, ring.records, r.Nonce, r.Data(place(ref, ifVersion+1)), nil)
	if err != nil {
		return Change{}, during("sealing the key", err)
	}
	return Change{Ref: ref, IfVersion: ifVersion, Value: r.Marshal(), Handle: handle}, nil
}

// rewrapVAPID returns the change that stores a key under the next vault key.
func (v *Vault) rewrapVAPID(ctx context.Context, ring, next *keyring, old record.VAPID, e Entry) (Change, error) {
	from := old.Data(place(e.Ref, e.Version))
	if old.Protection == record.Browser {
		if _, err := v.openVAPID(ctx, ring, old, e.Ref, e.Record); err != nil {
			return Change{}, err
		}
		return v.sealVAPID(ctx, next, old, e.Handle, e.Version)
	}
	r := old
	r.Generation = next.generation
	var err error
	if r.Nonce, err = v.random(keys.NonceSize); err != nil {
		return Change{}, err
	}
	r.Wrapped, err = v.config.Keys.Rewrap(ctx, keys.UseSign, ring.records, old.Nonce, from, old.Wrapped,
		next.records, r.Nonce, r.Data(place(e.Ref, e.Version+1)))
	if err != nil {
		return Change{}, sealError(e.Ref.Collection, "wrapping the key", err)
	}
	return Change{Ref: e.Ref, IfVersion: e.Version, Value: r.Marshal()}, nil
}

// readVAPID returns the record of a VAPID key. Nothing is opened.
func (v *Vault) readVAPID(ctx context.Context, ref Ref) (record.VAPID, Record, error) {
	stored, err := v.config.Store.Get(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return record.VAPID{}, stored, err
	}
	if err != nil {
		return record.VAPID{}, stored, during("reading the key", err)
	}
	r, err := record.ParseVAPID(ref.Key, stored.Value)
	if err != nil {
		return r, stored, damaged(ref.Collection, err)
	}
	if r.Protection == record.Browser && stored.Handle == nil {
		return r, stored, &RecordError{ref.Collection, "its private key is missing"}
	}
	return r, stored, nil
}

// openVAPID returns the private key of a record.
func (v *Vault) openVAPID(
	ctx context.Context, ring *keyring, r record.VAPID, ref Ref, stored Record,
) (Handle, error) {
	if r.Generation != ring.generation {
		return nil, &RecordError{ref.Collection, "it is sealed under another vault key"}
	}
	aad := r.Data(place(ref, stored.Version))
	if r.Protection == record.Sealed {
		handle, err := v.config.Keys.Unwrap(ctx, keys.UseSign, ring.records, r.Nonce, aad, r.Wrapped)
		return handle, sealError(ref.Collection, "unwrapping the key", err)
	}
	if _, err := v.config.Keys.Open(ctx, ring.records, r.Nonce, aad, r.Wrapped); err != nil {
		return nil, sealError(ref.Collection, "opening the key", err)
	}
	if !v.signsFor(ctx, stored.Handle, r.Key.Point()) {
		return nil, &RecordError{ref.Collection, "its private key is not that of its public key"}
	}
	return stored.Handle, nil
}

// vapidKey returns the key at ref, which it remembers as long as nothing of the
// user changes elsewhere.
func (t *transaction) vapidKey(ctx context.Context, ref Ref) (vapidKey, error) {
	if known, ok := t.state.vapid[ref.Key]; ok {
		return known, nil
	}
	r, stored, err := t.v.readVAPID(ctx, ref)
	if err != nil {
		return vapidKey{}, err
	}
	handle, err := t.v.openVAPID(ctx, t.ring, r, ref, stored)
	if err != nil {
		return vapidKey{}, err
	}
	key := vapidKey{r.Key, handle}
	t.state.vapid[ref.Key] = key
	return key, nil
}
