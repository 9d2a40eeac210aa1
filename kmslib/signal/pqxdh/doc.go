// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package pqxdh agrees on the first secrets of a session with a party that is
// not there but has published keys: PQXDH ("The PQXDH Key Agreement Protocol",
// signal.org, revision 3), and its predecessor X3DH ("The X3DH Key Agreement
// Protocol", revision 1) for clients that know nothing newer.
//
// # Parties and keys
//
// The responder has published an identity key IK, a signed prekey SPK, a
// one-time prekey OPK unless they ran out, and a Kyber prekey unless it is too
// old. Bundle is what the initiator gets of them; Responder is their private
// side. Both prekeys with signatures are signed by IK over their encoding with
// the type byte (packages curve, kyber and xeddsa). The initiator makes a base
// key EK, which ends with the agreement.
//
// # Derivation
//
//	F  = 32 bytes FF
//	K  = F ‖ DH(IKi, SPKr) ‖ DH(EKi, IKr) ‖ DH(EKi, SPKr) ‖ [DH(EKi, OPKr)] ‖ [SS]
//	    X3DH:  root ‖ chain           = HKDF(K, "WhisperText", 64)
//	    PQXDH: root ‖ chain ‖ ratchet = HKDF(K, "WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024", 96)
//
// HKDF is RFC 5869 with SHA-256 and no salt; SS is the secret in the Kyber
// ciphertext, for PQXDH alone; each output has 32 bytes. Root and chain start
// the double ratchet, ratchet the post-quantum one. The identity keys enter the
// MAC of each message, not an associated data here.
//
// # Errors
//
// A *SignatureError says which prekey is not signed by its identity; nothing is
// computed with such a bundle. ErrBaseKey and ErrKyber refuse what an initiator
// sent; curve.ErrAgreement, curve.ErrKey, kyber.ErrKey and kyber.ErrCiphertext
// come from those packages. No error carries a secret or a peer's bytes.
package pqxdh
