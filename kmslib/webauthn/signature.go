// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import "ats.run/kms-enclave/kmslib/keys"

// rawSignature returns an ECDSA signature for P-256 as r ‖ s, from the DER that
// authenticators write (RFC 3279, section 2.2.3). It accepts one spelling alone.
func rawSignature(encoded []byte) ([]byte, bool) {
	const maxBody = 2 * (2 + 33)
	if len(encoded) < 2 || encoded[0] != 0x30 || int(encoded[1]) != len(encoded)-2 || len(encoded)-2 > maxBody {
		return nil, false
	}
	raw := make([]byte, keys.SignatureSize)
	rest, ok := readInteger(encoded[2:], raw[:32])
	if !ok {
		return nil, false
	}
	rest, ok = readInteger(rest, raw[32:])
	return raw, ok && len(rest) == 0
}

// readInteger reads a number from 0 into out, right aligned, and returns what
// follows it.
func readInteger(in, out []byte) (rest []byte, ok bool) {
	if len(in) < 3 || in[0] != 0x02 || in[1] == 0 || int(in[1]) > len(in)-2 {
		return nil, false
	}
	number, rest := in[2:2+int(in[1])], in[2+int(in[1]):]
	if number[0] >= 0x80 { // negative
		return nil, false
	}
	if number[0] == 0 && len(number) > 1 {
		if number = number[1:]; number[0] < 0x80 { // a zero too many
			return nil, false
		}
	}
	if len(number) > len(out) {
		return nil, false
	}
	copy(out[len(out)-len(number):], number)
	return rest, true
}
