// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"

	"ats.run/kms-enclave/kmslib/auditlog"
)

// verifyECDSA is the auditlog.VerifyFunc of this program.
func verifyECDSA(point, message, signature []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil || len(signature) != auditlog.SignatureSize {
		return false
	}
	digest := sha256.Sum256(message)
	const half = auditlog.SignatureSize / 2
	r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	return ecdsa.Verify(key, digest[:], r, s)
}
