// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package auditlog is the log of what was done, and what was refused, with a
// person's keys. It only grows, and nothing in it can be changed, taken out or put
// between without this being found out.
//
// Each user has one log and one log key. The log is the Merkle tree of RFC 6962
// (package merkle) over the entries. Whoever appends an entry signs the tree as it
// is then: with the log key while the vault is open, with a delegated key, for
// which there is a certificate by the log key, while it is locked. The record of
// the entry keeps that signature, so who appended what can be proved for each.
//
// Keys are P-256 and signatures ECDSA with SHA-256, written r ‖ s in 64 bytes,
// except in notes. All JSON is canonical (package wire); bytes in it are base64url
// without padding; times are Unix seconds.
//
// # Entry
//
// The leaf of an entry is the SHA-256 of 00 and this object:
//
//	format   "kms-enclave-audit-entry/1"
//	seq      position in the log, from 0
//	time     by the clock of the device
//	user     id of the user: 1 to 64 of A-Z a-z 0-9 - _
//	signer   id of the key that signs: base64url of the SHA-256 of its
//	         SubjectPublicKeyInfo, 43 characters
//	method   what was asked for: 1 to 64 of A-Z a-z 0-9 and single dots
//	outcome  "ok", or why it was not done: 1 to 32 of a-z _
//	origin   web origin that asked; absent for the enclave itself
//	key      id of the key that was used, 1 to 128 visible ASCII characters
//	request  id of the request, likewise
//	session  id of the session or lease: 1 to 64 of A-Z a-z 0-9 - _
//	release  digest of the release that ran: 64 of 0-9 a-f
//	detail   a word of a fixed list that says more: 1 to 64 of a-z 0-9 - _
//	repeats  number of events alike that the entry stands for, 2 or more
//
// The first seven are always there, the others only where they are not empty.
//
// # Checkpoint
//
// A checkpoint is a C2SP signed note (c2sp.org/signed-note) whose text is that of
// c2sp.org/tlog-checkpoint without extension lines:
//
//	kms-enclave/log/<user>
//	<number of entries, decimal>
//	<root, base64>
//
// and a newline after each. That text is what is signed for each entry; seq+1 is
// the number of entries in it. In the note the signature is type 0x02, ECDSA: the
// key name is the first line, the key hash the first four bytes of the key id, the
// signature in DER. Signatures of others, such as witnesses, may follow.
//
// # Certificate of a delegated key
//
//	format     "kms-enclave-log-delegation/1"
//	user       whose log
//	point      the delegated key, an uncompressed point of 65 bytes
//	scope      what it may sign: sorted array of 1 to 256 "method:outcome", where
//	           one of the two may be "*"
//	notBefore  first and
//	notAfter   last time of an entry
//	code       digest of the release that may use the key: entries must name it
//	signature  by the log key over: the format, a newline, and this object without
//	           its signature
//
// # Stored forms
//
// A record, one for each entry:
//
//	format     "kms-enclave-audit-record/1"
//	entry      the entry; or instead, once it was pruned,
//	pruned     {"leaf": hash, "seq", "signer", "user"}
//	hashes     of the subtrees that the entry completes, joined (package merkle)
//	signature  over the checkpoint's text after this entry
//
// The head, which is all that appending reads:
//
//	format     "kms-enclave-audit-head/1"
//	user       whose log
//	size       number of entries
//	frontier   of the tree (package merkle)
//	time       of the last entry, 0 if there is none
//	signer     id of the key of the signature; absent if there is no entry
//	signature  of the last record; likewise
//
// # Bundle
//
// A bundle is what is exported: lines of JSON, each ended by a newline. The first:
//
//	format        "kms-enclave-audit-bundle/1"
//	user          whose log
//	log           "kms-enclave/log/<user>"
//	point         the log key, an uncompressed point
//	certificates  array of certificates
//	first         sequence number of the first record
//	size          number of entries of the log, above first
//	prefix        frontier of the first entries that are left out; absent if first is 0
//
// Then a line for each record from first to size-1: the stored form without format
// and hashes. At last {"checkpoint": text of the note}, over size entries.
//
// # Verification
//
// Verify finds (kinds of findings in brackets): lines in another form [format];
// entries missing [gap] or out of order [order], at the end [truncation], or of
// another user [user]; for each entry, that the signature over the tree up to it is
// by the key which the entry names [signature], and that this is the log key or one
// with a certificate [signer]; for entries by delegated keys, that the certificate
// is by the log key [certificate], and its scope, times and code fit
// [certificate-scope, certificate-validity, certificate-code], and that the entry
// is not dated before the one preceding it [time]; that the checkpoint is over
// these entries [root] and by a key of the log [checkpoint].
//
// The first entries may be pruned: then their signatures are verified and what
// they were about is unknown. A clock that the log key says was set back is a
// remark.
//
// A bundle alone cannot show that it is the newest, nor whose the log key is: all of
// it may be an earlier state, or made up. An earlier checkpoint that was kept
// elsewhere shows [rollback] and [fork], also where a new log was begun [log, since-key];
// the log key as it is known from elsewhere shows [key].
//
// # Example
//
// testdata/bundle.txt holds a bundle of thirteen entries, testdata/checkpoint.txt the
// checkpoint after its first five.
package auditlog
