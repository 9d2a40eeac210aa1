// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package webauthn verifies what navigator.credentials.create() and get()
// answered (W3C Web Authentication, Level 3, sections 7.1 and 7.2), with the
// choices of an enclave that is its own relying party:
//
//   - the relying party id is exactly the host of the enclave's origin, never a
//     parent domain
//   - the user must have been present and verified, always
//   - attestation is not asked for; a new key is believed because the ceremony
//     runs in the enclave's own document
//   - keys are ES256 or RS256
//
// # Steps
//
// An answer is refused by the first step that fails, in this order. A
// *VerifyError names it.
//
//	format         the client data is JSON with its members of the right kind; the
//	               authenticator data has its length, no bytes are left over, its
//	               extensions are a CBOR map, and nothing is "backed up" that may
//	               not be
//	type           "webauthn.create" or "webauthn.get"
//	challenge      the one that was sent, in base64url
//	origin         the enclave's
//	cross-origin   asked for in the enclave's own document, or, where that is
//	               allowed, in a frame inside the expected top-level document
//	rpid           the SHA-256 of the relying party id, which is the origin's host
//	user-present   flag UP
//	user-verified  flag UV
//	credential     create: the id and the public key outside are those inside the
//	               authenticator data; get: the credential is the one asked for
//	signature      get: verifies for the stored public key, over authenticator
//	               data ‖ SHA-256(client data)
//	counter        get: above the last one, or both zero
//
// # Authenticator data
//
// Section 6.1: 32 bytes SHA-256 of the relying party id, 1 byte flags, 4 bytes
// counter, then with flag AT the attested credential data (16 bytes AAGUID, 2
// bytes length, credential id, COSE key), then with flag ED a CBOR map. CBOR is
// that of CTAP2 (FIDO CTAP 2.1, section 8): definite lengths, shortest heads.
//
//	bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b5  example.org
//	05                                                                UP, UV
//	00000007                                                          counter 7
package webauthn
