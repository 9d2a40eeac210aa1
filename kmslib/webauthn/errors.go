// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

// Step is a step of the verification.
type Step string

// The steps.
const (
	StepFormat       Step = "format"
	StepType         Step = "type"
	StepChallenge    Step = "challenge"
	StepOrigin       Step = "origin"
	StepCrossOrigin  Step = "cross-origin"
	StepRPID         Step = "rpid"
	StepUserPresent  Step = "user-present"
	StepUserVerified Step = "user-verified"
	StepCredential   Step = "credential"
	StepSignature    Step = "signature"
	StepCounter      Step = "counter"
)

// VerifyError says which step refused an answer. Expected and Found are fixed
// words that repeat nothing of the answer.
type VerifyError struct {
	Step     Step
	Expected string
	Found    string
}

// Error describes the refusal.
func (e *VerifyError) Error() string {
	return "the passkey's answer is refused (" + string(e.Step) + "): expected " + e.Expected + ", found " + e.Found
}
