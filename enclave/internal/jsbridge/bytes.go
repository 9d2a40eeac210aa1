// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package jsbridge

import (
	"errors"
	"strconv"
	"syscall/js"
)

// Bytes returns a new Uint8Array that holds a copy of b.
func Bytes(b []byte) Value {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}

// Buffer returns a new ArrayBuffer that holds a copy of b.
func Buffer(b []byte) Value { return Bytes(b).Get("buffer") }

// CopyBytes returns a copy of the bytes of v, an ArrayBuffer or a Uint8Array
// of at most limit bytes.
func CopyBytes(v Value, limit int) ([]byte, error) {
	if IsA(v, "ArrayBuffer") {
		v = js.Global().Get("Uint8Array").New(v)
	}
	if !IsA(v, "Uint8Array") {
		return nil, errors.New("expected an ArrayBuffer or a Uint8Array")
	}
	length := v.Get("length").Int()
	if length > limit {
		return nil, errors.New("expected at most " + strconv.Itoa(limit) + " bytes, found " + strconv.Itoa(length))
	}
	b := make([]byte, length)
	js.CopyBytesToGo(b, v)
	return b, nil
}

// Wipe sets every byte of v, an ArrayBuffer or a Uint8Array, to zero. What was
// transferred away or is something else is left alone.
func Wipe(v Value) {
	if IsA(v, "ArrayBuffer") {
		array, err := New("Uint8Array", v)
		if err != nil {
			return
		}
		v = array
	}
	if IsA(v, "Uint8Array") {
		v.Call("fill", 0)
	}
}
