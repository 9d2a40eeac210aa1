// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

// Asker says on whose behalf a method is called. It goes into the audit log.
type Asker struct {
	Origin  string // the asking app's, as package origin writes it
	Method  string // the rpc method, such as "vapid.sign"
	Request string // the id of the request, "" if it has none
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventState      EventKind = "state"      // set up, unlocked, locked, granted, rotated or reset
	EventCheckpoint EventKind = "checkpoint" // the log has a new head
	EventUsed       EventKind = "used"       // the session was used, told at most every 30 seconds
)

// Event tells of something that happened in this Vault, after it is stored.
type Event struct {
	Kind       EventKind
	User       string // id
	Size       int64  // EventCheckpoint: entries in the log
	Checkpoint string // EventCheckpoint: signed note
}
