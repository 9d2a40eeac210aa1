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
	kind := vault.StorageUnavailable
	if thrown, ok := errors.AsType[*jsbridge.Error](err); ok {
		switch thrown.Name {
		case "QuotaExceededError":
			kind = vault.StorageQuota
		case "DataCloneError":
			kind = vault.StorageHandles
		}
	}
	return &vault.StorageError{Op: op, Kind: kind, Err: err}
}

func unavailable(op string, err error) *vault.StorageError {
	return &vault.StorageError{Op: op, Kind: vault.StorageUnavailable, Err: err}
}

// Unavailable is the Store where there is none: everything fails as opening it
// did.
type Unavailable struct{ Err error }

var _ vault.Store = Unavailable{}

// Get implements vault.Store.
func (u Unavailable) Get(context.Context, vault.Ref) (vault.Record, error) {
	return vault.Record{}, u.fault("get")
}

// List implements vault.Store.
func (u Unavailable) List(context.Context, string) ([]vault.Ref, error) {
	return nil, u.fault("list")
}

// Scan implements vault.Store.
func (u Unavailable) Scan(context.Context, string, string, int) ([]vault.Entry, error) {
	return nil, u.fault("scan")
}

// Commit implements vault.Store.
func (u Unavailable) Commit(context.Context, []vault.Change) error {
	return u.fault("commit")
}

// fault keeps the kind of the failure, which says what to do.
func (u Unavailable) fault(op string) error {
	kind := vault.StorageUnavailable
	if failed, ok := errors.AsType[*vault.StorageError](u.Err); ok {
		kind = failed.Kind
	}
	return &vault.StorageError{Op: op, Kind: kind, Err: u.Err}
}
