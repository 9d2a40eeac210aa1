// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package keys declares what a platform does with keys for us: in a browser
// that is WebCrypto, in native tests package keystest. Neither Go nor
// JavaScript sees the bytes of a key that an Ops holds; what goes in and out
// are public points, signatures and ciphertext.
//
// # Kinds of handles
//
//	signing key   ECDSA P-256 with SHA-256   GenerateP256, Unwrap(UseSign)
//	agreement key ECDH P-256                 Unwrap(UseAgree)
//	sealing key   AES-256-GCM                DeriveKey, GenerateAES
//	base secret   HKDF-SHA-256 input key     PBKDF2, ImportBase, Agree, UnwrapBase
//	secret        256 bits, only wrapped     GenerateSecret, UnwrapSecret
//
// A handle is of one kind for ever. An operation that is given another kind,
// nil, or the handle of another Ops returns an error and does nothing. No
// operation returns the bytes of a handle: those of a secret leave only
// encrypted, by WrapSecret.
//
// # Bytes
//
// Points are uncompressed (SEC 1, section 2.3.3), 65 bytes. Signatures are
// r ‖ s, 64 bytes (RFC 7518, section 3.4). Everything sealed or wrapped is
// AES-256-GCM (NIST SP 800-38D) with a nonce of 12 bytes that the caller
// chooses, never twice for one key, and a tag of 16 bytes at the end:
//
//	Seal            ciphertext of the plaintext ‖ tag
//	WrapSecret      ciphertext of the 32 bytes ‖ tag, 48 bytes
//	GenerateWrapped ciphertext of the PKCS#8 structure (RFC 5208) ‖ tag
//
// The PKCS#8 structure of one key has different bytes on different platforms,
// and does not say whether the key signs or agrees: the additional data must.
//
// HKDF is RFC 5869 with SHA-256, both steps; PBKDF2 is RFC 8018, section 5.2,
// with HMAC-SHA-256 and 32 bytes of output, which are the input key of HKDF.
// The shared secret of ECDH is the x coordinate, 32 bytes (SP 800-56A,
// section 5.7.1.2).
//
// # Errors
//
// Where authentication fails, because the key, the nonce, the additional data
// or the bytes are not those of the sealing, the error is ErrOpen; also for a
// signature that does not verify. ErrNotSupported says that the platform lacks
// the algorithm. A context that is done ends an operation with its error.
// Other errors say which argument was impossible, and carry none of it.
package keys
