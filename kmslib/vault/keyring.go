// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"strconv"
	"sync"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// keyring is what the vault key of a user is for. The package comment says how
// each key is derived.
type keyring struct {
	user       string
	generation int64
	base       Handle // the vault key
	records    Handle // wraps stored keys
	logWrap    Handle // wraps the log key
	roster     Handle // seals the roster
	signal     Handle // seals records of Signal accounts

	mutex  sync.Mutex
	signer *logSigner        // the log key, once it was unwrapped
	names  map[string]string // true names of Signal records, by their keys
}

// maxNames is how many true names are remembered: a name never changes, so what
// is known need not be read again to list names. 10,000 devices, the most that
// an account has sessions with, have three records each.
const maxNames = 32_768

// learn remembers the true name of a Signal record.
func (r *keyring) learn(key, name string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.names == nil {
		r.names = make(map[string]string)
	}
	if len(r.names) < maxNames {
		r.names[key] = name
	}
}

// unlearn forgets the true name of a Signal record that is deleted.
func (r *keyring) unlearn(key string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.names, key)
}

// nameOf returns the true name of a Signal record if it is known.
func (r *keyring) nameOf(key string) (string, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	name, ok := r.names[key]
	return name, ok
}

func (v *Vault) newKeyring(ctx context.Context, user string, generation int64, base Handle) (*keyring, error) {
	ring := &keyring{user: user, generation: generation, base: base}
	for _, purpose := range []struct {
		label string
		key   *Handle
	}{
		{label.RecordWrap, &ring.records},
		{label.LogWrap, &ring.logWrap},
		{label.RosterSeal, &ring.roster},
		{label.SignalSeal, &ring.signal},
	} {
		info := purpose.label + "\n" + user + "\n" + strconv.FormatInt(generation, 10)
		key, err := v.config.Keys.DeriveKey(ctx, base, nil, []byte(info))
		if err != nil {
			return nil, during("deriving a key", err)
		}
		*purpose.key = key
	}
	return ring, nil
}

// logSigner signs with a log key or a delegated key.
type logSigner struct {
	keys KeyOps
	key  Handle
	id   string
}

var _ auditlog.Signer = (*logSigner)(nil)

// ID implements auditlog.Signer.
func (s *logSigner) ID() string { return s.id }

// Sign implements auditlog.Signer.
func (s *logSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	return s.keys.SignP256(ctx, s.key, message)
}

// logSigner returns the signer of the log that belongs to ring, which it
// remembers.
func (v *Vault) logSigner(ctx context.Context, ring *keyring) (*logSigner, error) {
	ring.mutex.Lock()
	signer := ring.signer
	ring.mutex.Unlock()
	if signer != nil {
		return signer, nil
	}
	stored, key, err := v.readLogKey(ctx, ring.user)
	if err != nil {
		return nil, err
	}
	handle, err := v.unwrapLogKey(ctx, ring, stored, key)
	if err != nil {
		return nil, err
	}
	return ring.remember(v.config.Keys, handle, key.Point)
}

// remember makes the signer of the log key.
func (r *keyring) remember(ops KeyOps, key Handle, point []byte) (*logSigner, error) {
	id, err := auditlog.KeyID(point)
	if err != nil {
		return nil, err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.signer = &logSigner{ops, key, id}
	return r.signer, nil
}

func (v *Vault) readLogKey(ctx context.Context, user string) (Record, record.LogKey, error) {
	ref := logKeyRef(user)
	stored, err := v.config.Store.Get(ctx, ref)
	if err != nil {
		return stored, record.LogKey{}, during("reading the log key", err)
	}
	key, err := record.ParseLogKey(stored.Value)
	if err != nil {
		return stored, key, damaged(ref.Collection, err)
	}
	return stored, key, nil
}

func (v *Vault) unwrapLogKey(ctx context.Context, ring *keyring, stored Record, key record.LogKey) (Handle, error) {
	ref := logKeyRef(ring.user)
	if key.Generation != ring.generation {
		return nil, &RecordError{ref.Collection, "the log key is of another generation of the vault key"}
	}
	aad := key.Data(place(ref, stored.Version))
	handle, err := v.config.Keys.Unwrap(ctx, keys.UseSign, ring.logWrap, key.Nonce, aad, key.Wrapped)
	return handle, sealError(ref.Collection, "unwrapping the log key", err)
}

// newLogKey makes a log key and its record for version 1.
func (v *Vault) newLogKey(ctx context.Context, ring *keyring, now int64) (record.LogKey, error) {
	wrapped, point, nonce, err := v.freshKey(ctx, ring.logWrap)
	if err != nil {
		return record.LogKey{}, err
	}
	key := record.LogKey{Generation: ring.generation, Point: point, Created: now}
	if key.Nonce, err = v.random(keys.NonceSize); err != nil {
		return key, err
	}
	key.Wrapped, err = v.config.Keys.Rewrap(ctx, keys.UseSign, ring.logWrap, nonce, []byte(label.FreshKey), wrapped,
		ring.logWrap, key.Nonce, key.Data(place(logKeyRef(ring.user), 1)))
	return key, sealError(stateOf(ring.user), "wrapping the log key", err)
}

// freshKey makes a signing key wrapped with the additional data of a key that
// has no record yet: its record names the public point, which is not known
// before.
func (v *Vault) freshKey(ctx context.Context, wrapping Handle) (wrapped, point, nonce []byte, err error) {
	if nonce, err = v.random(keys.NonceSize); err != nil {
		return nil, nil, nil, err
	}
	wrapped, point, err = v.config.Keys.GenerateWrapped(ctx, keys.UseSign, wrapping, nonce, []byte(label.FreshKey))
	if err != nil {
		return nil, nil, nil, during("making a key", err)
	}
	return wrapped, point, nonce, nil
}
