// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import "errors"

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound        = errors.New("no such record")
	ErrExists          = errors.New("there is an identity already; delete it first")
	ErrNoIdentity      = errors.New("there is no identity; create one")
	ErrNoSession       = errors.New("there is no session with that device; start one from its bundle")
	ErrNoGroup         = errors.New("there is no key of that group and sender; process the sender's distribution message")
	ErrIdentityChanged = errors.New("the contact's identity key changed; compare safety numbers and accept it")
	ErrKeyMismatch     = errors.New("that is not the contact's identity key")
	ErrDuplicate       = errors.New("the message was decrypted before")
	ErrTooFar          = errors.New("the message skips more messages than may be missing")
	ErrAuthentication  = errors.New("the message is not authentic, or of a session that is not here any more")
	ErrSyntax          = errors.New("the message or bundle is malformed")
	ErrUnsupported     = errors.New("the message or bundle is of a protocol version that the policy excludes")
	ErrPreKeyGone      = errors.New("the message names a prekey that is not here: spent, expired or never ours")
	ErrStale           = errors.New("the device has not answered for too long; start a session from a new bundle")
	ErrBundle          = errors.New("a signature of the bundle is wrong")
	ErrLimit           = errors.New("there are too many of these")
)

// InputError says which argument of a call was refused, in fixed words.
type InputError struct {
	Field  string
	Reason string
}

// Error describes the refusal.
func (e *InputError) Error() string { return e.Field + ": " + e.Reason }

// StateError says that a stored value cannot be read. It was kept.
type StateError struct {
	Kind   Kind
	Reason string // fixed words
}

// Error describes the failure.
func (e *StateError) Error() string {
	return "record of " + string(e.Kind) + " is kept but cannot be read: " + e.Reason
}

// failure is an error of this package with its cause, which are both found by
// errors.Is and errors.As.
type failure struct{ kind, cause error }

func (e *failure) Error() string   { return e.kind.Error() + ": " + e.cause.Error() }
func (e *failure) Unwrap() []error { return []error{e.kind, e.cause} }

// because returns the error kind with its cause.
func because(kind, cause error) error { return &failure{kind, cause} }
