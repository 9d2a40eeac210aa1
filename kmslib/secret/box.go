// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package secret

import "errors"

// Box holds a value that has secrets inside, so that it cannot be compared,
// printed or encoded by accident: what Key is for the bytes of one key, Box is
// for the state of a protocol. Copies of a Box share the value. The zero Box is
// empty.
type Box[T any] struct {
	value func() *T // a function for the reason given at Key
}

// NewBox returns a Box of value, which it keeps.
func NewBox[T any](value *T) Box[T] {
	return Box[T]{value: func() *T { return value }}
}

// Expose returns the value itself, not a copy; nil if the Box is empty.
func (b Box[T]) Expose() *T {
	if b.value == nil {
		return nil
	}
	return b.value()
}

const redactedBox = "secret.Box(hidden)"

// String returns a fixed text without the value.
func (b Box[T]) String() string { return redactedBox }

// GoString returns a fixed text without the value.
func (b Box[T]) GoString() string { return redactedBox }

// MarshalText returns an error, so that no encoder writes the value.
func (b Box[T]) MarshalText() ([]byte, error) {
	return nil, errors.New("a secret value is not encoded as text")
}
