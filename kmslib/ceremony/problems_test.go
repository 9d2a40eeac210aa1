// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/webauthn"
)

func TestEveryErrorIsAProblemOrEndsTheDialogue(t *testing.T) {
	for _, test := range []struct {
		err     error
		problem string // "" for errors that end the dialogue
	}{
		{ErrCancelled, ""},
		{&ProtocolError{}, ""},
		{context.Canceled, ""},
		{context.DeadlineExceeded, ""},
		{&unlock.PassphraseError{Reason: unlock.PassphraseShort}, ProblemTooShort},
		{&unlock.PassphraseError{Reason: unlock.PassphraseLong}, ProblemTooLong},
		{&unlock.PassphraseError{Reason: unlock.PassphraseMonotone}, ProblemTooWeak},
		{&unlock.PassphraseError{Reason: unlock.PassphraseEncoding}, ProblemTooWeak},
		{&unlock.RecoveryError{Reason: unlock.RecoveryCount}, ProblemRecoveryCount},
		{&unlock.RecoveryError{Reason: unlock.RecoveryWord, Word: 3}, ProblemRecoveryWord},
		{&unlock.RecoveryError{Reason: unlock.RecoveryChecksum}, ProblemRecoveryChecksum},
		{unlock.ErrPRFChanged, ProblemPasskeyChanged},
		{unlock.ErrPRFOutput, ProblemPasskeyRejected},
		{unlock.ErrLabel, ProblemBadName},
		{&unlock.DamagedError{}, ProblemDamaged},
		{&webauthn.VerifyError{}, ProblemPasskeyRejected},
		{&vault.ThrottledError{RetryAfter: 5}, ProblemThrottled},
		{vault.ErrLastEnrolment, ProblemLastEnrolment},
		{vault.ErrSameEnrolment, ProblemSameEnrolment},
		{vault.ErrNotFound, ProblemNotFound},
		{vault.ErrConflict, ProblemConflict},
		{vault.ErrLocked, ProblemLocked},
		{vault.ErrNotGranted, ProblemLocked},
		{vault.ErrProofExpired, ProblemLocked},
		{&vault.RosterError{}, ProblemDamaged},
		{vault.ErrPolicy, ProblemDamaged},
		{vault.ErrConfirmation, ProblemWrongConfirmation},
		{vault.ErrNotSupported, ProblemNotSupported},
		{&vault.RecordError{}, ProblemDamaged},
		{&vault.InputError{Field: "label"}, ProblemBadName},
		{&vault.InputError{Field: "origin"}, ProblemBadPolicy},
		{&vault.StorageError{Kind: vault.StorageQuota}, ProblemStorageFull},
		{&vault.StorageError{Kind: vault.StorageUnavailable}, ProblemStorageFailed},
		{&vault.StorageError{Kind: vault.StorageHandles}, ProblemStorageFailed},
		{errLogTooLong, ProblemLogTooLong},
		{errors.New("anything else"), ProblemInternal},
	} {
		why, known := problemOf(test.err)
		if known != (test.problem != "") || why.problem != test.problem {
			t.Errorf("%v is the problem %q, %v; want %q", test.err, why.problem, known, test.problem)
		}
		if known && !slices.Contains(Problems(), why.problem) {
			t.Errorf("the problem %q is not listed", why.problem)
		}
	}
}

func TestWrongSecretIsNamedByWhatWasTried(t *testing.T) {
	for action, want := range map[string]string{
		"passphrase": ProblemWrongPassphrase, "recovery": ProblemWrongRecovery, "asserted": ProblemPasskeyChanged,
	} {
		if why, _ := problemOfAttempt(action, unlock.ErrWrongSecret); why.problem != want {
			t.Errorf("%s: %q, want %q", action, why.problem, want)
		}
	}
}

func TestPRFResultsThatNoAuthenticatorGivesAreRefused(t *testing.T) {
	one, two := make([]byte, 32), make([]byte, 32)
	one[0], two[0] = 1, 2
	if err := checkOutputs([][]byte{one, two}); err != nil {
		t.Error(err)
	}
	for name, outputs := range map[string][][]byte{
		"one": {one}, "equal": {one, one}, "zeros": {make([]byte, 32), two}, "zeros second": {one, make([]byte, 32)},
		"short": {one[:31], two}, "long": {one, append(two, 0)}, "none": {},
	} {
		if checkOutputs(outputs) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
