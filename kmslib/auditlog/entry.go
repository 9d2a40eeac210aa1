// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"strings"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/wire"
)

// OutcomeOK is the outcome of what was done; any other names why it was not.
const OutcomeOK = "ok"

// Entry is one thing that happened, or was refused. It holds no secrets. The
// package comment says what each field may be. Append sets Seq, User and Signer.
type Entry struct {
	Seq     int64  // position in the log, from 0
	Time    int64  // Unix seconds, by the clock of the device
	User    string // whose log
	Signer  string // id of the key that signs the head after this entry
	Method  string // what was asked for
	Outcome string // OutcomeOK, or a word that says why not
	Origin  string // who asked; "" for the enclave itself
	Key     string // id of the key that was used, or ""
	Request string // id of the request, or ""
	Session string // id of the session or lease, or ""
	Release string // digest of the release that ran, or "" if it is not known
	Detail  string // a word that says more, or ""
	Repeats int64  // how many alike this entry stands for, if more than one; else 0
}

// Check returns nil if each field is as the package comment demands, else a
// *FormatError.
func (e Entry) Check() error {
	if reason := e.fault(); reason != "" {
		return refuse("entry", reason)
	}
	return nil
}

func (e Entry) fault() string {
	switch {
	case e.Seq < 0 || e.Seq >= merkle.MaxSize:
		return "seq: expected 0 to 2^53-2"
	case e.Time < 0 || e.Time > wire.MaxInt:
		return "time: expected Unix seconds"
	case !isName(e.User):
		return "user: expected 1 to 64 characters of A-Z a-z 0-9 - _"
	case !isKeyID(e.Signer):
		return "signer: expected a key id"
	case !isMethod(e.Method):
		return "method: expected 1 to 64 characters of A-Z a-z 0-9 and single dots"
	case !isWord(e.Outcome, 32, "_"):
		return "outcome: expected 1 to 32 characters of a-z _"
	case e.Release != "" && !isDigest(e.Release):
		return "release: expected 64 hexadecimal digits"
	case e.Repeats != 0 && (e.Repeats < 2 || e.Repeats > wire.MaxInt):
		return "repeats: expected none, or 2 and more"
	}
	return e.faultOfOptional()
}

func (e Entry) faultOfOptional() string {
	if e.Origin != "" {
		if _, err := origin.Parse(e.Origin); err != nil {
			return "origin: " + err.Error()
		}
	}
	switch {
	case e.Key != "" && !isVisible(e.Key):
		return "key: expected 1 to 128 printable ASCII characters without spaces"
	case e.Request != "" && !isVisible(e.Request):
		return "request: expected 1 to 128 printable ASCII characters without spaces"
	case e.Session != "" && !isName(e.Session):
		return "session: expected 1 to 64 characters of A-Z a-z 0-9 - _"
	case e.Detail != "" && !isWord(e.Detail, 64, "0123456789-_"):
		return "detail: expected 1 to 64 characters of a-z 0-9 - _"
	}
	return ""
}

// value returns the entry as an object, optional fields left out where empty.
func (e Entry) value() wire.Value {
	members := []wire.Member{
		member("format", wire.String(label.AuditEntry)),
		member("seq", wire.Int(e.Seq)),
		member("time", wire.Int(e.Time)),
		member("user", wire.String(e.User)),
		member("signer", wire.String(e.Signer)),
		member("method", wire.String(e.Method)),
		member("outcome", wire.String(e.Outcome)),
	}
	for _, o := range []struct{ name, text string }{
		{"origin", e.Origin}, {"key", e.Key}, {"request", e.Request},
		{"session", e.Session}, {"release", e.Release}, {"detail", e.Detail},
	} {
		if o.text != "" {
			members = append(members, member(o.name, wire.String(o.text)))
		}
	}
	if e.Repeats != 0 {
		members = append(members, member("repeats", wire.Int(e.Repeats)))
	}
	return wire.Object(members...)
}

// Marshal returns the canonical bytes of an entry that Check accepts. Its inverse
// is ParseEntry.
func (e Entry) Marshal() []byte { return e.value().Append(nil) }

// ParseEntry reads the canonical bytes of an entry. The error is a *FormatError.
func ParseEntry(data []byte) (Entry, error) {
	v, err := wire.ParseCanonical(data)
	if err != nil {
		return Entry{}, refuse("entry", err.Error())
	}
	in := wire.NewObjectReader(v)
	e := readEntry(in)
	if err := in.Done(); err != nil {
		return Entry{}, refuse("entry", err.Error())
	}
	return e, e.Check()
}

// readEntry reads the fields of an entry. The caller calls Done and Check.
func readEntry(in *wire.ObjectReader) Entry {
	readFormat(in, label.AuditEntry)
	e := Entry{
		Seq: in.Int("seq"), Time: in.Int("time"), User: in.String("user"), Signer: in.String("signer"),
		Method: in.String("method"), Outcome: in.String("outcome"),
	}
	for _, o := range []struct {
		name string
		text *string
	}{
		{"origin", &e.Origin}, {"key", &e.Key}, {"request", &e.Request},
		{"session", &e.Session}, {"release", &e.Release}, {"detail", &e.Detail},
	} {
		text, there := in.OptionalString(o.name)
		if there && text == "" {
			in.Refuse(o.name, "empty; expected none at all")
		}
		*o.text = text
	}
	repeats, there := in.OptionalInt("repeats")
	if there && repeats == 0 {
		in.Refuse("repeats", "zero; expected none at all")
	}
	e.Repeats = repeats
	return e
}

// Leaf returns the hash of the entry in the tree.
func (e Entry) Leaf() merkle.Hash { return merkle.LeafHash(e.Marshal()) }

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numbers = "0123456789"
)

func consists(s string, limit int, of string) bool {
	return s != "" && len(s) <= limit && strings.Trim(s, of) == ""
}

// isName says whether s is made as ids of users and sessions are.
func isName(s string) bool { return consists(s, 64, lower+upper+numbers+"-_") }

func isWord(s string, limit int, more string) bool { return consists(s, limit, lower+more) }

func isDigest(s string) bool { return len(s) == 64 && consists(s, 64, numbers+"abcdef") }

func isMethod(s string) bool {
	return consists(s, 64, lower+upper+numbers+".") && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

func isKeyID(s string) bool {
	_, ok := keyHash(s)
	return ok
}

func isVisible(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
