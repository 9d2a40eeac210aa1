// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vsa

import (
	"maps"
	"slices"

	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
)

const (
	passed = "PASSED"
	failed = "FAILED"
)

// Parse reads a statement. The error says in fixed words what was refused.
func Parse(data []byte) (*Summary, error) {
	v, err := wire.Parse(data)
	if err != nil {
		return nil, err
	}
	s := &Summary{}
	subjects, _ := v.Get("subject")
	r := wire.NewObjectReader(v)
	if r.String("_type") != attest.StatementType {
		r.Refuse("_type", "expected "+attest.StatementType)
	}
	if r.String("predicateType") != PredicateType {
		r.Refuse("predicateType", "expected "+PredicateType)
	}
	r.Array("subject")
	s.decode(r.Object("predicate"), get(v, "predicate"))
	if err := r.Done(); err != nil {
		return nil, err
	}
	if s.Subjects, err = attest.ParseSubjects(subjects); err != nil {
		return nil, err
	}
	if s.Time, err = attest.ParseTime("timeVerified", get(v, "predicate", "timeVerified")); err != nil {
		return nil, err
	}
	return s, s.check()
}

func (s *Summary) decode(r *wire.ObjectReader, v wire.Value) {
	verifier := r.Object("verifier")
	s.Verifier = verifier.String("id")
	s.decodeVersions(verifier.Object("version"), get(v, "verifier", "version"))
	r.String("timeVerified")
	s.Resource = r.String("resourceUri")
	rule := r.Object("policy")
	s.PolicyURI = rule.String("uri")
	s.PolicySHA256 = rule.Object("digest").String("sha256")
	if _, ok := v.Get("inputAttestations"); ok && len(r.Array("inputAttestations")) > 0 {
		r.Refuse("inputAttestations", "expected none")
	}
	switch r.String("verificationResult") {
	case passed:
		s.Passed = true
	case failed:
	default:
		r.Refuse("verificationResult", "expected PASSED or FAILED")
	}
	s.Levels = r.Strings("verifiedLevels")
	if r.String("slsaVersion") != SLSAVersion {
		r.Refuse("slsaVersion", "expected "+SLSAVersion)
	}
}

// decodeVersions reads an object whose member names are free within bounds.
func (s *Summary) decodeVersions(r *wire.ObjectReader, v wire.Value) {
	members, _ := v.Members()
	s.Versions = make(map[string]string, len(members))
	for _, m := range members {
		if !isProgram(m.Name) {
			continue // which Done refuses, since nobody asked for it
		}
		s.Versions[m.Name] = r.String(m.Name)
	}
}

// Marshal returns the canonical bytes of a statement, the inverse of Parse.
func (s *Summary) Marshal() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	result := failed
	if s.Passed {
		result = passed
	}
	var levels, subjects []wire.Value
	for _, level := range s.Levels {
		levels = append(levels, wire.String(level))
	}
	for _, subject := range s.Subjects {
		digest := []wire.Member{text("sha256", subject.SHA256)}
		if subject.SHA384 != "" {
			digest = append(digest, text("sha384", subject.SHA384))
		}
		subjects = append(subjects, wire.Object(text("name", subject.Name), object("digest", digest...)))
	}
	var versions []wire.Member
	for _, name := range slices.Sorted(maps.Keys(s.Versions)) {
		versions = append(versions, text(name, s.Versions[name]))
	}
	v := wire.Object(
		text("_type", attest.StatementType),
		text("predicateType", PredicateType),
		wire.Member{Name: "subject", Value: wire.Array(subjects...)},
		object("predicate",
			object("verifier", text("id", s.Verifier), object("version", versions...)),
			text("timeVerified", attest.FormatTime(s.Time)),
			text("resourceUri", s.Resource),
			object("policy", text("uri", s.PolicyURI), object("digest", text("sha256", s.PolicySHA256))),
			text("verificationResult", result),
			wire.Member{Name: "verifiedLevels", Value: wire.Array(levels...)},
			text("slsaVersion", SLSAVersion),
		),
	)
	_, err := attest.ParseSubjects(get(v, "subject"))
	return v.Append(nil), err
}

func text(name, value string) wire.Member {
	return wire.Member{Name: name, Value: wire.String(value)}
}

func object(name string, members ...wire.Member) wire.Member {
	return wire.Member{Name: name, Value: wire.Object(members...)}
}

// get returns the member at a path, or null.
func get(v wire.Value, path ...string) wire.Value {
	for _, name := range path {
		v, _ = v.Get(name)
	}
	return v
}
