// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"slices"

	"ats.run/kms-enclave/kmslib/wire"
)

// Format is the "format" of a state.
const Format = "kms-enclave-monitor/1"

// The kinds of alarms.
const (
	Fork           = "fork"            // two checkpoints that no log can both have
	Rollback       = "rollback"        // a checkpoint smaller than an earlier one
	UnknownRelease = "unknown-release" // a publisher signed what nobody can explain
	NotRebuilt     = "not-rebuilt"     // known, but too few rebuilders got the same
	NotProved      = "not-proved"      // known, but its evidence does not fulfil the policy
	UnreadEntry    = "unread-entry"    // of a kind that this program cannot read
	WatchChanged   = "watch-changed"   // earlier entries were looked at for other signers
)

const (
	maxAlarms       = 500 // not acknowledged; more are counted in the newest of their kind
	maxAcknowledged = 100 // kept for the record
)

// Kinds returns the kinds of alarms.
func Kinds() []string {
	return []string{Fork, Rollback, UnknownRelease, NotRebuilt, NotProved, UnreadEntry, WatchChanged}
}

// Alarm is something that a person has to look at.
type Alarm struct {
	Number       int64
	Kind         string
	Entry        int64 // index of the entry, or the size of the tree
	Count        int64 // of entries that it stands for
	Who          string
	Digest       string
	Acknowledged bool
}

// State is what is kept from one run to the next.
type State struct {
	Log, Watched string
	Checkpoint   string // text, with signatures
	First, Next  int64
	Publishers   int64
	Rebuilders   int64
	Claimed      int64
	Succeeded    int64 // Unix seconds; 0 if never
	Numbered     int64
	Alarms       []Alarm
}

// StateError says why a state is refused.
type StateError struct{ Reason string }

// Error describes the refusal.
func (e *StateError) Error() string { return e.Reason }

// Marshal returns the canonical bytes of a state.
func (s *State) Marshal() []byte {
	var alarms []wire.Value
	for _, a := range s.Alarms {
		alarms = append(alarms, wire.Object(
			wire.Member{Name: "number", Value: wire.Int(a.Number)},
			wire.Member{Name: "kind", Value: wire.String(a.Kind)},
			wire.Member{Name: "entry", Value: wire.Int(a.Entry)},
			wire.Member{Name: "count", Value: wire.Int(a.Count)},
			wire.Member{Name: "who", Value: wire.String(a.Who)},
			wire.Member{Name: "digest", Value: wire.String(a.Digest)},
			wire.Member{Name: "acknowledged", Value: wire.Bool(a.Acknowledged)},
		))
	}
	return wire.Object(
		wire.Member{Name: "format", Value: wire.String(Format)},
		wire.Member{Name: "log", Value: wire.String(s.Log)},
		wire.Member{Name: "watched", Value: wire.String(s.Watched)},
		wire.Member{Name: "checkpoint", Value: wire.String(s.Checkpoint)},
		wire.Member{Name: "first", Value: wire.Int(s.First)},
		wire.Member{Name: "next", Value: wire.Int(s.Next)},
		wire.Member{Name: "publishers", Value: wire.Int(s.Publishers)},
		wire.Member{Name: "rebuilders", Value: wire.Int(s.Rebuilders)},
		wire.Member{Name: "claimed", Value: wire.Int(s.Claimed)},
		wire.Member{Name: "succeeded", Value: wire.Int(s.Succeeded)},
		wire.Member{Name: "numbered", Value: wire.Int(s.Numbered)},
		wire.Member{Name: "alarms", Value: wire.Array(alarms...)},
	).Append(nil)
}

// ParseState reads a state. Every error is a *StateError.
func ParseState(data []byte) (*State, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return nil, &StateError{err.Error()}
	}
	r := wire.NewObjectReader(v)
	if r.String("format") != Format {
		r.Refuse("format", "expected "+Format)
	}
	s := &State{
		Log: r.String("log"), Watched: r.String("watched"), Checkpoint: r.String("checkpoint"),
		First: r.Int("first"), Next: r.Int("next"), Publishers: r.Int("publishers"), Rebuilders: r.Int("rebuilders"),
		Claimed: r.Int("claimed"), Succeeded: r.Int("succeeded"), Numbered: r.Int("numbered"),
	}
	alarms := r.Array("alarms")
	if err := r.Done(); err != nil {
		return nil, &StateError{err.Error()}
	}
	for _, v := range alarms {
		r := wire.NewObjectReader(v)
		s.Alarms = append(s.Alarms, Alarm{
			r.Int("number"), r.String("kind"), r.Int("entry"), r.Int("count"), r.String("who"), r.String("digest"), r.Bool("acknowledged"),
		})
		if err := r.Done(); err != nil {
			return nil, &StateError{"alarms: " + err.Error()}
		}
	}
	return s, s.check()
}

// check says whether the members of a state fit each other.
func (s *State) check() error {
	origin, tree, err := parseHead(s.Checkpoint)
	switch {
	case err != nil || origin != s.Log:
		return &StateError{"checkpoint: expected one of the log"}
	case s.First < 0 || s.First > s.Next || s.Next > tree.N:
		return &StateError{"first, next: expected neither beyond the checkpoint"}
	case min(s.Publishers, s.Rebuilders, s.Claimed, s.Succeeded, s.Numbered) < 0:
		return &StateError{"expected no negative number"}
	}
	last := int64(0)
	for _, a := range s.Alarms {
		if a.Number <= last || a.Number > s.Numbered || a.Entry < 0 || a.Count < 1 || !slices.Contains(Kinds(), a.Kind) {
			return &StateError{"alarms: expected known kinds, numbered upwards"}
		}
		last = a.Number
	}
	return nil
}

// head returns the state's checkpoint.
func (s *State) head() Checkpoint {
	origin, tree, _ := parseHead(s.Checkpoint) // check has
	return Checkpoint{Text: s.Checkpoint, Origin: origin, Tree: tree}
}

// raise adds an alarm. One of the same kind and entry is not added twice.
func (s *State) raise(a Alarm) {
	open := 0
	for i := range s.Alarms {
		other := &s.Alarms[i]
		if other.Kind == a.Kind && other.Entry == a.Entry && other.Digest == a.Digest {
			return
		}
		if !other.Acknowledged {
			open++
		}
	}
	for i := len(s.Alarms) - 1; i >= 0; i-- {
		other := &s.Alarms[i]
		if (a.Kind == UnreadEntry || open >= maxAlarms) && other.Kind == a.Kind && !other.Acknowledged {
			other.Count++
			return
		}
	}
	s.Numbered++
	a.Number, a.Count = s.Numbered, 1
	s.Alarms = append(s.Alarms, a)
}

// acknowledge says whether there was an open alarm of that number.
func (s *State) acknowledge(number int64) bool {
	for i := range s.Alarms {
		if s.Alarms[i].Number != number || s.Alarms[i].Acknowledged {
			continue
		}
		s.Alarms[i].Acknowledged = true
		s.forget()
		return true
	}
	return false
}

// forget removes the oldest acknowledged alarms beyond those kept.
func (s *State) forget() {
	excess := -maxAcknowledged
	for _, a := range s.Alarms {
		if a.Acknowledged {
			excess++
		}
	}
	s.Alarms = slices.DeleteFunc(s.Alarms, func(a Alarm) bool {
		if a.Acknowledged && excess > 0 {
			excess--
			return true
		}
		return false
	})
}

// Open returns the alarms that nobody has acknowledged.
func (s *State) Open() []Alarm {
	return slices.DeleteFunc(slices.Clone(s.Alarms), func(a Alarm) bool { return a.Acknowledged })
}
