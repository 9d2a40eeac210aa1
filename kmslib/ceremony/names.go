// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

// The names of the screens.
const (
	ScreenWelcome         = "welcome"
	ScreenNewPassphrase   = "new-passphrase"
	ScreenCreatePasskey   = "create-passkey"
	ScreenUsePasskey      = "use-passkey"
	ScreenGateNotice      = "gate-notice"
	ScreenRecoveryKey     = "recovery-key"
	ScreenConfirmRecovery = "confirm-recovery"
	ScreenChooseUser      = "choose-user"
	ScreenUnlock          = "unlock"
	ScreenProve           = "prove"
	ScreenGrant           = "grant"
	ScreenConfirm         = "confirm"
	ScreenManage          = "manage"
	ScreenLog             = "log"
	ScreenLogExport       = "log-export"
	ScreenReset           = "reset"
	ScreenDone            = "done"
	ScreenError           = "error"
)

// Screens returns the name of every screen, in the order of the package
// comment.
func Screens() []string {
	return []string{
		ScreenWelcome, ScreenNewPassphrase, ScreenCreatePasskey, ScreenUsePasskey, ScreenGateNotice,
		ScreenRecoveryKey, ScreenConfirmRecovery, ScreenChooseUser, ScreenUnlock, ScreenProve, ScreenGrant,
		ScreenConfirm, ScreenManage, ScreenLog, ScreenLogExport, ScreenReset, ScreenDone, ScreenError,
	}
}

// The values of a screen's member problem: why the person sees a screen again,
// or the screen "error". The user interface has a text for each.
const (
	ProblemBadName           = "bad_name"           // a label is empty, too long or not printable
	ProblemNameTaken         = "name_taken"         // another user has this label
	ProblemTooShort          = "too_short"          // passphrase under the minimum of characters
	ProblemTooLong           = "too_long"           // passphrase over the maximum
	ProblemTooWeak           = "too_weak"           // passphrase of too few different characters
	ProblemWrongPassphrase   = "wrong_passphrase"   // it does not open the vault
	ProblemWrongRecovery     = "wrong_recovery"     // good words, but not of this vault
	ProblemRecoveryWord      = "recovery_word"      // a word is not in the list; member word says which, from 1
	ProblemRecoveryCount     = "recovery_count"     // not 12 words
	ProblemRecoveryChecksum  = "recovery_checksum"  // words of the list, but not in a possible order
	ProblemRecoveryDiffers   = "recovery_differs"   // not the words that were shown
	ProblemPasskeyFailed     = "passkey_failed"     // the browser gave no passkey: cancelled, timed out or refused
	ProblemPasskeyRejected   = "passkey_rejected"   // the passkey's answer is not acceptable
	ProblemPasskeyUnknown    = "passkey_unknown"    // a passkey of somebody or something else
	ProblemPasskeyChanged    = "passkey_changed"    // this passkey answered differently than when it was enrolled
	ProblemPasskeyNoSecret   = "passkey_no_secret"  // this passkey should give a secret and gave none
	ProblemPasskeysMissing   = "passkeys_missing"   // no WebAuthn at this place
	ProblemThrottled         = "throttled"          // too many wrong attempts; member retryAfter says how long
	ProblemLastEnrolment     = "last_enrolment"     // the only way in cannot be removed
	ProblemSameEnrolment     = "same_enrolment"     // it has to be proved by another way in than the one concerned
	ProblemNotFound          = "not_found"          // somebody else removed it meanwhile
	ProblemConflict          = "conflict"           // somebody else changed it meanwhile; nothing was done
	ProblemLocked            = "locked"             // the vault was locked or its time was over meanwhile
	ProblemDamaged           = "damaged"            // a stored record cannot be read; it was kept
	ProblemWrongConfirmation = "wrong_confirmation" // the typed text is not the name
	ProblemBadPolicy         = "bad_policy"         // a rule may only be stricter than the method's own
	ProblemLogTooLong        = "log_too_long"       // too long to be exported at once
	ProblemStorageFull       = "storage_full"
	ProblemStorageFailed     = "storage_failed"
	ProblemNotSupported      = "not_supported" // the browser lacks an algorithm
	ProblemInternal          = "internal"      // a fault of the enclave
)

// Problems returns every value of the member problem.
func Problems() []string {
	return []string{
		ProblemBadName, ProblemNameTaken, ProblemTooShort, ProblemTooLong, ProblemTooWeak, ProblemWrongPassphrase,
		ProblemWrongRecovery, ProblemRecoveryWord, ProblemRecoveryCount, ProblemRecoveryChecksum,
		ProblemRecoveryDiffers, ProblemPasskeyFailed, ProblemPasskeyRejected, ProblemPasskeyUnknown,
		ProblemPasskeyChanged, ProblemPasskeyNoSecret, ProblemPasskeysMissing, ProblemThrottled,
		ProblemLastEnrolment, ProblemSameEnrolment, ProblemNotFound, ProblemConflict, ProblemLocked,
		ProblemDamaged, ProblemWrongConfirmation, ProblemBadPolicy, ProblemLogTooLong, ProblemStorageFull,
		ProblemStorageFailed, ProblemNotSupported, ProblemInternal,
	}
}

// The names of progress texts.
const (
	BusyOpening = "opening" // deriving a key from a secret and opening the vault
	BusySaving  = "saving"  // sealing and storing
	BusyReading = "reading" // reading the log
)

// BusyNames returns every name of a progress text.
func BusyNames() []string { return []string{BusyOpening, BusySaving, BusyReading} }

// The values of the member message of the screen "done".
const (
	DoneCreated   = "created"    // the vault was made and is open
	DoneReset     = "reset"      // the user and all keys were deleted
	DoneAdded     = "added"      // a way in was added
	DoneRemoved   = "removed"    // a way in was removed
	DoneChanged   = "changed"    // a way in was replaced
	DoneRenamed   = "renamed"    // a way in has another label
	DoneRotated   = "rotated"    // everything is sealed under a new vault key
	DonePolicy    = "policy"     // a rule was changed
	DonePolicyOff = "policy_off" // a rule was removed
)

// DoneMessages returns every value of the member message of the screens
// "done" and "manage".
func DoneMessages() []string {
	return []string{
		DoneCreated, DoneReset, DoneAdded, DoneRemoved, DoneChanged, DoneRenamed, DoneRotated, DonePolicy, DonePolicyOff,
	}
}

// The values of the member purpose of the screen "prove".
const (
	PurposeAdd    = "add"
	PurposeRemove = "remove"
	PurposeRename = "rename"
	PurposeChange = "change"
	PurposeRotate = "rotate"
	PurposeReset  = "reset"
)

// Purposes returns every value of the member purpose.
func Purposes() []string {
	return []string{PurposeAdd, PurposeRemove, PurposeRename, PurposeChange, PurposeRotate, PurposeReset}
}
