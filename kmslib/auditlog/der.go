// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

// Notes carry ECDSA signatures in DER, everything else here carries r ‖ s. Each
// has one spelling, so the two forms can be turned into each other.

// toDER returns a signature r ‖ s of SignatureSize bytes as an
// ECDSA-Sig-Value (RFC 3279, section 2.2.3).
func toDER(signature []byte) []byte {
	half := len(signature) / 2
	body := appendInteger(nil, signature[:half])
	body = appendInteger(body, signature[half:])
	return append([]byte{0x30, byte(len(body))}, body...)
}

func appendInteger(dst, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0] >= 0x80 {
		dst = append(dst, 0x02, byte(len(n)+1), 0)
	} else {
		dst = append(dst, 0x02, byte(len(n)))
	}
	return append(dst, n...)
}

// fromDER is the inverse of toDER. It returns false for anything that toDER does
// not write.
func fromDER(der []byte) ([]byte, bool) {
	if len(der) < 2 || der[0] != 0x30 || int(der[1]) != len(der)-2 || der[1] >= 0x80 {
		return nil, false
	}
	signature := make([]byte, SignatureSize)
	rest, ok := readInteger(signature[:SignatureSize/2], der[2:])
	if !ok {
		return nil, false
	}
	rest, ok = readInteger(signature[SignatureSize/2:], rest)
	return signature, ok && len(rest) == 0
}

// readInteger reads a DER integer, not negative, into all of dst.
func readInteger(dst, der []byte) (rest []byte, ok bool) {
	if len(der) < 3 || der[0] != 0x02 || der[1] == 0 || int(der[1]) > len(der)-2 {
		return nil, false
	}
	n, rest := der[2:2+der[1]], der[2+der[1]:]
	switch {
	case n[0] >= 0x80:
		return nil, false // negative
	case n[0] == 0 && len(n) > 1 && n[1] < 0x80:
		return nil, false // a zero too many
	case n[0] == 0 && len(n) > 1:
		n = n[1:]
	}
	if len(n) > len(dst) {
		return nil, false
	}
	copy(dst[len(dst)-len(n):], n)
	return rest, true
}
