// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keys

import "errors"

// p256Prefix is what precedes the point in the SubjectPublicKeyInfo of a P-256
// key (RFC 5480, section 2): id-ecPublicKey with prime256v1, in DER.
const p256Prefix = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" +
	"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"

// SPKI returns the public key of an uncompressed P-256 point as Verify wants
// it, in DER. It checks the shape of the point, not that it is on the curve.
func SPKI(point []byte) ([]byte, error) {
	if len(point) != PointSize || point[0] != 4 {
		return nil, errors.New("expected an uncompressed P-256 point of 65 bytes")
	}
	return append([]byte(p256Prefix), point...), nil
}
