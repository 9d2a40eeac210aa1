// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package curve has the keys of Signal's protocol on Curve25519, and their
// agreement X25519 (RFC 7748, sections 5 and 6.1).
//
// # Encoding
//
// A public key is 33 bytes: the type byte 05, then the u coordinate in 32 bytes,
// little-endian. This form is what is sent, and also what is hashed, signed and
// put under a MAC. A private key is 32 bytes, clamped when it is read (RFC 7748,
// section 5), so that what Bytes returns is clamped.
//
// # What is checked when
//
// A public key of the right length and type is taken as it is, as RFC 7748 asks:
// the top bit is ignored and u is reduced in Agree, which refuses only keys that
// lead to the all-zero result. IsCanonical is for the places where a key must
// have one encoding and no part of small order. A signature wants a key in its
// canonical encoding too: package xeddsa.
//
// # Errors
//
// ErrKey says that bytes are no key, or that there is none where one is needed;
// ErrAgreement that the other party's key gives the all-zero result. Neither
// carries a byte of a key.
package curve
