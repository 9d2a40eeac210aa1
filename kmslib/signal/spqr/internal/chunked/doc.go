// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package chunked carries the messages of package braid over a channel that may
// lose, repeat and reorder: each goes out in chunks of 32 bytes (package
// erasure), one with every message of the session, until the peer shows that it
// has it.
//
//	header ‖ MAC  96 bytes,  3 chunks     ct1        960 bytes, 30 chunks
//	t̂           1152 bytes, 36 chunks     ct2 ‖ MAC  160 bytes,  5 chunks
//
// One type per state. Beside each: the kind of message that it sends (package
// field), and what leads on. A state is left when a message completes; before
// that, chunks of it only add up. Whatever is not named leads nowhere.
//
//	owner of the key
//
//	  keysUnsampled                  sends Header of new keys and is
//	    v
//	  keysSampled                    sends Header
//	    | Ciphertext1
//	    v
//	  headerSent                     sends Key
//	    | 30 of Ciphertext1
//	    v
//	  ciphertext1Received            sends KeyAcknowledge
//	    | Ciphertext2
//	    v
//	  keySentCiphertext1Received     sends Acknowledge
//	    | 5 of Ciphertext2
//	    v
//	  noHeaderReceived of the next epoch
//
//	who encapsulates
//
//	  noHeaderReceived               sends None
//	    | 3 of Header
//	    v
//	  headerReceived                 sends Ciphertext1 of a new secret and is
//	    v
//	  ciphertext1Sampled             sends Ciphertext1 --------+
//	    | 36 of Key                                            | KeyAcknowledge
//	    v                                                      v
//	  keyReceivedCiphertext1Sampled  sends Ciphertext1     ciphertext1Acknowledged
//	    | KeyAcknowledge                                     sends None
//	    v                                                      | 36 of Key or
//	  ciphertext2Sampled             sends Ciphertext2 <-------+ KeyAcknowledge
//	    | any message of the next epoch
//	    v
//	  keysUnsampled of the next epoch
//
// If the KeyAcknowledge that reaches ciphertext1Sampled has the last of the 36
// chunks, ciphertext2Sampled follows at once.
//
// A State holds at most as many chunks as the message has that they come from. A
// chunk that is not the peer's makes a message whose MAC or hash does not fit.
package chunked
