// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package idbstore is vault.Store over the browser's IndexedDB.
//
// # Database
//
// Name "kms-enclave", version 3. The version counts the migrations that made
// it; each is run once, in order, and none ever deletes a record.
//
//	version  makes
//	1        object store "records", keys out of line;
//	         object store "probe", keys by a generator
//	2        nothing new; keeps out releases that know no users and no log
//	3        nothing new; keeps out releases that would not re-encrypt records of
//	         Signal's protocol when the vault key is changed
//
// A record of "records" has the key [collection, key], both strings, and the
// value
//
//	{version: number, value: Uint8Array, handle?: CryptoKey}
//
// version is 1 for a new record and one more with each change. A handle is
// never extractable. Anything else found there is a *vault.RecordError, and is
// kept.
//
// Object store "probe" is empty but for the moment in which Probe tries
// whether this browser gives back a CryptoKey that it took. Some take one and
// return null for the whole record, some refuse one in private browsing.
//
// # Commit
//
// One readwrite transaction with durability "strict" reads every record that
// is to change, compares versions, and then writes all or aborts. It is
// finished when the browser says so, and across tabs one runs at a time.
//
// # Failures
//
// A *vault.StorageError has one of three kinds, and nothing is ever lost or
// half done by the failure:
//
//	quota        QuotaExceededError: the disk or the site's share of it is full
//	handles      a CryptoKey cannot be stored (DataCloneError, as in Lockdown
//	             Mode and some private windows) or does not come back
//	unavailable  no IndexedDB (SecurityError, as where site data is blocked), a
//	             connection that the browser closed or that gave way to a newer
//	             release in another tab (InvalidStateError), a database of a
//	             newer release (VersionError), an older release in another tab
//	             that does not give way (blocked), and all else
//
// The cause is kept in its Err.
package idbstore
