// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// The types of statement that are read.
const (
	StatementType  = "https://in-toto.io/Statement/v1"
	ProvenanceType = "https://slsa.dev/provenance/v1"
)

// Statement is the provenance of a release.
type Statement struct {
	Subjects     []Subject
	BuildType    string // https URI
	Target       string // Bazel label
	Repository   string
	Commit       string
	Config       string // or ""
	BuilderID    string // URI
	Dependencies []Dependency
}

// Subject is a file that the statement is about.
type Subject struct {
	Name   string
	SHA256 string // 64 lower-case hexadecimal digits
	SHA384 string // 96, or ""
}

var (
	statementShape = shape{"statement", []string{"_type", "predicateType", "subject", "predicate"}, nil}
	subjectShape   = shape{"subject", []string{"name", "digest"}, nil}
	digestShape    = shape{"subject.digest", []string{"sha256"}, []string{"sha384"}}
)

// Parse reads the bytes of provenance.intoto.json. The error says in fixed
// words what was refused.
func Parse(data []byte) (*Statement, error) {
	v, err := wire.Parse(data)
	if err != nil {
		return nil, err
	}
	s := &Statement{}
	return s, s.parse(v, unsigned)
}

// parse reads a statement whose predicate has one of two forms.
func (s *Statement) parse(v wire.Value, f form) error {
	if err := statementShape.check(v); err != nil {
		return err
	}
	if text, _ := statementShape.text(v, "_type"); text != StatementType {
		return errors.New("statement._type: expected " + StatementType)
	}
	if text, _ := statementShape.text(v, "predicateType"); text != ProvenanceType {
		return errors.New("statement.predicateType: expected " + ProvenanceType)
	}
	subjects, _ := v.Get("subject")
	list, err := ParseSubjects(subjects)
	if err != nil {
		return err
	}
	s.Subjects = list
	predicate, _ := v.Get("predicate")
	return s.parsePredicate(predicate, f)
}

// ParseSubjects reads the member "subject" of a statement about files: at
// least one, in the order of their names.
func ParseSubjects(v wire.Value) ([]Subject, error) {
	elements, ok := v.Elements()
	if !ok || len(elements) == 0 {
		return nil, errors.New("subject: expected an array that is not empty")
	}
	var list []Subject
	for i, element := range elements {
		subject, err := parseSubject(element)
		if err != nil {
			return nil, err
		}
		if i > 0 && list[i-1].Name >= subject.Name {
			return nil, fmt.Errorf("subject: number %d is there twice or not in the order of names", i+1)
		}
		list = append(list, subject)
	}
	return list, nil
}

func parseSubject(v wire.Value) (Subject, error) {
	if err := subjectShape.check(v); err != nil {
		return Subject{}, err
	}
	name, err := subjectShape.text(v, "name")
	if err != nil {
		return Subject{}, err
	}
	digest, _ := v.Get("digest")
	if err := digestShape.check(digest); err != nil {
		return Subject{}, err
	}
	sha256, err := digestShape.text(digest, "sha256")
	if err != nil || !isHex(sha256, 32) {
		return Subject{}, errors.New("subject.digest.sha256: expected 64 lower-case hexadecimal digits")
	}
	subject := Subject{Name: name, SHA256: sha256}
	if _, ok := digest.Get("sha384"); ok {
		subject.SHA384, err = digestShape.text(digest, "sha384")
		if err != nil || !isHex(subject.SHA384, 48) {
			return Subject{}, errors.New("subject.digest.sha384: expected 96 lower-case hexadecimal digits")
		}
	}
	return subject, nil
}

// isHex says whether s is n bytes in lower-case hexadecimal digits.
func isHex(s string, n int) bool {
	decoded, err := hex.DecodeString(s)
	return err == nil && len(decoded) == n && s == strings.ToLower(s)
}

// isURI says whether s is an absolute URI in visible ASCII.
func isURI(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "")
}
