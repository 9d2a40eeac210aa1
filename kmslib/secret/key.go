// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package secret holds key bytes so that they cannot be compared, printed or
// encoded by accident.
//
// A Key belongs to a role, which fixes its size and keeps keys of different
// purposes apart at compile time:
//
//	type recordRole struct{}
//
//	func (recordRole) KeySize() int { return 32 }
//
//	key, err := secret.Generate[recordRole](random)
//
// Copies of a Key share their bytes, so Wipe wipes them all. No formatting
// verb, text encoder or log handler shows the bytes, not even those that walk
// through unexported fields by reflection. Expose is the only way to them,
// which makes its callers easy to find in a review.
//
// What this cannot do: the garbage collector may have left other copies that a
// caller made, and the runtime may have moved stacks. Ending the process, in a
// browser the worker, is what erases; Wipe shortens the time until then.
package secret

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"io"
)

// Role fixes the size of the keys of one purpose. Implementations are types
// without fields.
type Role interface {
	KeySize() int // in bytes, the same at every call
}

// Key is the bytes of one key of role R. The zero Key, like a wiped one, has
// no bytes. A Key may be read by many goroutines, but not while it is wiped.
type Key[R Role] struct {
	// A function, since nothing that walks through values by reflection can
	// look behind one, as it can behind a pointer: fmt prints what a pointer
	// leads to where a verb does not fit. It also forbids ==.
	bytes func() *[]byte
}

// hide returns a Key of raw, which it keeps.
func hide[R Role](raw []byte) Key[R] {
	return Key[R]{bytes: func() *[]byte { return &raw }}
}

// Take moves raw into a Key: it copies the bytes and clears raw, even when it
// returns an error because the length is not the role's.
func Take[R Role](raw []byte) (Key[R], error) {
	var role R
	defer clear(raw)
	if len(raw) != role.KeySize() {
		return Key[R]{}, errors.New("key has the wrong length for its role")
	}
	return hide[R](bytes.Clone(raw)), nil
}

// Generate reads a new key from random. The error is that of random.
func Generate[R Role](random io.Reader) (Key[R], error) {
	var role R
	raw := make([]byte, role.KeySize())
	if _, err := io.ReadFull(random, raw); err != nil {
		clear(raw)
		return Key[R]{}, err
	}
	return hide[R](raw), nil
}

// Expose returns the bytes themselves, not a copy; nil if there are none. The
// caller must not change them, nor keep them longer than the Key.
func (k Key[R]) Expose() []byte {
	if k.bytes == nil {
		return nil
	}
	return *k.bytes()
}

// Equal says whether both keys have the same bytes, in a time that does not
// depend on them. A Key without bytes equals none.
func (k Key[R]) Equal(other Key[R]) bool {
	a, b := k.Expose(), other.Expose()
	return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1
}

// Wipe clears the bytes of this Key and all its copies, which then have none.
func (k Key[R]) Wipe() {
	if k.bytes != nil {
		raw := k.bytes()
		clear(*raw)
		*raw = nil
	}
}

const redacted = "secret.Key(hidden)"

// String returns a fixed text without the bytes.
func (k Key[R]) String() string { return redacted }

// GoString returns a fixed text without the bytes.
func (k Key[R]) GoString() string { return redacted }

// MarshalText returns an error, so that no encoder writes a key.
func (k Key[R]) MarshalText() ([]byte, error) {
	return nil, errors.New("a secret key is not encoded as text")
}
