// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"strings"
	"unicode/utf8"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// MaxLabel is the length of a label in code points.
const MaxLabel = 64

// IsLabel says whether text can be the name of a user: 1 to MaxLabel code
// points without control characters, and no space at either end.
func IsLabel(text string) bool {
	control := func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 }
	return text != "" && utf8.RuneCountInString(text) <= MaxLabel && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, control) && strings.TrimSpace(text) == text
}

// User is a user record.
type User struct {
	ID         string
	Label      string
	Created    int64  // Unix seconds
	Opened     int64  // last unlocked, Unix seconds
	Generation int64  // of the vault key, from 1
	Epoch      int64  // how often the user's sessions were ended everywhere
	Closed     string // id of the session that ended last, or ""
	Log        []byte // public point of the log key
	Kept       int64  // number of the first entry of the log that was not pruned
	Reset      bool   // only the log is left
}

// Marshal returns the value that ParseUser reads.
func (u User) Marshal() []byte {
	state := "active"
	if u.Reset {
		state = "reset"
	}
	return wire.Object(
		member("format", wire.String(label.User)),
		member("id", wire.String(u.ID)),
		member("label", wire.String(u.Label)),
		member("created", wire.Int(u.Created)),
		member("opened", wire.Int(u.Opened)),
		member("generation", wire.Int(u.Generation)),
		member("epoch", wire.Int(u.Epoch)),
		member("closed", wire.String(u.Closed)),
		member("log", text(u.Log)),
		member("kept", wire.Int(u.Kept)),
		member("state", wire.String(state)),
	).Append(nil)
}

// ParseUser reads the record of the user id. The error is an *Error.
func ParseUser(id string, value []byte) (User, error) {
	in, err := open(label.User, value)
	if err != nil {
		return User{}, err
	}
	u := User{
		ID: in.String("id"), Label: in.String("label"),
		Created: count(in, "created"), Opened: count(in, "opened"),
		Generation: count(in, "generation"), Epoch: count(in, "epoch"), Closed: in.String("closed"),
		Log: pointOf(in, "log"), Kept: count(in, "kept"),
	}
	state := in.String("state")
	u.Reset = state == "reset"
	if err := finish(in); err != nil {
		return User{}, err
	}
	switch {
	case u.ID != id || !IsID(id):
		return User{}, refuse("it belongs to another place")
	case !IsLabel(u.Label):
		return User{}, refuse("label: not one that a user can have")
	case u.Generation < 1:
		return User{}, refuse("generation: expected 1 or more")
	case u.Closed != "" && !IsID(u.Closed):
		return User{}, refuse("closed: expected an id or nothing")
	case state != "active" && state != "reset":
		return User{}, refuse("state: expected active or reset")
	}
	return u, nil
}
