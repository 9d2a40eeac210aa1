// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package environment

import (
	"context"

	"ats.run/kms-enclave/kmslib/vault"
)

// keeping runs stored in a goroutine after the first commit.
type keeping struct {
	vault.Store
	stored func()
}

// Commit implements vault.Store.
func (k *keeping) Commit(ctx context.Context, changes []vault.Change) error {
	err := k.Store.Commit(ctx, changes)
	if err == nil && k.stored != nil {
		go k.stored()
		k.stored = nil
	}
	return err
}
