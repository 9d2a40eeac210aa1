// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"errors"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
)

// shape is the members that an object may have. All paths in errors are ours,
// none is from the input.
type shape struct {
	where    string
	required []string
	optional []string
}

// check returns nil if v is an object with every required member and no
// member that is neither required nor optional.
func (s shape) check(v wire.Value) error {
	members, ok := v.Members()
	if !ok {
		return errors.New(s.where + ": expected an object, found " + v.Kind().String())
	}
	for _, name := range s.required {
		if _, ok := v.Get(name); !ok {
			return errors.New(s.where + ": " + name + " is missing")
		}
	}
	for _, m := range members {
		if !slices.Contains(s.required, m.Name) && !slices.Contains(s.optional, m.Name) {
			known := strings.Join(slices.Concat(s.required, s.optional), ", ")
			return errors.New(s.where + ": a member other than " + known)
		}
	}
	return nil
}

// text returns the string member name of v, or an error if it is not a string
// or is empty.
func (s shape) text(v wire.Value, name string) (string, error) {
	member, _ := v.Get(name)
	text, ok := member.AsString()
	if !ok || text == "" {
		return "", errors.New(s.where + "." + name + ": expected a string that is not empty")
	}
	return text, nil
}

// optionalKind returns an error if v has a member name of another kind.
func (s shape) optionalKind(v wire.Value, name string, kind wire.Kind) error {
	member, ok := v.Get(name)
	if ok && member.Kind() != kind {
		return errors.New(s.where + "." + name + ": expected " + kind.String() + ", found " + member.Kind().String())
	}
	return nil
}
