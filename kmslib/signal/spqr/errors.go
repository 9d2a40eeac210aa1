// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package spqr

import (
	"errors"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/braid"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/chain"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/chunked"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/field"
)

// The errors of Receive. After each of them the State is the old one.
var (
	// ErrSyntax says that the field is not of the protocol's form.
	ErrSyntax = errors.New("spqr: malformed pq_ratchet field")

	// ErrEpoch says that the message is of an epoch that its sender cannot have
	// reached.
	ErrEpoch = errors.New("spqr: message of an epoch that cannot be")

	// ErrAuthentication says that the message completes a key or a ciphertext
	// that the peer of this session did not make.
	ErrAuthentication = errors.New("spqr: key or ciphertext of the peer does not verify")

	// ErrDuplicate says that the message's key was used, or is so old that it was
	// erased: the two cannot be told apart.
	ErrDuplicate = errors.New("spqr: the key of this message was used or erased before")

	// ErrTooFar says that too many messages are missing before this one.
	ErrTooFar = errors.New("spqr: message too far ahead of the last")

	// ErrDowngrade says that the message has no key though its sender has to give
	// it one.
	ErrDowngrade = errors.New("spqr: message without a key")
)

// ErrStored is in the tree of every error of Parse.
var ErrStored = errors.New("spqr: malformed stored state")

var errNoState = errors.New("spqr: the zero State has no session")

// storedError says what of a stored state was refused.
type storedError struct{ reason error }

func (e storedError) Error() string   { return ErrStored.Error() + ": " + e.reason.Error() }
func (e storedError) Unwrap() []error { return []error{ErrStored, e.reason} }

// public returns the error of this package for one of the packages below.
func public(err error) error {
	for _, p := range []struct{ below, ours error }{
		{field.ErrSyntax, ErrSyntax},
		{chunked.ErrEpoch, ErrEpoch},
		{chain.ErrEpoch, ErrEpoch},
		{braid.ErrAuthentication, ErrAuthentication},
		{chain.ErrDuplicate, ErrDuplicate},
		{chain.ErrTooFar, ErrTooFar},
	} {
		if errors.Is(err, p.below) {
			return p.ours
		}
	}
	return err // of a source of randomness
}
