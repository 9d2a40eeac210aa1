// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package signal is the map of our implementation of Signal's protocol: end-to-end
// encrypted sessions between two devices that were never online together, with
// forward secrecy and healing against classical and quantum attackers, and groups.
// It is written from Signal's published specifications and from observing the bytes
// of its official client, with which tests exchange messages (enclave/signaltest).
//
// Read from the bottom up:
//
//	curve           X25519 keys as Signal writes them (RFC 7748)
//	xeddsa          signatures by such keys (XEdDSA, revision 1)
//	kyber           Kyber1024, round 3, not ML-KEM
//	pqxdh           how a session begins: PQXDH, and X3DH for old peers
//	doubleratchet   the chains of message keys (Double Ratchet, revision 4)
//	spqr            the sparse post-quantum ratchet beside it (ML-KEM Braid)
//	tripleratchet   both together: a session that encrypts and decrypts messages
//	message         the messages on the wire
//	senderkey       one key per sender for the messages of a group
//	safetynumber    what two people compare
//	attachment      files, a segment at a time
//	session         accounts: prekeys, sessions with many devices (Sesame), trust,
//	                groups; what the vault uses
//
// Nothing here stores anything or knows the time. Each operation is a step from a
// state to the next one and an output. A state is a value that a step does not
// change: a caller who cannot commit the next state drops it and has lost nothing,
// and a message that fails to authenticate leaves no trace. Package session puts
// the steps together over a Reader and says what is to be written, so that the vault
// commits states, message and audit entry at once.
//
// # Terms
//
// An identity key says who a device is. Prekeys are what others need to begin a
// session with it: a signed prekey and a last-resort Kyber prekey that are replaced
// from time to time, and one-time prekeys that are erased when a session used them.
// An epoch is one run of the post-quantum ratchet, at the end of which both sides
// have a new secret from ML-KEM-768.
package signal
