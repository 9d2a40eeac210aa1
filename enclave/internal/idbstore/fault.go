// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package idbstore

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

// fault returns err, which the browser gave, as what a vault.Store returns.
func fault(op string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	thrown, ok := errors.AsType[*jsbridge.Error](err)
	if ok && thrown.Name == "QuotaExceededError" {
		return &vault.StorageError{Op: op, Kind: vault.StorageQuota, Err: err}
	}
	return unavailable(op, err)
}

func unavailable(op string, err error) *vault.StorageError {
	return &vault.StorageError{Op: op, Kind: vault.StorageUnavailable, Err: err}
}

// Unavailable is the Store where there is none: everything fails with Err.
type Unavailable struct{ Err error }

var _ vault.Store = Unavailable{}

// Get implements vault.Store.
func (u Unavailable) Get(context.Context, vault.Ref) (vault.Record, error) {
	return vault.Record{}, unavailable("get", u.Err)
}

// List implements vault.Store.
func (u Unavailable) List(context.Context, string) ([]vault.Ref, error) {
	return nil, unavailable("list", u.Err)
}

// Commit implements vault.Store.
func (u Unavailable) Commit(context.Context, []vault.Change) error {
	return unavailable("commit", u.Err)
}
