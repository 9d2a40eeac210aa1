// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package spqr is Signal's Sparse Post-Quantum Ratchet, the part of the Triple
// Ratchet that keeps agreeing on ML-KEM-768 secrets while messages go back and
// forth, a few bytes of key with each.
//
// It gives each message a key of its own, which package tripleratchet mixes into
// the message's keys, and the bytes of its pq_ratchet field, which that package
// puts on the wire under its MAC. What a message is, whether it verifies and which
// session it belongs to are not this package's concern, nor is the empty field of
// peers without this ratchet.
//
// # Use
//
// Every message sent is one Send, every message received one Receive. Both return
// the next State and leave the old one as it is: who drops the next one has lost
// nothing. Receive is called before the message is verified, since its key is
// needed for that; the next State is kept only if the message then verifies.
// States are one line: of the States that Send returns none may be used twice,
// or two messages have the same key.
//
// # Protocol
//
// Epochs count from 0. Epoch 0 starts from a key of the agreement (PQXDH), each
// later one adds a secret that both parties agreed on by ML-KEM. A party's
// messages of an epoch count from 1; each has a key of its own, by a hash chain
// per epoch and direction. The field says epoch + 1 and the number.
//
//	internal/field          bytes of the field
//	internal/chunked        which piece goes with which message
//	internal/braid          the exchange in whole messages
//	internal/splitkem       ML-KEM-768 in halves
//	internal/authenticator  MACs over keys and ciphertexts
//	internal/erasure        pieces of which any N are enough
//	internal/chain          keys of messages
//	internal/kdf            derivations and their labels
//
// The source is Signal's specification of the ML-KEM Braid and the Double Ratchet
// (revision 4), and what its clients do on the wire.
//
// # Modes
//
// Required gives every message a key. Negotiated is for initiators that do not
// know whether their peer has this ratchet: until its first message came, messages
// have no key and the number 0, in epoch 1 of the field. ChainOnly is the least a
// peer can do: it agrees on no secrets and stays in epoch 0.
//
// A responder takes messages without a key from an initiator, which may be one
// that negotiates. They may come late, after messages with a key: to know which
// those can be is the caller's concern, see package tripleratchet. An initiator
// takes them only if it negotiates itself, and none any more once a message with a
// key came: that would be a downgrade. In both roles that also holds for fields of
// a later version, which have no key for us and change nothing.
//
// # Stored form
//
// Marshal writes a version byte, 1, and a protocol buffer:
//
//	1  role           1 initiator, 2 responder
//	2  mode           1 required, 2 negotiated, 3 chain only
//	3  negotiating    1 until the first message came, if we negotiate
//	4  salted         1 once a message with a key came
//	5  chains         internal/chain
//	6  the exchange   internal/chunked; absent with mode 3
//
// Private keys are stored as seeds. A State is 0.1 to 2.7 kB, and 36 bytes more for
// each message that is missing, at most 2,000 in each of three epochs.
package spqr
