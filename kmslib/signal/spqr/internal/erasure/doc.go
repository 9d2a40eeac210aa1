// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package erasure turns a message into chunks of 32 bytes, of which any N
// rebuild it: N is the size of the message in chunks.
//
// A chunk is 16 words of 16 bits, big-endian, each an element of GF(2^16) with
// the reduction polynomial x^16 + x^12 + x^3 + x + 1 (0x1100b). Column c of all
// chunks together is one polynomial of degree below N: word c of chunk k is its
// value at x = k. The message is the chunks 0 to N-1 one after another, so the
// code is systematic: who gets these needs no arithmetic. Chunks have an index
// of at most 65535.
//
// What is encoded here goes over the wire in the clear, so no operation hides
// its operands from a clock. Nor is anything verified: a chunk that someone made
// up gives a wrong message, and whoever decodes checks a MAC or a hash.
package erasure
