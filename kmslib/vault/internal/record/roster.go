// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/wire"
)

// Limits of a roster.
const (
	MaxEnrolments = 32
	MaxPolicies   = 256
)

// Roster is what the vault remembers of records that are not sealed.
type Roster struct {
	Enrolments []Enrolled // sorted by id
	Policies   []Ruled    // sorted by origin
}

// Enrolled is an enrolment in a roster.
type Enrolled struct {
	ID    string
	Point []byte // SHA-256 of its public point
}

// Ruled is a policy in a roster.
type Ruled struct {
	Origin string
	Digest []byte
}

// Marshal returns the plaintext that ParseRoster reads.
func (r Roster) Marshal() []byte {
	enrolments := make([]wire.Value, len(r.Enrolments))
	for i, e := range r.Enrolments {
		enrolments[i] = wire.Object(member("id", wire.String(e.ID)), member("point", text(e.Point)))
	}
	policies := make([]wire.Value, len(r.Policies))
	for i, p := range r.Policies {
		policies[i] = wire.Object(member("origin", wire.String(p.Origin)), member("digest", text(p.Digest)))
	}
	return wire.Object(
		member("format", wire.String(label.Roster)),
		member("enrolments", wire.Array(enrolments...)),
		member("policies", wire.Array(policies...)),
	).Append(nil)
}

// ParseRoster reads the plaintext of a roster. The error is an *Error.
func ParseRoster(plaintext []byte) (Roster, error) {
	in, err := open(label.Roster, plaintext)
	if err != nil {
		return Roster{}, err
	}
	var r Roster
	for _, v := range in.Array("enrolments") {
		e := wire.NewObjectReader(v)
		r.Enrolments = append(r.Enrolments, Enrolled{e.String("id"), bytesOf(e, "point", hashSize)})
		if err := finish(e); err != nil {
			return Roster{}, err
		}
	}
	for _, v := range in.Array("policies") {
		p := wire.NewObjectReader(v)
		r.Policies = append(r.Policies, Ruled{p.String("origin"), bytesOf(p, "digest", hashSize)})
		if err := finish(p); err != nil {
			return Roster{}, err
		}
	}
	if err := finish(in); err != nil {
		return Roster{}, err
	}
	return r, r.check()
}

func (r Roster) check() error {
	if len(r.Enrolments) == 0 || len(r.Enrolments) > MaxEnrolments {
		return refuse("enrolments: expected 1 to 32")
	}
	for i, e := range r.Enrolments {
		if !IsID(e.ID) || i > 0 && r.Enrolments[i-1].ID >= e.ID {
			return refuse("enrolments: expected each once, sorted by id")
		}
	}
	if len(r.Policies) > MaxPolicies {
		return refuse("policies: more than 256")
	}
	for i, p := range r.Policies {
		if _, err := origin.Parse(p.Origin); err != nil || i > 0 && r.Policies[i-1].Origin >= p.Origin {
			return refuse("policies: expected each origin once, sorted")
		}
	}
	return nil
}

// SealedRoster is a roster record.
type SealedRoster struct {
	Generation int64
	Nonce      []byte
	Sealed     []byte
}

func (s SealedRoster) clear() []wire.Member {
	return []wire.Member{
		member("format", wire.String(label.Roster)),
		member("generation", wire.Int(s.Generation)),
	}
}

// Data returns the additional data of the seal.
func (s SealedRoster) Data(p Place) []byte { return p.data(s.clear()) }

// Marshal returns the value that ParseSealedRoster reads.
func (s SealedRoster) Marshal() []byte {
	return wire.Object(append(s.clear(), member("nonce", text(s.Nonce)), member("sealed", text(s.Sealed)))...).Append(nil)
}

// ParseSealedRoster reads a roster record. The error is an *Error.
func ParseSealedRoster(value []byte) (SealedRoster, error) {
	in, err := open(label.Roster, value)
	if err != nil {
		return SealedRoster{}, err
	}
	s := SealedRoster{
		Generation: count(in, "generation"),
		Nonce:      bytesOf(in, "nonce", nonceSize),
		Sealed:     bytesOf(in, "sealed", 0),
	}
	return s, finish(in)
}
