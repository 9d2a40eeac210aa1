// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package senderkey encrypts messages once for a whole group: Signal's sender
// keys, version 3. Each sender has a chain of keys (package chain) and a key pair
// for signatures, and sends the chain's current key to each member, in a message
// of their session (message.SenderKeyDistribution). From then on its messages
// move the chain forward, and everybody who has the key can read them. Only the
// sender can sign them.
//
//	chain ── seed ── HKDF(no salt, "WhisperGroup") ── IV 16 bytes ‖ cipher key 32
//
// A message is AES-256-CBC under the cipher key, and has an XEdDSA signature over
// all of it. Members who left can read on until the sender makes a new chain
// (New), and nothing heals after a theft: there is no agreement in it.
//
// A Record is what one device has of one sender in one group: for its own, the
// chain that it sends on; for a peer's, the chains that it announced, newest
// first, at most MaxChains. It is a value: each step returns the next one and
// leaves the old one as it was. Decrypt returns one only if signature and padding
// were right.
//
// # Stored form
//
// The byte 1 and a message of package proto:
//
//	1 distribution  16 bytes
//	2 chains        repeated, newest first:
//	                1 chain id
//	                2 chain, of package chain
//	                3 signing key, public, 33 bytes
//	                4 signing key, private, 32 bytes; if it is our own, which
//	                  has one chain
package senderkey
