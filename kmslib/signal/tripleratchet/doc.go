// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package tripleratchet encrypts and decrypts the messages of one session. It
// runs two ratchets beside each other, the Diffie-Hellman one of package
// doubleratchet and the post-quantum one of package spqr (The Double Ratchet
// Algorithm, revision 4, section 7), so that whoever breaks one of them learns
// nothing:
//
//	doubleratchet ── seed ──────────┐
//	                                ├─ HKDF ── cipher key, MAC key, IV
//	spqr ── message key (as salt) ──┘
//
// A message is AES-256-CBC under the cipher key. Its MAC covers the identity key
// of the sender, that of the receiver, and the message as it was sent; eight
// bytes of it are sent.
//
// A State is a value: Encrypt and Decrypt return the next one and leave the old
// one as it was. Decrypt returns one only after MAC and padding were right, so a
// forged message changes neither ratchet.
//
// # Modes
//
// Sessions with older clients have less. The Mode says what a session starts
// with:
//
//	Classic     no post-quantum ratchet: no pq_ratchet field is sent, and one
//	            that comes is ignored. The only mode after X3DH.
//	Negotiated  the field is sent. A message without it makes the session
//	            Classic for good, one with it makes it Required; until then an
//	            initiator's messages have no salt.
//	Required    every message has the field; one that comes without it is
//	            ErrDowngrade.
//	ChainOnly   Required, with a peer of ours that takes no part in agreeing on
//	            new post-quantum secrets. For tests of what is least to conform.
//
// Nobody between the parties can choose: the MAC covers the field. A peer that
// negotiates may send messages that have the field and yet no salt, before it
// has seen one of ours; PostQuantum says whether there were salted ones in both
// directions. Such messages may come late. All are under the initiator's first
// ratchet key, whose chain is as strong against quantum computers as the key
// agreement; once salted ones came, none under another ratchet key is taken.
//
// # Stored form
//
// The byte 1 and a message of package proto:
//
//	1 version   3 or 4
//	2 mode      1 Classic, 2 Negotiated, 3 Required, 4 ChainOnly
//	3 ours      our identity key, 33 bytes
//	4 theirs    that of the peer
//	5 double    package doubleratchet
//	6 sparse    package spqr; absent if Classic
//	7 sent      1 if a message of ours was salted, else 0
//	8 received  1 if one of the peer was, else 0
//	9 early     ratchet key of the peer's first message; empty before it
package tripleratchet
