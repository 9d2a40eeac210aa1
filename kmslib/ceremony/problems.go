// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/webauthn"
)

// What a passkey can answer that is of no use, though nobody forged it.
var (
	errUnknownPasskey = errors.New("the passkey is none of those that were asked")
	errNoSecret       = errors.New("the passkey gave no PRF results")
	errLogTooLong     = errors.New("the log is too long to be exported at once")
)

// problems says which problem an error is, by errors.Is.
var problems = [...]struct {
	err     error
	problem string
}{
	{errUnknownPasskey, ProblemPasskeyUnknown},
	{errNoSecret, ProblemPasskeyNoSecret},
	{errLogTooLong, ProblemLogTooLong},
	{unlock.ErrPRFOutput, ProblemPasskeyRejected},
	{unlock.ErrLabel, ProblemBadName},
	{unlock.ErrPRFChanged, ProblemPasskeyChanged},
	{vault.ErrThrottled, ProblemThrottled},
	{vault.ErrLastEnrolment, ProblemLastEnrolment},
	{vault.ErrSameEnrolment, ProblemSameEnrolment},
	{vault.ErrNotFound, ProblemNotFound},
	{vault.ErrConflict, ProblemConflict},
	{vault.ErrLocked, ProblemLocked},
	{vault.ErrNotGranted, ProblemLocked},
	{vault.ErrProofExpired, ProblemLocked},
	{vault.ErrRoster, ProblemDamaged},
	{vault.ErrPolicy, ProblemDamaged},
	{vault.ErrConfirmation, ProblemWrongConfirmation},
	{vault.ErrNotSupported, ProblemNotSupported},
}

// problemOf returns what the person is told of an error, or false for errors
// that end the dialogue: those of a Stage or a Dialog and the context's.
func problemOf(err error) (notice, bool) {
	var protocol *ProtocolError
	if errors.Is(err, ErrCancelled) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &protocol) {
		return notice{}, false
	}
	if why, known := problemOfInput(err); known {
		return why, true
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return notice{problem: p.problem}, true
		}
	}
	if storage, ok := errors.AsType[*vault.StorageError](err); ok {
		if storage.Kind == vault.StorageQuota {
			return notice{problem: ProblemStorageFull}, true
		}
		return notice{problem: ProblemStorageFailed}, true
	}
	if _, ok := errors.AsType[*vault.RecordError](err); ok {
		return notice{problem: ProblemDamaged}, true
	}
	if _, ok := errors.AsType[*unlock.DamagedError](err); ok {
		return notice{problem: ProblemDamaged}, true
	}
	return notice{problem: ProblemInternal}, true
}

// problemOfInput is problemOf for what the person gave.
func problemOfInput(err error) (notice, bool) {
	if passphrase, ok := errors.AsType[*unlock.PassphraseError](err); ok {
		return notice{problem: problemOfPassphrase(passphrase.Reason)}, true
	}
	if recovery, ok := errors.AsType[*unlock.RecoveryError](err); ok {
		return problemOfRecovery(recovery), true
	}
	if _, ok := errors.AsType[*webauthn.VerifyError](err); ok {
		return notice{problem: ProblemPasskeyRejected}, true
	}
	if input, ok := errors.AsType[*vault.InputError](err); ok {
		if input.Field == "label" {
			return notice{problem: ProblemBadName}, true
		}
		return notice{problem: ProblemBadPolicy}, true
	}
	return notice{}, false
}

func problemOfRecovery(err *unlock.RecoveryError) notice {
	switch err.Reason {
	case unlock.RecoveryCount:
		return notice{problem: ProblemRecoveryCount}
	case unlock.RecoveryWord:
		return notice{problem: ProblemRecoveryWord, word: int64(err.Word)}
	}
	return notice{problem: ProblemRecoveryChecksum}
}

func problemOfPassphrase(reason unlock.PassphraseReason) string {
	switch reason {
	case unlock.PassphraseShort:
		return ProblemTooShort
	case unlock.PassphraseLong:
		return ProblemTooLong
	}
	return ProblemTooWeak
}

// problemOfAttempt is problemOf for what was tried with one action of the
// screens "unlock" and "prove".
func problemOfAttempt(action string, err error) (notice, bool) {
	if errors.Is(err, unlock.ErrWrongSecret) {
		switch action {
		case "recovery":
			return notice{problem: ProblemWrongRecovery}, true
		case "passphrase":
			return notice{problem: ProblemWrongPassphrase}, true
		}
		return notice{problem: ProblemPasskeyChanged}, true
	}
	return problemOf(err)
}
