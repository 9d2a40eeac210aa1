// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package jsbridge

import "syscall/js"

// Value is a JavaScript value. Get, Set, Index, Type and the conversions of
// plain data cannot throw; whatever runs a browser's code goes through Call,
// New and Await.
type Value = js.Value

// Func is a Go function that JavaScript can call.
type Func = js.Func

// The types of values that callers compare with.
const (
	TypeNumber = js.TypeNumber
	TypeString = js.TypeString
	TypeObject = js.TypeObject
)

// Global returns globalThis.
func Global() Value { return js.Global() }

// ValueOf returns what x, made of maps, slices, strings, numbers and Values,
// is in JavaScript.
func ValueOf(x any) Value { return js.ValueOf(x) }

// IsNothing reports whether v is undefined or null.
func IsNothing(v Value) bool { return v.IsUndefined() || v.IsNull() }

// IsA reports whether v is an instance of the global class.
func IsA(v Value, class string) bool {
	constructor := js.Global().Get(class)
	return constructor.Type() == js.TypeFunction && v.InstanceOf(constructor)
}

// Callback returns a function that passes its first argument on to fn, which
// must not wait for anything. The function lives until it is released.
func Callback(fn func(Value)) Func {
	return js.FuncOf(func(_ Value, args []Value) any {
		fn(first(args))
		return nil
	})
}

func first(args []Value) Value {
	if len(args) == 0 {
		return js.Undefined()
	}
	return args[0]
}

// Units returns the length of a string in UTF-16 code units.
func Units(text Value) int { return js.Global().Get("Object").Invoke(text).Get("length").Int() }
