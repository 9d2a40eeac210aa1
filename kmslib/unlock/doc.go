// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package unlock holds envelopes around a vault key: the ways by which its
// person, and nobody else, opens the vault.
//
// An Enrolment is one way: a passphrase, a passkey or a recovery key. It is a
// key pair whose private half is wrapped under a key from what the person knows
// or has, and a capsule that carries the vault key to the public half:
//
//	passphrase ── PBKDF2 or Argon2id ──┐
//	PRF outputs of a passkey ──────────┤             ┌─ check
//	recovery key ──────────────────────┼─ base ─HKDF─┼─ wrapping key ── private key ─┐
//	device key, for a passkey gate ────┘             └─ sender ──────────────────────┼─ HKDF ── vault key
//	                                                   ephemeral key ──────── ECDH ──┘
//
// So whoever has the vault open can send a new vault key to every enrolment
// (Reencapsulate) without the person's secrets, and an old vault key tells
// nothing of the next. Sender is what makes that a message of the vault and of
// nobody else: a secret that the person's side derives, and that the vault's
// side keeps sealed under the vault key. Who merely can write the storage can
// neither slip in a vault key of their own, nor a public key that the next vault
// key would be sent to.
//
// A passkey gate is policy, not encryption: its device key lies beside the
// record as a handle that this browser profile can use, and what asks for the
// passkey is the enclave. The caller verifies the assertion (package webauthn)
// before it hands over the device key. Whoever copies the profile needs no
// passkey. Everything else here is encryption.
//
// # Record
//
// An enrolment lies in a Slot, the user id and the enrolment id, each 16 bytes
// in base64url (22 characters). Its value is canonical JSON (package wire) with
// the format "kms-enclave-enrolment/1", at most MaxRecord bytes. Bytes are
// base64url without padding.
//
//	format      "kms-enclave-enrolment/1"
//	method      "passphrase", "passkey-prf", "passkey-gate" or "recovery"
//	created     Unix seconds
//	salt        32 bytes
//	kdf         {"name":"pbkdf2-sha256","iterations"}, or
//	            {"name":"argon2id","memoryKiB","passes","lanes"}; with passphrase
//	credential  {"id","publicKey","alg","counter","transports","rpId"}; with both
//	            passkey methods. publicKey is a SubjectPublicKeyInfo in DER, alg
//	            -7 (ES256) or -257 (RS256)
//	device      {"nonce","sealed"}: the base secret; with passkey-gate
//	point       the public key, 65 bytes uncompressed
//	check       32 bytes
//	key         {"nonce","sealed"}: the private key
//	generation  of the vault key, from 1
//	capsule     {"ephemeral","nonce","sealed"}: the vault key; ephemeral is a
//	            point, sealed has 48 bytes
//	sender      {"nonce","sealed"}: the sender secret for the vault; 48 bytes
//	label       what the person calls it, 1 to 64 characters
//	used        Unix seconds, 0 if never
//
// All are required where they apply, others are refused. The last two and
// credential.counter change without the person's secret and are authenticated
// by nothing here. Everything else is.
//
// # Context
//
// What is sealed is bound to where it lies and to all that stands in clear. The
// additional data of each sealing is canonical JSON, made anew from the slot and
// the record whenever it is needed, and stored nowhere. Its members are those of
// the record, with "user" and "id" from the slot, and "format" the label of the
// sealing. Each has what is known when it is made:
//
//	user id method created salt kdf credential          in all; credential
//	                                                    without counter
//	check device                                        but for device
//	point key generation                                for capsule and sender
//	ephemeral                                           for capsule
//
// # Keys
//
// With HKDF(secret, salt, info) as in package keys:
//
//	base       passphrase    PBKDF2(passphrase, salt, iterations), 32 bytes, or
//	                         Argon2id (RFC 9106) of the same, 32 bytes
//	           passkey-prf   the outputs for both of PRFInputs(salt), 64 bytes
//	           passkey-gate  device, opened by the device key with the context
//	                         "kms-enclave-enrolment-device/1"
//	           recovery      the 16 bytes
//	check      HKDF(base, salt, "kms-enclave-enrolment-check/1"), 32 bytes
//	sender     HKDF(base, salt, "kms-enclave-enrolment-sender/1"), 32 bytes
//	wrapping   HKDF(base, salt, "kms-enclave-enrolment-key/1"); key is sealed by
//	           it with the context of that label
//	capsule    HKDF(Z, sender, context) where Z is the shared secret of ephemeral
//	           and point, context that of "kms-enclave-vault-key-capsule/1"; the
//	           same context is the additional data
//	sender's   HKDF(vault key, "", context), context that of
//	           "kms-enclave-enrolment-sender/1"; the same context is the
//	           additional data
//
// The check tells a wrong secret (ErrWrongSecret; ErrPRFChanged for a passkey)
// from a damaged record (*DamagedError). It helps nobody who guesses: the
// ciphertexts say as much.
//
// # PRF inputs
//
// The two inputs are "kms-enclave-passkey-prf/1" ‖ 0x01 ‖ salt and the same with
// 0x02, so that both outputs together belong to us and no other use of the
// passkey.
//
// # Recovery key
//
// 128 bits as 12 words of BIP-39, English, with its checksum of 4 bits. The
// words are read in any case, with any white space, and each may be cut to its
// first four letters or more.
//
// # Example
//
// A recovery key's record, with line breaks for reading only and long values
// cut short (…):
//
//	{"capsule":{"ephemeral":"BOxf…","nonce":"9r0zJ0ZVNhRkJ2dK","sealed":"3gkX…"},
//	 "check":"tE1D…","created":1790000000,"format":"kms-enclave-enrolment/1",
//	 "generation":1,"key":{"nonce":"pN2mWm5zJX0hPbXq","sealed":"Zl0c…"},
//	 "label":"Paper in the safe","method":"recovery","point":"BKd1…",
//	 "salt":"o3Vv…","sender":{"nonce":"Yt0bW5tQkX2JzNfH","sealed":"iC9w…"},
//	 "used":0}
package unlock
