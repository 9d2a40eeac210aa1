// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/vapid"
)

// Config is what a Vault is made of. All are required.
type Config struct {
	Store  Store
	Clock  Clock
	Random Random
	Keys   KeyOps
}

// Vault holds keys in a Store. It keeps no state of its own, so that any number
// of goroutines, and of Vaults over one Store, may work at once.
//
// Every method takes the origin on whose behalf it acts. Keys of other origins
// are, to the caller, not there. All errors may also be the context's, or a
// *StorageError.
type Vault struct{ config Config }

// New returns a Vault. It panics if a part of config is missing.
func New(config Config) *Vault {
	if config.Store == nil || config.Clock == nil || config.Random == nil || config.Keys == nil {
		panic("vault: internal error: incomplete Config")
	}
	return &Vault{config}
}

// checkOrigin returns an *InputError if text is not an origin.
func checkOrigin(text string) error {
	if _, err := origin.Parse(text); err != nil {
		return &InputError{"origin", err.Error()}
	}
	return nil
}

// getVAPID returns the VAPID key kid of an origin with the record's version.
func (v *Vault) getVAPID(ctx context.Context, origin, kid string) (vapidRecord, Record, error) {
	if err := checkOrigin(origin); err != nil {
		return vapidRecord{}, Record{}, err
	}
	if !vapid.IsKeyID(kid) {
		return vapidRecord{}, Record{}, ErrNotFound
	}
	ref := vapidRef(origin, kid)
	stored, err := v.config.Store.Get(ctx, ref)
	if err != nil {
		return vapidRecord{}, Record{}, during("reading the key", err)
	}
	record, err := parseVAPIDRecord(ref, stored.Value)
	if err == nil && stored.Handle == nil {
		err = &RecordError{ref.Collection, "its private key is missing"}
	}
	return record, stored, err
}
