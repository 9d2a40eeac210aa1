// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package record reads and writes the values of the records that package vault
// keeps; the comment there says in which collections they lie, and how the keys
// that seal them are derived.
//
// Every value is canonical JSON (package wire), an object whose member "format"
// says which of the formats here it is; Signal records have bytes after it. All members are required, others are
// refused. Bytes are base64url without padding, times Unix seconds. An id is 16
// random bytes, 22 characters.
//
// # Seals
//
// What is sealed is AES-256-GCM with a nonce of 12 random bytes, new for each
// writing of the record, and a tag of 16 bytes at the end. The additional data is
// bound to the place and to all that stands in clear; it is made anew from where
// the record was found, and stored nowhere:
//
//	format      "kms-enclave-record-data/1"
//	collection  in which the record lies
//	key         under which it lies there
//	version     of the record in its store, from 1
//	record      the record's members without nonce, size, and sealed or wrapped
//
// # User
//
//	format      "kms-enclave-user/1"
//	id          the key under which the record lies
//	label       1 to 64 characters, none of them a control character, no space
//	            at either end
//	created     when the vault was set up
//	opened      when it was last unlocked
//	generation  of the vault key, from 1; one more with each rotation
//	epoch       how often all sessions were ended at once
//	closed      id of the session that ended last, or ""
//	log         public point of the log key, 65 bytes
//	kept        number of the oldest entry of the log that was not pruned
//	state       "active", or "reset": only the log is left
//
// Example, with line breaks for reading only, as in all of them:
//
//	{"closed":"","created":1790000000,"epoch":0,"format":"kms-enclave-user/1",
//	 "generation":1,"id":"AAECAwQFBgcICQoLDA0ODw","kept":0,"label":"Ada",
//	 "log":"BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs",
//	 "opened":1790000000,"state":"active"}
//
// # Throttle
//
//	format    "kms-enclave-throttle/1"
//	failures  attempts that failed since the last that did not
//	until     before this time none is allowed; 0 if that never was
//	unlogged  how many of the failures are not in the log
//
// Example:
//
//	{"failures":3,"format":"kms-enclave-throttle/1","unlogged":0,"until":1790000005}
//
// # Policy
//
// What a person made stricter for an origin:
//
//	format   "kms-enclave-policy/1"
//	origin   the key under which the record lies
//	methods  1 to 256 of {"class","name"}, sorted by name; class is "unlocked" or
//	         "confirm"
//
// It is not sealed, so that it holds while the vault is locked; the roster has
// its digest, SHA-256("kms-enclave-policy-digest/1" ‖ 0x0a ‖ value).
//
// Example:
//
//	{"format":"kms-enclave-policy/1",
//	 "methods":[{"class":"confirm","name":"vapid.sign"}],"origin":"https://app.example"}
//
// # Roster
//
// What the vault remembers of records that its key does not seal:
//
//	format      "kms-enclave-roster/1"
//	generation  of the vault key that seals it
//	nonce
//	sealed      the seal of the plaintext
//
// The plaintext is canonical JSON too:
//
//	format      "kms-enclave-roster/1"
//	enrolments  1 to 32 of {"id","point"}, sorted by id; point is the SHA-256 of the
//	            enrolment's public point
//	policies    at most 256 of {"digest","origin"}, sorted by origin
//
// Example of a plaintext:
//
//	{"enrolments":[{"id":"AAECAwQFBgcICQoLDA0ODw",
//	   "point":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}],
//	 "format":"kms-enclave-roster/1","policies":[]}
//
// # Log key
//
//	format      "kms-enclave-log-key/1"
//	generation  of the vault key that wraps it
//	point       public point, 65 bytes
//	created     when it was made
//	nonce
//	wrapped     the private key in PKCS#8, sealed
//
// # Delegated key of the log
//
// The Handle beside it is the private key.
//
//	format       "kms-enclave-log-delegate/1"
//	point        public point, 65 bytes
//	certificate  number of its newest certificate
//
// # VAPID key
//
//	format      "kms-enclave-vapid-key/2"
//	origin      to which the key is bound, as package origin writes it
//	kid         the key id, as package vapid defines it
//	publicKey   the application server key
//	created     when it was made
//	protection  "sealed", or "browser" for a key that a release without users made
//	generation  of the vault key
//	nonce
//	wrapped     the private key in PKCS#8, sealed; for "browser" the seal of
//	            nothing, 16 bytes, the private key being the Handle
//
// It lies under the origin, a space and kid, which must be the thumbprint of
// publicKey. The records of the first releases, "kms-enclave-vapid-key/1", have
// only format, origin, kid, publicKey and created; their Handle is the private
// key.
//
// Example:
//
//	{"created":1790000000,"format":"kms-enclave-vapid-key/2","generation":1,
//	 "kid":"1qxvx3yqjgbvZphBjeF9pzkcix6bSXShl4OKROK7mE0","nonce":"AAECAwQFBgcICQoL",
//	 "origin":"https://app.example","protection":"browser",
//	 "publicKey":"BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs",
//	 "wrapped":"AAECAwQFBgcICQoLDA0ODw"}
//
// # Signal
//
// A record of a Signal account is written with each message. So that it is small,
// what is sealed stands as it is after the object and a newline (0x0a):
//
//	format      "kms-enclave-signal-record/1"
//	generation  of the vault key
//	nonce
//	size        how many bytes follow the newline: what is sealed
//
// The account record lies under the origin and "account", with a space between.
// Its plaintext is "kms-enclave-signal-account/1" ‖ 0x0a ‖ naming key. The naming
// key is 32 random bytes. It is made with the account and never changes, also not
// when the vault key does, so that records keep their places.
//
// The other records lie under the origin, a kind and a name, with a space between
// each; kinds are those of package session. A name of up to 10 decimal digits, of
// a prekey, stands there as it is. Any other is in the plaintext only, and stands
// in the key as
//
//	HMAC-SHA-256(naming key, "kms-enclave-signal-name/1" ‖ 0x0a ‖ kind ‖ 0x0a ‖ name)
//
// of which the first 16 bytes are taken, in base64url. The plaintext is the length
// of the name, 2 bytes with the most significant first, the name, and the value as
// package session made it.
//
// Example of the object of a record:
//
//	{"format":"kms-enclave-signal-record/1","generation":1,"nonce":"AAECAwQFBgcICQoL",
//	 "size":16}
package record
