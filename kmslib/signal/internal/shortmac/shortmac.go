// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package shortmac is HMAC-SHA-256 (RFC 2104) of short messages, for chains of
// keys: they have a new key at each step, for which crypto/hmac makes new states
// on the heap. A message far ahead, which anybody can forge, makes its receiver
// take 25,000 steps; this way they take less than half the time, and nothing from
// the heap.
package shortmac

import "crypto/sha256"

// Size is that of keys and codes, in bytes.
const Size = sha256.Size

// MaxMessage is the greatest length of a message, in bytes.
const MaxMessage = 96

// Sum returns HMAC-SHA256(key, message).
func Sum(key *[Size]byte, message []byte) [Size]byte {
	const block = sha256.BlockSize
	var inner [block + MaxMessage]byte
	var outer [block + Size]byte
	for i := range block {
		inner[i], outer[i] = 0x36, 0x5c
	}
	for i, k := range key {
		inner[i] ^= k
		outer[i] ^= k
	}
	if len(message) > MaxMessage {
		panic("shortmac: internal error: a message that is not short")
	}
	n := copy(inner[block:], message)
	digest := sha256.Sum256(inner[:block+n])
	copy(outer[block:], digest[:])
	return sha256.Sum256(outer[:])
}
