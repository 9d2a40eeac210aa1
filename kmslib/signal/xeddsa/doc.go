// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package xeddsa makes and verifies signatures with keys of X25519: XEdDSA as
// Signal's clients use it, so that one identity key agrees and signs.
//
// The source is "The XEdDSA and VXEdDSA Signature Schemes" (signal.org, revision
// 1), section 2, with one difference that all clients share: the private scalar
// is not negated to give the point A the sign 0. Instead the sign of A travels in
// the signature, in the highest bit of its last byte, which s never needs.
//
// # Signature
//
// 64 bytes: R ‖ s, little-endian, where bit 7 of byte 63 is the sign of A. With a
// the clamped private key modulo q, k its 32 bytes, and Z 64 random bytes:
//
//	A = aB
//	r = SHA-512(FE FF…FF ‖ k ‖ M ‖ Z) mod q     (hash1: FE, then 31 bytes FF)
//	R = rB
//	s = r + SHA-512(R ‖ A ‖ M)·a mod q
//
// The prefix of hash1 encodes no point, so that it never meets the input of the
// other hash. Signatures are randomised; with a bad source of randomness they
// still leak nothing, since k is in the hash.
//
// # Verification
//
// Stricter than needed for honest signers: the key must be in its canonical
// encoding, on the curve and not of small order, and s be reduced.
package xeddsa
