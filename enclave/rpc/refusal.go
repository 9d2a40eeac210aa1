// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"errors"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/vapid"
	"ats.run/kms-enclave/kmslib/vault"
)

// conflictWait is how long to wait after someone else changed a record, in
// milliseconds: one transaction.
const conflictWait = 20

// refusalOf translates what the vault says. The texts of the vault's own
// errors are fixed words; those of their causes, which a browser wrote, stay
// inside. An error that is not known here is returned as it is.
func refusalOf(err error) error {
	if claim, ok := errors.AsType[*vapid.ClaimError](err); ok {
		return &Error{Code: InvalidParams, Message: claim.Error()}
	}
	if input, ok := errors.AsType[*vault.InputError](err); ok {
		return &Error{Code: InvalidParams, Message: input.Error()}
	}
	if record, ok := errors.AsType[*vault.RecordError](err); ok {
		return &Error{Code: StorageUnavailable, Message: record.Error()}
	}
	if storage, ok := errors.AsType[*vault.StorageError](err); ok {
		return storageRefusal(storage)
	}
	if refused := ceremonyRefusal(err); refused != nil {
		return refused
	}
	if refused := signalRefusal(err); refused != nil {
		return refused
	}
	switch {
	case errors.Is(err, vault.ErrNotSetUp):
		return &Error{Code: NotSetUp, Message: vault.ErrNotSetUp.Error()}
	case errors.Is(err, vault.ErrLocked):
		return &Error{Code: Locked, Message: vault.ErrLocked.Error()}
	case errors.Is(err, vault.ErrNotGranted):
		return &Error{Code: Locked, Message: vault.ErrNotGranted.Error()}
	case errors.Is(err, vault.ErrRoster), errors.Is(err, vault.ErrPolicy):
		return &Error{Code: StorageUnavailable, Message: "what is stored was changed behind the vault's back; vault.manage shows it"}
	case errors.Is(err, vault.ErrNotFound):
		return &Error{Code: UnknownKey, Message: "no key with this kid belongs to the asking origin"}
	case errors.Is(err, vault.ErrNotSupported):
		return &Error{Code: NotSupported, Message: vault.ErrNotSupported.Error()}
	case errors.Is(err, vault.ErrConflict):
		return &Error{Busy, vault.ErrConflict.Error(), conflictWait}
	}
	return err
}

func storageRefusal(err *vault.StorageError) *Error {
	if err.Kind == vault.StorageQuota {
		return &Error{Code: StorageQuota, Message: "the browser's storage is full; nothing was changed"}
	}
	if err.Kind == vault.StorageHandles {
		return &Error{Code: StorageNoKeys, Message: "the browser stores data here but no keys, as some private and lockdown modes do; nothing was changed"}
	}
	return &Error{Code: StorageUnavailable, Message: "storage " + err.Op + " failed in this browser; nothing was changed"}
}

// ceremonyWait is how long to wait for an open ceremony to end before asking
// again, in milliseconds.
const ceremonyWait = 1000

// ceremonyRefusal translates how a ceremony ended, or returns nil for other
// errors.
func ceremonyRefusal(err error) *Error {
	switch {
	case errors.Is(err, ceremony.ErrBusy):
		return &Error{Busy, ceremony.ErrBusy.Error(), ceremonyWait}
	case errors.Is(err, ceremony.ErrCancelled):
		return &Error{Code: Cancelled, Message: ceremony.ErrCancelled.Error()}
	case errors.Is(err, ceremony.ErrDenied):
		return &Error{Code: Denied, Message: ceremony.ErrDenied.Error()}
	case errors.Is(err, ceremony.ErrBlocked):
		return &Error{Code: CeremonyBlocked, Message: ceremony.ErrBlocked.Error()}
	case errors.Is(err, ceremony.ErrUnknownUser):
		return &Error{Code: UnknownUser, Message: ceremony.ErrUnknownUser.Error()}
	}
	return nil
}
