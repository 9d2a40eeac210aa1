// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"crypto/sha256"
	"strings"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/wire"
)

// MaxMethods is how many methods a policy can name.
const MaxMethods = 256

// Policy is the policy record of an origin.
type Policy struct {
	Origin  string
	Methods []MethodClass // sorted by name
}

// MethodClass is a method with its class of consent.
type MethodClass struct{ Name, Class string }

// Marshal returns the value that ParsePolicy reads.
func (p Policy) Marshal() []byte {
	methods := make([]wire.Value, len(p.Methods))
	for i, m := range p.Methods {
		methods[i] = wire.Object(member("name", wire.String(m.Name)), member("class", wire.String(m.Class)))
	}
	return wire.Object(
		member("format", wire.String(label.Policy)),
		member("origin", wire.String(p.Origin)),
		member("methods", wire.Array(methods...)),
	).Append(nil)
}

// Digest returns what a roster remembers of a policy record's value.
func Digest(value []byte) []byte {
	sum := sha256.Sum256(append([]byte(label.PolicyDigest+"\n"), value...))
	return sum[:]
}

// ParsePolicy reads the policy record of an origin. The error is an *Error.
func ParsePolicy(of string, value []byte) (Policy, error) {
	in, err := open(label.Policy, value)
	if err != nil {
		return Policy{}, err
	}
	p := Policy{Origin: in.String("origin")}
	for _, v := range in.Array("methods") {
		m := wire.NewObjectReader(v)
		method := MethodClass{Name: m.String("name"), Class: m.String("class")}
		if err := finish(m); err != nil {
			return Policy{}, err
		}
		p.Methods = append(p.Methods, method)
	}
	if err := finish(in); err != nil {
		return Policy{}, err
	}
	if _, err := origin.Parse(p.Origin); err != nil || p.Origin != of {
		return Policy{}, refuse("it belongs to another place")
	}
	return p, p.check()
}

func (p Policy) check() error {
	if len(p.Methods) == 0 || len(p.Methods) > MaxMethods {
		return refuse("methods: expected 1 to 256")
	}
	for i, m := range p.Methods {
		switch {
		case !IsMethod(m.Name):
			return refuse("methods: expected names of methods")
		case m.Class != "unlocked" && m.Class != "confirm":
			return refuse("methods: expected the class unlocked or confirm")
		case i > 0 && p.Methods[i-1].Name >= m.Name:
			return refuse("methods: expected each once, sorted by name")
		}
	}
	return nil
}

// IsMethod says whether text has the form of a method's name.
func IsMethod(text string) bool {
	const characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."
	return text != "" && len(text) <= 64 && strings.Trim(text, characters) == "" &&
		text[0] != '.' && text[len(text)-1] != '.' && !strings.Contains(text, "..")
}
