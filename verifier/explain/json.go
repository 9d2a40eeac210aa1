// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/verdict"
)

// json tells the JSON pointer and both values. It returns false if one side is
// not JSON as package wire reads it.
func (d *Difference) json(a, b []byte) bool {
	valueA, errA := wire.Parse(a)
	valueB, errB := wire.Parse(b)
	if errA != nil || errB != nil {
		return false
	}
	where, x, y, ok := differ("", valueA, valueB)
	if !ok {
		d.text(a, b)
		d.Where = "the form only, " + d.Where + ": both have the same values"
		d.Causes = append(d.Causes, "white space, escapes or the order of members: one side was not written as canonical JSON")
		return true
	}
	if where == "" {
		d.Where = "the whole document"
	} else {
		d.Where = "member " + where
	}
	d.Expected, d.Found = shown(x), shown(y)
	if cause, ok := pointerCause(where); ok {
		d.Causes = append(d.Causes, cause)
	}
	return true
}

// differ returns the pointer of the first value that differs, in the order of
// a. A value that is missing is nil.
func differ(pointer string, a, b wire.Value) (where string, x, y *wire.Value, found bool) {
	if a.Kind() == b.Kind() {
		switch a.Kind() {
		case wire.KindObject:
			return differMembers(pointer, a, b)
		case wire.KindArray:
			return differElements(pointer, a, b)
		}
	}
	if string(a.Append(nil)) == string(b.Append(nil)) {
		return "", nil, nil, false
	}
	return pointer, &a, &b, true
}

func differMembers(pointer string, a, b wire.Value) (where string, x, y *wire.Value, found bool) {
	membersA, _ := a.Members()
	for _, m := range membersA {
		at := pointer + "/" + escape(m.Name)
		other, ok := b.Get(m.Name)
		if !ok {
			return at, &m.Value, nil, true
		}
		if where, x, y, found := differ(at, m.Value, other); found {
			return where, x, y, true
		}
	}
	membersB, _ := b.Members()
	for _, m := range membersB {
		if _, ok := a.Get(m.Name); !ok {
			return pointer + "/" + escape(m.Name), nil, &m.Value, true
		}
	}
	return "", nil, nil, false
}

func differElements(pointer string, a, b wire.Value) (where string, x, y *wire.Value, found bool) {
	elementsA, _ := a.Elements()
	elementsB, _ := b.Elements()
	for i := range max(len(elementsA), len(elementsB)) {
		at := pointer + "/" + strconv.Itoa(i)
		switch {
		case i >= len(elementsA):
			return at, nil, &elementsB[i], true
		case i >= len(elementsB):
			return at, &elementsA[i], nil, true
		}
		if where, x, y, found := differ(at, elementsA[i], elementsB[i]); found {
			return where, x, y, true
		}
	}
	return "", nil, nil, false
}

// escape makes a reference token of a name (RFC 6901, section 3).
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func shown(v *wire.Value) string {
	if v == nil {
		return "nothing"
	}
	if text, ok := v.AsString(); ok {
		return verdict.Quote(text)
	}
	text := string(v.Append(nil))
	if len(text) > 120 {
		return text[:120] + "... (" + strconv.Itoa(len(text)) + " bytes)"
	}
	return text
}

// pointerCause knows some members of the files in a release.
func pointerCause(pointer string) (string, bool) {
	switch {
	case pointer == "/source/commit", strings.HasSuffix(pointer, "/externalParameters/commit"):
		return "another commit was given with --//tools/rules:source_commit", true
	case pointer == "/source/repository", strings.HasSuffix(pointer, "/externalParameters/repository"):
		return "another repository was given with --//tools/rules:source_repository", true
	case pointer == "/version":
		return "another version: enclave/VERSION is not that of the commit", true
	case strings.HasSuffix(pointer, "/sha256"), strings.HasSuffix(pointer, "/integrity"), strings.HasSuffix(pointer, "/size"):
		return "another file of the release differs; this one only names its digest", true
	}
	return "", false
}
