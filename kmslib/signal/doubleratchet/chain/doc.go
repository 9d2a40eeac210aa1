// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package chain is a symmetric-key ratchet: a key that moves forward only, and
// that gives a seed for each message (The Double Ratchet Algorithm, section 2.2).
// Packages doubleratchet and senderkey make message keys of the seeds.
//
//	seed n    = HMAC-SHA256(key n, 0x01)
//	key n+1   = HMAC-SHA256(key n, 0x02)
//
// A Chain is a value: Step and Seek return the next one and leave the old one as
// it was. Seeds of messages that did not come yet are kept, up to MaxSkipped; what
// is kept are seeds and no message keys, since what else enters those comes with
// the message. Next and old Chain share their memory where it is equal.
//
// A Chain is bare: it would print its secrets. Whoever keeps one hides it (package
// secret).
//
// # Stored form
//
// One message of package proto:
//
//	1 key      32 bytes
//	2 index    the counter of the next message, at most 2^32 - 1
//	3 skipped  for each seed that is kept, its counter, 4 bytes big-endian, and
//	           its 32 bytes; counters ascend and are below index
package chain
