// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package vault holds the keys of the people who use a device: it decides who may
// use which key for which origin, keeps everything sealed under a vault key that
// only its person can open, and writes down what was done. It composes the ways
// to open a vault (package unlock), the audit log (auditlog) and what the keys
// are for (vapid, signal/session, signal/attachment) over storage, clock, randomness, key operations and locks, which come
// in through small interfaces. Wiring them is the caller's concern, as are
// transport, user interface and who the calling origin is.
//
// Private keys are not among its bytes, but for those of Signal accounts: KeyOps
// makes, wraps and uses them inside the platform and hands out Handles.
//
// # Users, sessions and authority
//
// Each user has a vault key and records of their own; none of one user's opens
// with another's. At most one vault is open at a time, in a session: Unlock
// begins it, for the asking origin, and Grant opens it for another. It ends by
// Lock, after IdleLimit without use, at AbsoluteLimit, or for a passkey gate at
// GateLimit. Share and Adopt pass it to other tabs, and Lock in one ends it in
// all: the user record has an epoch, which each tab compares before it uses the
// vault.
//
// A session is enough for using keys. Changing how the vault is opened needs a
// Proven, which is the same proof again; so does rotating the vault key. Reset
// needs that, or the user's name typed in the enclave's own document.
//
// # Changes
//
// Every change is one Commit: the records, the audit entry and the head of the
// log together, so that a crash leaves the state before or the one after. A lock
// keeps tabs from working at once. What keeps them right is ErrConflict of the
// Store: the head of the log is part of every commit, so whatever was read of a
// user still holds if the head has the version it had; else the change is made
// again. Remembered things are checked the same way, so that a change reads no
// more than the head.
//
// Entries are signed by the log key while the vault is open. Failures and
// refusals before that are signed by a delegated key, a Handle in storage, whose
// certificate names what it may sign and the release that may use it. It is
// renewed at an unlock. What it cannot sign is counted, and logged at the next
// unlock. Refusals that are alike become one entry a minute.
//
// After failures, attempts to open a vault have to wait, 5 seconds after the
// third and twice as long after each one more, up to 15 minutes. An attempt is
// judged in the commit that counts it, whichever tab it comes from.
//
// # Stored records
//
// A record is addressed by a Ref, a collection and a key inside it; it has a
// version, which counts its changes from 1, a value in bytes and maybe a Handle.
// The value is canonical JSON (package wire) whose member "format" says what it
// is. Package vault/internal/record specifies the values, and how those that are
// sealed are bound to where they lie; those of others are specified by their
// packages. With <user> the user id:
//
//	collection           key                value
//	users                user id            user record
//	<user>/enrolments    enrolment id       package unlock; Handle: device key
//	<user>/vapid         origin " " key id  VAPID key record
//	<user>/signal        origin " account"  Signal account record, sealed
//	                     origin " " kind " " name
//	                                        record of a Signal account, sealed
//	<user>/policy        origin             policy record
//	<user>/state         roster             roster, sealed
//	                     throttle           throttle record
//	                     log-key            log key, wrapped
//	                     delegate           delegated key; Handle: private key
//	                     log-head           package auditlog: head
//	<user>/audit         sequence number    package auditlog: record of an entry
//	<user>/certificates  number             package auditlog: certificate
//	vapid                origin " " key id  VAPID key of a release without users
//
// Numbers are 16 decimal digits; that of a certificate is the size that the log
// had when it was made. A record that cannot be read, because its format is
// unknown or because it is damaged, is reported as *RecordError and kept: nothing
// here deletes or replaces it, but for the delegated key, which holds nothing
// that could be lost, and for records of a Signal account or session that the
// person deletes.
//
// # Keys
//
// The vault key is a base secret of package keys, 256 random bits, in which no
// caller has a part. Sealing keys are derived from it by HKDF-SHA-256 without
// salt, with
//
//	info = label ‖ 0x0a ‖ user id ‖ 0x0a ‖ generation in decimal
//
//	"kms-enclave-record-wrap/1"   wraps and seals VAPID key records
//	"kms-enclave-log-wrap/1"      wraps the log key
//	"kms-enclave-roster-seal/1"   seals the roster
//	"kms-enclave-signal-seal/1"   seals records of Signal accounts
//
// A new private key is wrapped with the additional data "kms-enclave-fresh-key/1"
// until its public point is known, and then wrapped again for its record; the
// first form is never stored.
//
// The roster tells of records that the vault key does not seal: which enrolments
// there are, by the hash of their public points, and the digests of policies. An
// enrolment that is not on it does not open the vault, and no vault key is ever
// sent to one.
//
// # Signal accounts
//
// A user has a Signal account for each origin that made one. Package signal/session
// has its rules: it reads values and says which to change, in a step that
// SignalChange runs. All changes of a step and its one entry are one commit, so
// that a message key is never used twice and no session is lost, whatever fails:
// what a step returns must not leave before SignalChange has. A step that another
// tab overtakes runs again on the new state.
//
// Each value is a record that is sealed for its place and version. On the disk
// stand in clear: for which origins there are accounts, how many values of each
// kind, how long they are, how often and, by the log, when they changed, and the
// numbers of prekeys. Names of people, devices, groups and sessions are hidden.
//
// Values that were opened are remembered as long as the state of the user holds,
// at most 256 and 4 MiB, so that a message in a session in use costs one seal and
// one commit, and reads only the head of the log. They are cleared when they are
// replaced and when the vault is locked.
//
// Somebody who writes to the disk while the vault is locked can neither alter a
// record, nor put it in the place of another, nor move it to another account or
// user. What the seals do not stop is a record put back as it once was, with the
// version that it had: then a session is in an earlier state, whose message keys
// are used again, or a spent prekey is there again. Nothing on the disk can rule
// that out, as all of it may be put back together; the log, of which a checkpoint
// was kept elsewhere, shows that, but not a few records put back beside it. A
// deletion erases from the storage as it is now. Copies of the disk that were made
// before, and what the browser and the medium keep of the past, stay as safe as
// the ways to open the vault were then.
//
// Attachments are sealed and opened in streams (package signal/attachment) that
// live in the memory of the session, at most four for each origin. They end with
// the session, and only their begin and end are logged.
//
// # The keys of releases without users
//
// They cannot be wrapped, as they cannot be exported. The first user who is set
// up adopts them in that commit: a record in the new format with protection
// "browser" and the old Handle is written, the old record deleted.
package vault
