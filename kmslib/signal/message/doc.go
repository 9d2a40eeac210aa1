// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package message writes and reads the messages that Signal's clients exchange.
// It checks their form alone. Who sent one, and whether anybody changed it, is
// known once packages tripleratchet or senderkey have opened it.
//
// # Form
//
// A message is a version byte and a message of package proto. In the version
// byte the high four bits are the version of this message and the low four the
// greatest that its sender speaks, which nobody needs. Numbers have 32 bits
// unless said; public keys are the 33 bytes of package curve.
//
//	Signal (envelope type 2; version 3 or 4; "SignalMessage")
//	  1 ratchet_key       public key
//	  2 counter           of the message in its chain, from 0
//	  3 previous_counter  last counter of the chain before; 0 if absent
//	  4 ciphertext        16 bytes or more
//	  5 pq_ratchet        of package spqr; absent if there is none
//	  6 addresses         of sender and receiver; may be absent
//	  and 8 bytes: HMAC over the parties' identities and all before
//
//	PreKey (type 3; version 3 or 4; "PreKeySignalMessage")
//	  1 pre_key_id        absent if no one-time prekey was used
//	  2 base_key          public key
//	  3 identity_key      public key of the sender
//	  4 message           a Signal message
//	  5 registration_id   of the sender; 0 if absent
//	  6 signed_pre_key_id
//	  7 kyber_pre_key_id  both 7 and 8 in version 4, neither in version 3
//	  8 kyber_ciphertext
//
//	SenderKey (type 7; version 3; "SenderKeyMessage")
//	  1 distribution_id   16 bytes
//	  2 chain_id
//	  3 iteration         from 0
//	  4 ciphertext        16 bytes or more
//	  and 64 bytes: XEdDSA signature over all before
//
//	SenderKeyDistribution (sent inside of a Signal message; version 3)
//	  1 distribution_id   16 bytes
//	  2 chain_id
//	  3 iteration         from 0
//	  4 chain_key         32 bytes, secret
//	  5 signing_key       public key
//
//	Retry (type 8; "DecryptionErrorMessage")
//	  1 ratchet_key       public key; absent for messages of groups
//	  2 timestamp         64 bits, Unix milliseconds
//	  3 device_id
//
// A retry request is sent in clear: the byte 0xC0, a message whose field 8 is
// the one above, the byte 0x80.
//
// Fields are written in order, counters also when 0. When read they may be in
// any order, and fields that are not known here are skipped: newer clients may
// have more. So MACs and signatures are over the bytes as they came (Body),
// never over what we would write. A field twice, a number beyond 32 bits or a
// key with trailing bytes is refused, which other clients tolerate and none
// sends.
//
// What Parse functions return aliases their input.
//
// # Example
//
// The answer "hello" to a first message, with lines for reading only:
//
//	44             version 4 of a client that speaks 4
//	0a 21 05…      ratchet_key
//	10 00          counter
//	18 00          previous_counter
//	22 10 …        ciphertext
//	2a 04 01010100 pq_ratchet: version 1, epoch 1, index 1, no chunk
//	…              MAC
package message
