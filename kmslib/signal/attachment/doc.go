// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package attachment seals files that are sent beside messages: too large for a
// message, each under a key of its own that travels in one. A file passes
// through in pieces, of which at most about two segments are in memory.
//
// # Format
//
// AES256-GCM-HKDF streaming of Tink with segments of 1 MiB (parameters
// AES256_GCM_HKDF_1MB; developers.google.com/tink/streaming-aead; Hoang,
// Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its
// Nonce-Reuse Misuse-Resistance", construction STREAM):
//
//	header   28 ‖ salt, 32 bytes ‖ prefix, 7 bytes              40 bytes
//	segment  AES-256-GCM, no additional data ‖ tag, 16 bytes
//
//	key of all segments = HKDF-SHA-256(attachment key, salt, info = associated data, 32)
//	nonce of a segment  = prefix ‖ its index from 0, 4 bytes, big-endian ‖ 01 if it is the last, else 00
//
// Header and segments follow each other without lengths. Each segment ends at a
// multiple of SegmentSize from the begin of the header but the last, which ends
// earlier or there. There is always a last one, if only with a tag; it is empty
// only if the file is.
//
// # What is detected
//
// An Opener returns nothing of a segment before the whole of it is authentic,
// and in its place: altered, exchanged, repeated and missing segments, and
// another key or associated data, are ErrAuthentication. What it returned before
// stays an authentic beginning. That it was all shows only when Close returns
// without error: whoever uses a file before, may use a truncated one. A file
// that ends where a segment does is ErrTruncated, as is one too short for its
// header and tag; one cut elsewhere cannot be told from an altered one.
//
// # Errors
//
// A failure ends the Sealer or Opener: it forgets its key and what it held, and
// all that follows is ErrClosed. ErrTooLarge alone changes nothing. Other errors
// are those of the keys.Ops, of the context or of the randomness.
package attachment
