// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof

import "strconv"

// Code says which check failed.
type Code string

// The codes, in the order in which they are looked for.
const (
	CodeFormat      Code = "format"
	CodeRule        Code = "rule"
	CodeSignature   Code = "signature"
	CodeLog         Code = "log"
	CodeInclusion   Code = "inclusion"
	CodeCosignature Code = "cosignature"
	CodeQuorum      Code = "quorum"
)

// Error says why a proof, or a rule, was refused. It repeats nothing of the
// proof but names and numbers that were checked.
type Error struct {
	Code   Code
	Line   int // of the file, from 1; 0 unless Code is CodeFormat
	Reason string
}

// Error describes the refusal.
func (e *Error) Error() string {
	if e.Line > 0 {
		return "update proof, line " + strconv.Itoa(e.Line) + ": " + e.Reason
	}
	return "update proof: " + e.Reason
}

func malformed(line int, reason string) error { return &Error{CodeFormat, line, reason} }

func refuse(code Code, reason string) error { return &Error{Code: code, Reason: reason} }
