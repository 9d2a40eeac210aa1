// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"unicode/utf8"
)

// The limits of one encoded value.
const (
	MaxBytes  = 1 << 20   // length of the encoding, in bytes
	MaxValues = 1 << 16   // values of any kind, at any depth
	MaxDepth  = 32        // arrays and objects inside each other
	MaxInt    = 1<<53 - 1 // largest magnitude of an integer
)

// Kind says which sort of value a Value is.
type Kind uint8

// The kinds of values.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindString
	KindArray
	KindObject
)

// String returns the kind as a word for error messages, such as "object".
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "boolean"
	case KindInt:
		return "integer"
	case KindString:
		return "string"
	case KindArray:
		return "array"
	case KindObject:
		return "object"
	}
	return "unknown kind"
}

// Value is one immutable JSON value. The zero Value is null. A Value may be
// shared between goroutines; what its methods return is the caller's.
type Value struct {
	kind  Kind
	depth uint8 // nesting of arrays and objects: 0 for scalars
	num   int64 // the integer, or 1 for true
	text  string
	inner *composite
}

// composite holds the children of an array or object, members sorted by name.
type composite struct {
	elements []Value
	members  []Member
}

// Member is one named value of an object.
type Member struct {
	Name  string
	Value Value
}

// Null returns the null value.
func Null() Value { return Value{} }

// Bool returns the boolean b.
func Bool(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.num = 1
	}
	return v
}

// Int returns the integer n. It panics if n is beyond ±MaxInt.
func Int(n int64) Value {
	if n > MaxInt || n < -MaxInt {
		panic("wire: internal error: integer beyond 2^53-1")
	}
	return Value{kind: KindInt, num: n}
}

// String returns the string s. It panics if s is not valid UTF-8: whoever
// takes text from outside checks it there, as Parse does.
func String(s string) Value {
	if !utf8.ValidString(s) {
		panic("wire: internal error: string is not UTF-8")
	}
	return Value{kind: KindString, text: s}
}

// Array returns the array of elements, which it copies. It panics if they are
// nested deeper than MaxDepth.
func Array(elements ...Value) Value {
	depth := uint8(0)
	for i := range elements {
		depth = max(depth, elements[i].depth)
	}
	return newComposite(KindArray, depth, &composite{elements: slices.Clone(elements)})
}

// Object returns the object of members, which it copies and sorts. It panics
// if two have one name, a name is not UTF-8 or they are nested deeper than
// MaxDepth.
func Object(members ...Member) Value {
	sorted := slices.Clone(members)
	depth := uint8(0)
	for i := range sorted {
		if !utf8.ValidString(sorted[i].Name) {
			panic("wire: internal error: member name is not UTF-8")
		}
		depth = max(depth, sorted[i].Value.depth)
	}
	if !sortMembers(sorted) {
		panic("wire: internal error: member name used twice")
	}
	return newComposite(KindObject, depth, &composite{members: sorted})
}

func newComposite(kind Kind, depth uint8, inner *composite) Value {
	if depth >= MaxDepth {
		panic("wire: internal error: value nested too deep")
	}
	return Value{kind: kind, depth: depth + 1, inner: inner}
}

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// AsString returns the text of a string, or false for any other kind.
func (v Value) AsString() (string, bool) { return v.text, v.kind == KindString }

// AsInt returns an integer, or false for any other kind.
func (v Value) AsInt() (int64, bool) {
	if v.kind != KindInt {
		return 0, false
	}
	return v.num, true
}

// AsBool returns a boolean as value, or ok false for any other kind.
func (v Value) AsBool() (value, ok bool) {
	return v.kind == KindBool && v.num == 1, v.kind == KindBool
}

// Elements returns a copy of the elements of an array, or false for any other
// kind.
func (v Value) Elements() ([]Value, bool) {
	if v.kind != KindArray {
		return nil, false
	}
	return slices.Clone(v.inner.elements), true
}

// Members returns a copy of the members of an object in canonical order, or
// false for any other kind.
func (v Value) Members() ([]Member, bool) {
	if v.kind != KindObject {
		return nil, false
	}
	return slices.Clone(v.inner.members), true
}

// Get returns the member of an object by its name, or false if v is not an
// object or has no such member.
func (v Value) Get(name string) (Value, bool) {
	if v.kind != KindObject {
		return Value{}, false
	}
	i, found := slices.BinarySearchFunc(v.inner.members, name, func(m Member, name string) int {
		return compareUTF16(m.Name, name)
	})
	if !found {
		return Value{}, false
	}
	return v.inner.members[i].Value, true
}
