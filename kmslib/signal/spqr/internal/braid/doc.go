// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package braid is Signal's ML-KEM Braid protocol with whole messages: in each
// epoch one party owns an encapsulation key and the other encapsulates to it,
// both in two parts (package splitkem), and a secret comes out. In the next epoch
// the parties change places.
//
// One type per state, one method per edge; each takes the state and returns the
// next with what it puts out. Epochs count from 1. The initiator of the session
// begins as owner in KeysUnsampled, the responder in NoHeaderReceived.
//
//	owner of the key                        who encapsulates
//
//	KeysUnsampled                           NoHeaderReceived
//	  | SendHeader                            |
//	  |         --- header, MAC --->          | ReceiveHeader
//	  v                                       v
//	HeaderSent                              HeaderReceived
//	  |                                       | SendCiphertext1: secret
//	  |         <--- ct1 -----------          v
//	  | SendKey                             Ciphertext1Sent
//	  |         --- key ----------->          | ReceiveKey
//	  v                                       |
//	KeySent                                   |
//	  | ReceiveCiphertext1                    |
//	  v                                       |
//	Ciphertext1Received                       |
//	  |         <--- ct2, MAC ------          v
//	  | ReceiveCiphertext2: secret          Ciphertext2Sent
//	  v                                       | NextEpoch
//	NoHeaderReceived                          v
//	of the next epoch                       KeysUnsampled of the next epoch
//
// The key is t̂. It crosses with ct1: the owner begins to send it when ct1 begins
// to come, which shows that the header arrived. Messages in pieces, and which one
// is sent when, are the concern of package chunked.
//
// Both parties take the secret into their authenticator; the MAC of a header is
// made before, that of a ciphertext after.
package braid
