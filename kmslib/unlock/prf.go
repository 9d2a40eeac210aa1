// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package unlock

import (
	"context"
	"crypto/subtle"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/keys"
)

const prfSize = 32 // length of an output, in bytes (WebAuthn, section 10.1.4)

// PRFInputs returns what a passkey's PRF is evaluated on, the members first and
// second of eval, for the salt of an enrolment.
func PRFInputs(salt []byte) (first, second []byte) {
	input := func(n byte) []byte { return append(append([]byte(label.PasskeyPRF), n), salt...) }
	return input(1), input(2)
}

// prfBase returns the base secret of the two outputs, or ErrPRFOutput. Outputs
// of zeros, or equal ones for different inputs, are those of a broken passkey
// or of a caller that lost them on the way.
func prfBase(ctx context.Context, ops keys.Ops, first, second []byte) (keys.Handle, error) {
	var zero [prfSize]byte
	if len(first) != prfSize || len(second) != prfSize ||
		subtle.ConstantTimeCompare(first, zero[:])|
			subtle.ConstantTimeCompare(second, zero[:])|
			subtle.ConstantTimeCompare(first, second) != 0 {
		return nil, ErrPRFOutput
	}
	both := make([]byte, 0, 2*prfSize)
	both = append(append(both, first...), second...)
	defer clear(both)
	return ops.ImportBase(ctx, both)
}
