// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"errors"

	"ats.run/kms-enclave/kmslib/wire"
)

// FormatError says why something is not in the form that the package comment
// specifies: What names it ("entry", "record", "head", "certificate",
// "checkpoint", "bundle" or "key"). It carries none of the input.
type FormatError struct {
	What   string
	Reason string // fixed words
}

// Error describes the refusal.
func (e *FormatError) Error() string { return "audit log: " + e.What + ": " + e.Reason }

func refuse(what, reason string) *FormatError { return &FormatError{what, reason} }

// Errors of appending and of checkpoints.
var (
	ErrFull      = errors.New("audit log: it has as many entries as it can")
	ErrEmpty     = errors.New("audit log: it has no entry yet, so no signed head")
	ErrSignature = errors.New("audit log: the signer did not return 64 bytes, r and s")
	ErrSigner    = errors.New("audit log: the signer is not the key of the certificate")
)

// member is short for a named value.
func member(name string, v wire.Value) wire.Member { return wire.Member{Name: name, Value: v} }

// readFormat reads the member "format", which must be the label.
func readFormat(in *wire.ObjectReader, label string) {
	if in.String("format") != label {
		in.Refuse("format", "expected "+label+"; another release may read it")
	}
}

// bytesOf reads a string as base64url of exactly n bytes, or of any number if n
// is negative.
func bytesOf(in *wire.ObjectReader, name string, n int) []byte {
	data, ok := decode(in.String(name), n)
	if !ok {
		in.Refuse(name, "expected base64url of the right length")
	}
	return data
}
