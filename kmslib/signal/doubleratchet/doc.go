// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package doubleratchet is the Diffie-Hellman ratchet of a session and the keys
// of its messages (The Double Ratchet Algorithm, revision 4, sections 2 to 5), in
// the form that Signal's clients have.
//
// Each party has a ratchet key pair and sends on a chain of keys (package chain)
// that belongs to it. When a message names a new ratchet key of the peer, both
// agreements with that are mixed into the root key: one, with our old pair, gives
// the chain that receives, another, with a new pair, the one that sends.
//
//	           root ── DH(ours, theirs') ── root ── DH(ours', theirs') ── root
//	                          │                            │
//	messages of the peer ── receiving chain        sending chain ── our messages
//
// A seed comes out for each message. DeriveMessageKeys makes the keys of it, with
// a salt that package tripleratchet takes from elsewhere.
//
// A State is a value: Send and Receive return the next one and leave the old one
// as it was. Receive does not know whether a message is authentic. Its caller
// does, and drops the next State if it is not, so that nothing has happened.
// What a State no longer has, a spent seed or an old root key, is gone from its
// stored form; that an earlier State held it in memory is for the garbage
// collector, as package secret says.
//
// # Late messages
//
// The receiving chains of MaxReceiving ratchet keys of the peer are kept, with the
// seeds of what was skipped in them (chain.MaxSkipped each, MaxSkipped together).
// A peer that has gone on to a new ratchet key may thus still be read on older
// ones, and how many messages it sent on them is of no concern: previous_counter
// is sent, as the last counter, and not looked at.
//
// # Hostile headers
//
// A header costs at most two agreements, one key pair and chain.MaxForward steps,
// and changes nothing when it is refused. A ratchet key of small order is refused
// by the agreement. Others that are not canonical are not looked for: the MAC
// covers the bytes of the key, so only the peer itself could send them, who gains
// nothing.
//
// # Stored form
//
// The byte 1 and a message of package proto:
//
//	1 root      32 bytes
//	2 public    33 bytes: our ratchet key
//	3 private   32 bytes
//	4 sending   a chain
//	5 previous  last counter of the sending chain before, 0 if it had none
//	6 receiving repeated, oldest first: 1 ratchet key of the peer, 2 chain
//
// That public belongs to private is not checked: the form is stored sealed, and a
// multiplication for each message would be all it costs.
package doubleratchet
