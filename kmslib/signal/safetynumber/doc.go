// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package safetynumber computes the numbers that two people compare to find out
// whether somebody sits between them: 60 digits to read aloud, or the bytes of a
// code to scan, as Signal's clients show them.
//
// # Fingerprint of a party
//
// With the identity key in its 33 bytes and whatever bytes both sides use to
// name the party:
//
//	h = SHA-512(00 00 ‖ key ‖ id ‖ key), then 5199 times h = SHA-512(h ‖ key)
//
// The many rounds make it dear to look for a key whose digits are alike.
//
// # Digits
//
// Each fingerprint gives 30 digits: six times five bytes, big-endian, modulo
// 100,000, in five digits. The smaller 30 come first, so that both sides read
// the same 60.
//
// # Code to scan
//
// A protocol buffer with the first 32 bytes of both fingerprints:
//
//	{1: version, 2: {1: local, 32 bytes}, 3: {1: remote, 32 bytes}}
//
// The version says which identifiers the application puts in; it does not enter
// the fingerprints, which are different for other identifiers anyway.
//
// The source is the profile of Signal's clients: no specification has been
// published. The only error is ErrSyntax.
package safetynumber
