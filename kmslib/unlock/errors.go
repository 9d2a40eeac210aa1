// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import "errors"

// Errors that callers tell apart with errors.Is.
var (
	// ErrWrongSecret says that the passphrase or recovery key is not the one of
	// this enrolment.
	ErrWrongSecret = errors.New("this is not the secret of this enrolment; try again")

	// ErrPRFChanged says that the passkey, although the right one, answered
	// differently than at enrolment. Another way of connecting it may help.
	ErrPRFChanged = errors.New("this passkey answered differently than when it was added; " +
		"use it on the device where it was added, or unlock in another way")

	// ErrPRFOutput says that the outputs of a passkey's PRF cannot be ones.
	ErrPRFOutput = errors.New("the passkey gave no usable PRF outputs: expected two different ones of 32 bytes")

	// ErrMethod says that the proof belongs to another method than the
	// enrolment.
	ErrMethod = errors.New("the proof is for another method than this enrolment's")

	// ErrLabel says that a label does not do.
	ErrLabel = errors.New("expected a label of 1 to 64 characters without control characters")
)

// PassphraseError says why a passphrase does not do for an enrolment.
type PassphraseError struct{ Reason PassphraseReason }

// PassphraseReason is a word for programs.
type PassphraseReason string

// The reasons.
const (
	PassphraseShort    PassphraseReason = "short"    // fewer than MinPassphrase code points
	PassphraseLong     PassphraseReason = "long"     // more than MaxPassphrase bytes
	PassphraseMonotone PassphraseReason = "monotone" // fewer than MinDistinct different code points
	PassphraseEncoding PassphraseReason = "encoding" // not UTF-8
)

// Error says what is expected.
func (e *PassphraseError) Error() string {
	switch e.Reason {
	case PassphraseShort:
		return "the passphrase is too short: expected at least 12 characters"
	case PassphraseLong:
		return "the passphrase is too long: expected at most 1024 bytes"
	case PassphraseMonotone:
		return "the passphrase repeats itself: expected at least 5 different characters"
	}
	return "the passphrase is not text in UTF-8"
}

// InputError says which argument of Enrol or Reencapsulate is impossible, in
// fixed words.
type InputError struct{ Field, Reason string }

// Error describes the refusal.
func (e *InputError) Error() string { return e.Field + ": " + e.Reason }

// FormatError says why a stored value is not an enrolment.
type FormatError struct{ Reason string }

// Error describes the refusal.
func (e *FormatError) Error() string { return "enrolment: " + e.Reason }

// Part is a sealed part of an enrolment.
type Part string

// The parts.
const (
	PartDevice  Part = "device"  // what the device key opens
	PartKey     Part = "key"     // the private key
	PartCapsule Part = "capsule" // the vault key
	PartSender  Part = "sender"  // what the vault opens in order to send
)

// DamagedError says that a part of an enrolment does not open although the
// secret is right: the record was altered or moved, or belongs to another
// device or vault key.
type DamagedError struct {
	Part Part
	Err  error
}

// Error describes the damage.
func (e *DamagedError) Error() string {
	return "the enrolment is damaged or not in its place (" + string(e.Part) + "); unlock in another way"
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }
