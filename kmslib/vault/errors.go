// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import "errors"

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound     = errors.New("no such record")
	ErrConflict     = errors.New("the record was changed by someone else; read it again")
	ErrNotSupported = errors.New("this browser lacks the algorithm")
)

// StorageKind says what is the matter with a storage.
type StorageKind string

// The kinds of storage failures.
const (
	StorageUnavailable StorageKind = "unavailable" // cannot be opened, read or written
	StorageQuota       StorageKind = "quota"       // full
)

// StorageError says that the storage failed. State is unchanged.
type StorageError struct {
	Op   string // "open", "get", "list" or "commit"
	Kind StorageKind
	Err  error // the cause, maybe nil
}

// Error describes the failure.
func (e *StorageError) Error() string {
	text := "storage " + e.Op + ": " + string(e.Kind)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *StorageError) Unwrap() error { return e.Err }

// RecordError says that a stored record cannot be read. It was kept.
type RecordError struct {
	Collection string
	Reason     string // fixed words
}

// Error describes the failure.
func (e *RecordError) Error() string {
	return "record of " + e.Collection + " is kept but cannot be read: " + e.Reason
}

// InputError says which argument of a call was refused, in fixed words.
type InputError struct {
	Field  string
	Reason string
}

// Error describes the refusal.
func (e *InputError) Error() string { return e.Field + ": " + e.Reason }

// stepError says during which step of an operation an error came up.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

func during(step string, err error) error { return &stepError{step, err} }
