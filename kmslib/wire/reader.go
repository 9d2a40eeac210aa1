// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strconv"
	"strings"
)

// FieldError says which field of an object was refused. Field is a name that
// the reading code asked for, with its path ("source.commit"), or "" for the
// object itself; never a name that only the input has.
type FieldError struct {
	Field  string
	Reason string
}

// Error describes the refusal.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return "field " + strconv.Quote(e.Field) + ": " + e.Reason
}

// ObjectReader reads an object of which every field is known:
//
//	r := wire.NewObjectReader(v)
//	kid := r.String("kid")
//	exp, limited := r.OptionalInt("exp")
//	if err := r.Done(); err != nil {
//
// The first refusal is kept, after which readers return zero values; Done
// returns it, or refuses fields that nobody asked for. What was read may be
// used only once Done returned nil.
type ObjectReader struct {
	path     string
	object   Value
	asked    []string
	children []*ObjectReader
	err      *FieldError
}

// NewObjectReader returns a reader of v, whose Done fails if v is not an
// object.
func NewObjectReader(v Value) *ObjectReader {
	r := &ObjectReader{object: v}
	if v.kind != KindObject {
		r.fail("", "expected an object, found "+v.Kind().String())
	}
	return r
}

// String reads a string that must be there.
func (r *ObjectReader) String(name string) string {
	v, _ := r.required(name, KindString)
	return v.text
}

// Int reads an integer that must be there.
func (r *ObjectReader) Int(name string) int64 {
	v, _ := r.required(name, KindInt)
	return v.num
}

// Bool reads a boolean that must be there.
func (r *ObjectReader) Bool(name string) bool {
	v, _ := r.required(name, KindBool)
	return v.num == 1
}

// Array reads the elements of an array that must be there.
func (r *ObjectReader) Array(name string) []Value {
	v, ok := r.required(name, KindArray)
	if !ok {
		return nil
	}
	return slices.Clone(v.inner.elements)
}

// Strings reads an array of strings that must be there.
func (r *ObjectReader) Strings(name string) []string {
	var list []string
	for _, v := range r.Array(name) {
		if v.kind != KindString {
			r.fail(name, "expected only strings, found "+v.kind.String())
			return nil
		}
		list = append(list, v.text)
	}
	return list
}

// Object returns a reader of an object that must be there. Its refusals are
// also reported by Done of r.
func (r *ObjectReader) Object(name string) *ObjectReader {
	v, _ := r.required(name, KindObject)
	child := &ObjectReader{path: r.path + name + ".", object: v, err: r.err}
	r.children = append(r.children, child)
	return child
}

// OptionalString reads a string, or returns false if there is none.
func (r *ObjectReader) OptionalString(name string) (string, bool) {
	v, ok := r.optional(name, KindString)
	return v.text, ok
}

// OptionalInt reads an integer, or returns false if there is none.
func (r *ObjectReader) OptionalInt(name string) (int64, bool) {
	v, ok := r.optional(name, KindInt)
	return v.num, ok
}

// Refuse records that a field of the right kind has a value that does not do.
// The reason is fixed text.
func (r *ObjectReader) Refuse(name, reason string) { r.fail(name, reason) }

// Done returns nil if every required field was there with its kind and no
// other field was. Otherwise it returns the first refusal, a *FieldError.
func (r *ObjectReader) Done() error {
	if r.err != nil {
		return r.err
	}
	for _, child := range r.children {
		if err := child.Done(); err != nil {
			return err
		}
	}
	for _, m := range r.object.inner.members {
		if !slices.Contains(r.asked, m.Name) {
			r.fail("", "unknown field in "+r.where()+"; known are "+strings.Join(r.asked, ", "))
			return r.err
		}
	}
	return nil
}

func (r *ObjectReader) where() string {
	if r.path == "" {
		return "the object"
	}
	return strconv.Quote(strings.TrimSuffix(r.path, "."))
}

func (r *ObjectReader) required(name string, kind Kind) (Value, bool) {
	v, ok := r.optional(name, kind)
	if !ok {
		r.fail(name, "missing; expected "+kind.String())
	}
	return v, ok
}

// optional returns the member name if it is of the given kind.
func (r *ObjectReader) optional(name string, kind Kind) (Value, bool) {
	r.asked = append(r.asked, name)
	v, ok := r.object.Get(name)
	if !ok || r.err != nil {
		return Value{}, false
	}
	if v.kind != kind {
		r.fail(name, "expected "+kind.String()+", found "+v.kind.String())
		return Value{}, false
	}
	return v, true
}

func (r *ObjectReader) fail(name, reason string) {
	if r.err != nil {
		return
	}
	r.err = &FieldError{Reason: reason}
	if name != "" {
		r.err.Field = r.path + name
	}
}
