// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "slices"

// The events that an enclave tells an app of.
const (
	EventState      = "state"
	EventCheckpoint = "checkpoint"
)

// Event is one row of the table of events: what the enclave posts on a port
// without being asked.
type Event struct {
	Name string
	Doc  string
	data func() Message
}

// Data returns a new, empty message of what the event carries.
func (e Event) Data() Message { return e.data() }

var events = [...]Event{
	{
		Name: EventState,
		Doc:  "The vault was set up, opened, locked, or opened for the asking origin. Tells how it is now, for this origin.",
		data: func() Message { return new(SessionState) },
	},
	{
		Name: EventCheckpoint,
		Doc:  "The audit log has a new checkpoint. Only while the vault is open for this origin.",
		data: func() Message { return new(CheckpointMessage) },
	},
}

// Events returns the table of events.
func Events() []Event { return slices.Clone(events[:]) }

// Announcement is an event as it goes to one app.
type Announcement struct {
	Event string // its name
	Data  string // canonical JSON text of its data
}
