// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"errors"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/wire"
)

// Run is what only the signed copy says: who built, from which ref, and when.
type Run struct {
	Builder           string    // builder.id, a URI
	InvocationID      string    // URI or name of the run
	Ref               string    // such as refs/tags/v0.5.0; "" if there was none
	Started, Finished time.Time // UTC, whole seconds
}

// Signed is a completed provenance. Its BuilderID is Run.Builder.
type Signed struct {
	*Statement
	Run Run
}

var metadataShape = shape{"runDetails.metadata", []string{"invocationId", "startedOn", "finishedOn"}, nil}

// ParseSigned reads the payload of a signed provenance. The error says in fixed
// words what was refused.
func ParseSigned(data []byte) (*Signed, error) {
	v, err := wire.Parse(data)
	if err != nil {
		return nil, err
	}
	s := &Signed{Statement: &Statement{}}
	if err := s.parse(v, completed); err != nil {
		return nil, err
	}
	s.Run.Builder = s.BuilderID
	if s.Run.Ref, err = parseRef(get(v, "predicate", "buildDefinition", "externalParameters")); err != nil {
		return nil, err
	}
	return s, s.parseMetadata(get(v, "predicate", "runDetails", "metadata"))
}

func parseRef(parameters wire.Value) (string, error) {
	v, ok := parameters.Get("ref")
	if !ok {
		return "", nil
	}
	ref, _ := v.AsString()
	if !isRef(ref) {
		return "", errors.New("externalParameters.ref: expected a full ref, such as refs/tags/v1.0.0")
	}
	return ref, nil
}

func (s *Signed) parseMetadata(v wire.Value) error {
	err := metadataShape.check(v)
	if err != nil {
		return err
	}
	if s.Run.InvocationID, err = metadataShape.text(v, "invocationId"); err != nil {
		return err
	}
	if !isVisible(s.Run.InvocationID) {
		return errors.New("metadata.invocationId: expected at most 1000 characters of visible ASCII")
	}
	if s.Run.Started, err = ParseTime("metadata.startedOn", get(v, "startedOn")); err != nil {
		return err
	}
	if s.Run.Finished, err = ParseTime("metadata.finishedOn", get(v, "finishedOn")); err != nil {
		return err
	}
	if s.Run.Finished.Before(s.Run.Started) {
		return errors.New("metadata.finishedOn: expected a time after startedOn")
	}
	return nil
}

// Complete returns the template with what run says put in, as canonical JSON:
// builder.id, metadata, and the ref if there is one. Everything else, the
// subjects among it, keeps its value.
func Complete(template []byte, run Run) ([]byte, error) {
	v, err := wire.Parse(template)
	if err != nil {
		return nil, err
	}
	if err := new(Statement).parse(v, unsigned); err != nil {
		return nil, err
	}
	if err := run.check(); err != nil {
		return nil, err
	}
	v = change(v, func(details wire.Value) wire.Value {
		details = change(details, func(wire.Value) wire.Value { return wire.String(run.Builder) }, "builder", "id")
		return with(details, "metadata", wire.Object(
			wire.Member{Name: "invocationId", Value: wire.String(run.InvocationID)},
			wire.Member{Name: "startedOn", Value: wire.String(FormatTime(run.Started))},
			wire.Member{Name: "finishedOn", Value: wire.String(FormatTime(run.Finished))},
		))
	}, "predicate", "runDetails")
	if run.Ref != "" {
		v = change(v, func(parameters wire.Value) wire.Value {
			return with(parameters, "ref", wire.String(run.Ref))
		}, "predicate", "buildDefinition", "externalParameters")
	}
	return v.Append(nil), nil
}

// check refuses what ParseSigned would.
func (r Run) check() error {
	switch {
	case !isURI(r.Builder):
		return errors.New("builder.id: expected a URI")
	case !isVisible(r.InvocationID):
		return errors.New("invocationId: expected 1 to 1000 characters of visible ASCII")
	case r.Ref != "" && !isRef(r.Ref):
		return errors.New("ref: expected a full ref, such as refs/tags/v1.0.0")
	case !isYear(r.Started) || !isYear(r.Finished):
		return errors.New("times: expected years 1970 to 9999")
	case r.Finished.Truncate(time.Second).Before(r.Started.Truncate(time.Second)):
		return errors.New("finishedOn: expected a time after startedOn")
	}
	return nil
}

// change returns v with the member at a path replaced by what to makes of it.
// The path leads through objects that are there.
func change(v wire.Value, to func(wire.Value) wire.Value, path ...string) wire.Value {
	if len(path) == 0 {
		return to(v)
	}
	member, _ := v.Get(path[0])
	return with(v, path[0], change(member, to, path[1:]...))
}

// with returns an object with one member set.
func with(v wire.Value, name string, value wire.Value) wire.Value {
	members, _ := v.Members()
	for i := range members {
		if members[i].Name == name {
			members[i].Value = value
			return wire.Object(members...)
		}
	}
	return wire.Object(append(members, wire.Member{Name: name, Value: value})...)
}

// get returns the member at a path, or null.
func get(v wire.Value, path ...string) wire.Value {
	for _, name := range path {
		v, _ = v.Get(name)
	}
	return v
}

// timeFormat is RFC 3339 in UTC with whole seconds: one spelling of each time.
const timeFormat = "2006-01-02T15:04:05Z"

// FormatTime returns t as statements carry it.
func FormatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

// ParseTime reads a time; where is its place for the error.
func ParseTime(where string, v wire.Value) (time.Time, error) {
	text, _ := v.AsString()
	t, err := time.Parse(timeFormat, text)
	if err != nil || !isYear(t) || FormatTime(t) != text {
		return time.Time{}, errors.New(where + ": expected a time such as 2026-01-02T15:04:05Z")
	}
	return t, nil
}

func isYear(t time.Time) bool { return t.UTC().Year() >= 1970 && t.UTC().Year() <= 9999 }

func isRef(s string) bool {
	return strings.HasPrefix(s, "refs/") && isVisible(s) && len(s) > len("refs/") && !strings.ContainsAny(s, "*?[\\~^:") && !strings.Contains(s, "..")
}

// isVisible says whether s is 1 to 1000 characters of visible ASCII.
func isVisible(s string) bool {
	return s != "" && len(s) <= 1000 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
