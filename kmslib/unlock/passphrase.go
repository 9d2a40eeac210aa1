// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"slices"
	"unicode/utf8"
)

// What a passphrase must have at least and at most.
const (
	MinPassphrase = 12   // code points
	MaxPassphrase = 1024 // bytes
	MinDistinct   = 5    // different code points
)

// CheckPassphrase returns a *PassphraseError unless passphrase does for an
// enrolment. That is a minimum and no measure of strength. A passphrase is
// bytes here: whoever reads it from a person normalises it to NFC, each time.
func CheckPassphrase(passphrase []byte) error {
	switch {
	case len(passphrase) > MaxPassphrase:
		return &PassphraseError{PassphraseLong}
	case !utf8.Valid(passphrase):
		return &PassphraseError{PassphraseEncoding}
	case utf8.RuneCount(passphrase) < MinPassphrase:
		return &PassphraseError{PassphraseShort}
	case !hasDistinct(passphrase):
		return &PassphraseError{PassphraseMonotone}
	}
	return nil
}

// hasDistinct says whether there are MinDistinct different code points.
func hasDistinct(passphrase []byte) bool {
	var seen [MinDistinct]rune
	defer clear(seen[:])
	n := 0
	for rest := passphrase; len(rest) > 0 && n < MinDistinct; {
		r, size := utf8.DecodeRune(rest)
		rest = rest[size:]
		if !slices.Contains(seen[:n], r) {
			seen[n] = r
			n++
		}
	}
	return n == MinDistinct
}
