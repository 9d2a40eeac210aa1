// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package weblocks is vault.Locker by the browser's Web Locks: one holder of a
// name among all tabs of one storage partition.
//
// A lock lasts as long as one operation of the vault, not as long as a tab.
// Others wait for it in the order in which they came. When its holder's worker
// ends, by whatever cause, the browser frees it.
//
// Where a browser has no Web Locks, goroutines of one worker still wait for
// each other. Among tabs, a Store's Commit is then what keeps order: it refuses
// a record that somebody else has changed.
package weblocks
