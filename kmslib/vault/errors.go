// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"errors"
	"strconv"

	"ats.run/kms-enclave/kmslib/keys"
	signal "ats.run/kms-enclave/kmslib/signal/session"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound      = errors.New("no such record")
	ErrConflict      = errors.New("the record was changed by someone else; read it again")
	ErrNotSupported  = keys.ErrNotSupported
	ErrNotSetUp      = errors.New("nobody has set up a vault here; call vault.setup")
	ErrLocked        = errors.New("the vault is locked; call vault.unlock")
	ErrNotGranted    = errors.New("the vault is open, but not for this origin; call vault.unlock")
	ErrThrottled     = errors.New("too many failed attempts; wait before the next one")
	ErrRoster        = errors.New("the enrolments in storage are not those that the vault remembers")
	ErrPolicy        = errors.New("the policy in storage is not the one that the vault remembers; set it again")
	ErrLastEnrolment = errors.New("the last way to unlock cannot be removed; add another first")
	ErrSameEnrolment = errors.New("unlock with another method to remove this one")
	ErrProofExpired  = errors.New("the proof is over; unlock again")
	ErrConfirmation  = errors.New("the name that was typed is not the user's name")
	ErrUnknownStream = errors.New("there is no such attachment in this session; begin it again")
)

// ThrottledError says how long to wait. It is ErrThrottled.
type ThrottledError struct{ RetryAfter int64 } // milliseconds

// Error describes the refusal.
func (e *ThrottledError) Error() string {
	return ErrThrottled.Error() + " (" + strconv.FormatInt(e.RetryAfter, 10) + " ms)"
}

// Is makes it ErrThrottled.
func (e *ThrottledError) Is(target error) bool { return target == ErrThrottled }

// RosterError says which enrolments are not as the vault remembers them. It is
// ErrRoster.
type RosterError struct {
	Added   []string // ids of enrolments that nobody added here
	Missing []string // ids of enrolments that nobody removed here
	Changed []string // ids of enrolments with another key
}

// Error describes the finding.
func (e *RosterError) Error() string {
	return ErrRoster.Error() + ": added " + strconv.Itoa(len(e.Added)) +
		", missing " + strconv.Itoa(len(e.Missing)) + ", changed " + strconv.Itoa(len(e.Changed))
}

// Is makes it ErrRoster.
func (e *RosterError) Is(target error) bool { return target == ErrRoster }

// StorageKind says what is the matter with a storage.
type StorageKind string

// The kinds of storage failures.
const (
	StorageUnavailable StorageKind = "unavailable" // cannot be opened, read or written
	StorageQuota       StorageKind = "quota"       // full
	StorageHandles     StorageKind = "handles"     // keeps values but no keys, as some private modes do
)

// StorageError says that the storage failed. State is unchanged.
type StorageError struct {
	Op   string // "open", "get", "list", "scan", "commit" or "lock"
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

// LimitError says that something would be more than the vault takes. It is
// session.ErrLimit of package signal/session.
type LimitError struct {
	What  string // fixed words
	Limit int64
}

// Error describes the refusal.
func (e *LimitError) Error() string {
	return e.What + ": at most " + strconv.FormatInt(e.Limit, 10)
}

// Is makes it the ErrLimit of Signal accounts.
func (e *LimitError) Is(target error) bool { return target == signal.ErrLimit }

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
