// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package webcrypto is keys.Ops by the browser's WebCrypto. Private keys and
// secrets are made there and stay there: a keys.Handle is a CryptoKey that is
// not extractable, whose bytes neither Go nor JavaScript can read.
//
// # Keys at rest
//
// To be kept in sealed form, a key must be extractable for the moment in which
// it is wrapped. wrapKey and unwrapKey do both ends inside the browser, so its
// bytes are not in this program's memory even then:
//
//	GenerateWrapped  generateKey (extractable) → wrapKey → forgotten
//	Unwrap           unwrapKey → CryptoKey that is not extractable
//	Rewrap           unwrapKey (extractable) → wrapKey → forgotten
//
// A 256-bit secret (GenerateSecret, UnwrapSecret) is extractable as long as it
// waits to be wrapped for somebody. It is therefore no CryptoKey to the rest of
// the enclave but a type of its own, which nothing but WrapSecret takes: it can
// be neither stored nor sent to another tab. What is used day by day is its
// other form, from UnwrapBase, which is not extractable.
//
// # What bytes do pass through
//
// A passphrase, outputs of a passkey and recovery words come from the person,
// so they are in memory. What is derived from them in bytes (PBKDF2 has no
// other way to HKDF) is in one buffer of JavaScript, which is overwritten at
// once. An ECDH result goes to HKDF as a key, never as bytes.
package webcrypto
