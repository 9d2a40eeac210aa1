// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package session keeps an account of Signal's protocol: its identity and
// prekeys, the sessions with the devices of its contacts, the trust in their keys,
// and the keys of groups. It follows X3DH (revision 1), PQXDH (revision 3) and "The
// Sesame Algorithm" (revision 2) of signal.org, and where those leave a choice the
// official client, so that both understand each other.
//
// # Units of work
//
// Nothing here stores anything, knows the time or has randomness of its own. An
// Account is one unit of work: it reads through a Reader, and what its methods
// change are Changes, for the caller to store all at once:
//
//	account := session.Open(reader, session.Env{Now: now, Random: random})
//	opened, err := account.Decrypt(ctx, from, message.Whisper, body)
//	err = store(account.Changes())
//	// only now use opened.Plaintext
//
// A method that returns an error has changed nothing, so that a batch goes on with
// the next message. If Changes are not stored, nothing has happened: a message can
// be received again, and one to send must not be sent. If two units of work began
// with the same state, only one of them may be stored; the other is done again.
// That no message key is ever used twice rests on this.
//
// # Sessions
//
// A device of a contact has an Address. Of the sessions with it one is active: what
// is sent, is sent in it. A session is begun by StartSession from a bundle, or by a
// message of type PreKeyType; that one becomes the active one, and the former is
// archived. A message is tried with all, and the session that opens it becomes the
// active one, so that two devices who began at once agree on one of their two
// sessions as soon as one of them has read before it writes.
//
// An initiator repeats in each message what began the session, until the first
// message of the other device. The base key in it says which session a repetition
// belongs to. The one-time prekeys that it names are erased in the same Changes
// that have the session. Where there is none that could be erased, a memory of
// sessions begun so takes the place (MaxReplays).
//
// # Trust
//
// The first identity key of a name is trusted. If another one comes, in a message
// or a bundle, the contact is StateChanged: messages are received and marked, none
// is sent to any of its devices until the person has accepted the new key, or chosen
// the old one again. A session is with one identity key for good.
//
// All devices of a name have one identity key, as with Signal. No vault gives its
// key away, so somebody who has two vaults goes by two names.
//
// # Stored values
//
// A Key has a kind and a name; see the constants Kind…. A value is the byte 01 and a
// message of protocol buffers whose fields are all known, with numbers and bytes
// within their bounds. Keys on the curve are 33 bytes, private ones 32, Kyber's are
// their seed of 64; times are Unix seconds. A value that does not parse is a
// *StateError; it is kept, and nothing is written in its place.
//
//	identity       1 name, 2 device, 3 registration id, 4 public key, 5 private key,
//	               6 created, 7 oldest and 8 newest level, 9 chain only, 10 next
//	               one-time, 11 next signed, 12 next Kyber prekey id, 13 repeated:
//	               1 signed and 2 last-resort prekey id, 3 created, 4 replaces older
//	               one-time prekeys, 5 next one-time and 6 next Kyber id at its begin
//	prekey         1 private, 2 public key, 3 created
//	signed-prekey  the same and 4 signature
//	kyber-prekey   1 seed, 2 signature, 3 created, 4 last resort
//	replay         1 hashes of 16 bytes: SHA-256 of signed prekey id and Kyber prekey
//	               id, 4 bytes each, big endian, and base key
//	peer           1 whether the first is active, 2 repeated: 1 session id, 2 version,
//	               3 base key, 4 archived, 0 for the active one
//	session        1 package tripleratchet, 2 the peer's identity key, 3 its
//	               registration id, 4 created, 5 used, 6 until it is acknowledged:
//	               1 one-time prekey id or none, 2 signed prekey id, 3 Kyber prekey
//	               id, 4 Kyber ciphertext, both absent in version 3
//	contact        1 key, 2 previous key or none, 3 state: 1 first use, 2 verified,
//	               3 changed, 4 since
//	sender-key     1 created, 2 package senderkey
//
// # Errors
//
// Sentinels, *InputError for arguments, *StateError for stored values; errors of the
// Reader and of Env.Random come through unchanged. No error has a secret or bytes of
// a peer in it.
package session
