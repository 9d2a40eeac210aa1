// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
)

// ErrSyntax is in the tree of every error here, which are all *SyntaxError.
var ErrSyntax = errors.New("malformed protocol buffer")

// SyntaxError says what was refused, in fixed words and the number of a field
// that the reading code asked for. Field is 0 for the message itself.
type SyntaxError struct {
	Field  int
	Reason string
}

// Error describes the refusal.
func (e *SyntaxError) Error() string {
	if e.Field == 0 {
		return ErrSyntax.Error() + ": " + e.Reason
	}
	return ErrSyntax.Error() + ": field " + strconv.Itoa(e.Field) + ": " + e.Reason
}

// Unwrap returns ErrSyntax.
func (e *SyntaxError) Unwrap() error { return ErrSyntax }

// Field is one field as it stands in a message.
type Field struct {
	Number  int
	Uint    uint64 // of a number
	Bytes   []byte // aliases the input; nil unless IsBytes
	IsBytes bool
	isFixed bool // four or eight bytes, which nothing here uses
}

// maxField is the greatest field number that a Reader can ask for; a bit of
// Reader.seen each. Greater ones are unknown fields.
const maxField = 63

// Reader reads the fields of one message in order of appearance. It keeps the
// first refusal, after which the getters return zero values.
type Reader struct {
	rest   []byte
	strict bool
	seen   uint64 // the fields that a getter has read
	err    error
}

// NewReader returns a Reader of a message of a peer, which may have fields that
// nobody knows here.
func NewReader(b []byte) *Reader { return &Reader{rest: b} }

// NewStrictReader returns a Reader of a message of our own, of which every field
// is known.
func NewStrictReader(b []byte) *Reader { return &Reader{rest: b, strict: true} }

// Next returns the next field; false at the end or after a refusal.
func (r *Reader) Next() (Field, bool) {
	if r.err != nil || len(r.rest) == 0 {
		return Field{}, false
	}
	tag, ok := r.varint()
	if !ok {
		return Field{}, false
	}
	if tag>>3 == 0 || tag > math.MaxUint32 {
		return r.fail("expected a field number from 1 to 536,870,911")
	}
	f := Field{Number: int(tag >> 3)}
	switch tag & 7 {
	case typeVarint:
		f.Uint, ok = r.varint()
		return f, ok
	case typeBytes:
		n, ok := r.varint()
		if !ok {
			return Field{}, false
		}
		if n > uint64(len(r.rest)) {
			return r.fail("shorter than it says")
		}
		f.IsBytes, f.Bytes = true, r.rest[:n:n]
		r.rest = r.rest[n:]
		return f, true
	case typeFixed32:
		return r.fixed(f, 4)
	case typeFixed64:
		return r.fixed(f, 8)
	}
	return r.fail("groups and unknown wire types are not read")
}

func (r *Reader) fixed(f Field, n int) (Field, bool) {
	if n > len(r.rest) {
		return r.fail("shorter than it says")
	}
	f.isFixed, r.rest = true, r.rest[n:]
	return f, true
}

// varint reads a number without superfluous bytes.
func (r *Reader) varint() (uint64, bool) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.fail("expected a number of 64 bits in its shortest form")
		return 0, false
	}
	r.rest = r.rest[n:]
	return v, true
}

func (r *Reader) fail(reason string) (Field, bool) {
	r.Refuse(0, reason)
	return Field{}, false
}

// Uint returns the number of a field that may occur once, at most most.
func (r *Reader) Uint(f Field, most uint64) uint64 {
	r.once(f)
	if f.IsBytes || f.isFixed || f.Uint > most {
		r.Refuse(f.Number, "expected a number within its bounds")
	}
	if r.err != nil {
		return 0
	}
	return f.Uint
}

// Bool returns a number that is 0 or 1, of a field that may occur once.
func (r *Reader) Bool(f Field) bool { return r.Uint(f, 1) == 1 }

// Bytes returns the bytes, least to most many, of a field that may occur once.
// They alias the input and are nil only after a refusal.
func (r *Reader) Bytes(f Field, least, most int) []byte {
	r.once(f)
	return r.Repeated(f, least, most)
}

// Repeated is Bytes for a field that may occur more than once.
func (r *Reader) Repeated(f Field, least, most int) []byte {
	if !f.IsBytes || len(f.Bytes) < least || len(f.Bytes) > most {
		r.Refuse(f.Number, "expected bytes of its length")
	}
	if r.err != nil {
		return nil
	}
	return f.Bytes
}

// Unknown takes a field that the caller does not know.
func (r *Reader) Unknown(f Field) {
	if r.strict {
		r.Refuse(0, "a field that is not known")
	}
}

// Has says whether the field was read by Uint, Bool or Bytes.
func (r *Reader) Has(field int) bool { return r.seen>>field&1 == 1 }

// Require refuses the message if one of the fields was not read by Uint, Bool
// or Bytes.
func (r *Reader) Require(fields ...int) {
	if i := slices.IndexFunc(fields, func(field int) bool { return !r.Has(field) }); i >= 0 {
		r.Refuse(fields[i], "missing")
	}
}

// Refuse records that a field, 0 for the message itself, does not do. The
// reason is fixed text.
func (r *Reader) Refuse(field int, reason string) {
	if r.err == nil {
		r.err = &SyntaxError{field, reason}
	}
}

// Adopt refuses the field, a message, if its own reader refused it.
func (r *Reader) Adopt(f Field, inner *Reader) {
	if inner.err != nil {
		r.Refuse(f.Number, "malformed inside")
	}
}

// Err returns the first refusal, a *SyntaxError, or nil.
func (r *Reader) Err() error { return r.err }

func (r *Reader) once(f Field) {
	switch {
	case f.Number < 1 || f.Number > maxField:
		r.Refuse(f.Number, "beyond what can be asked for")
	case r.Has(f.Number):
		r.Refuse(f.Number, "more than once")
	default:
		r.seen |= 1 << f.Number
	}
}
