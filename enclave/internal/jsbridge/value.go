// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package jsbridge

import "syscall/js"

// Value is a JavaScript value. Get, Set and Index are for plain data and for
// members that never throw, since an exception there ends the program; whatever
// else runs a browser's code goes through Call, New and Await.
type Value = js.Value

// Func is a Go function that JavaScript can call.
type Func = js.Func

// Type is the type of a Value, as far as Go knows it.
type Type = js.Type

// The types of values that callers compare with.
const (
	TypeUndefined = js.TypeUndefined
	TypeNumber    = js.TypeNumber
	TypeString    = js.TypeString
	TypeObject    = js.TypeObject
	TypeFunction  = js.TypeFunction
)

// TypeOf returns the type of v. Value.Type panics for a type that it does not
// know, such as bigint; here that is TypeUndefined.
func TypeOf(v Value) (t Type) {
	defer func() {
		if recover() != nil {
			t = TypeUndefined
		}
	}()
	return v.Type()
}

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
	return TypeOf(constructor) == TypeFunction && v.InstanceOf(constructor)
}

// GlobalMember returns a member of globalThis that may throw when it is read,
// as storage does where it is blocked. The error is an *Error.
func GlobalMember(name string) (Value, error) {
	return Call(js.Global().Get("Reflect"), "get", js.Global(), name)
}

// Callback returns a function that passes its first argument on to fn, which
// must not wait for anything. The function lives until it is released.
func Callback(fn func(Value)) Func {
	return Callbacks(func(args []Value) {
		if len(args) == 0 {
			args = []Value{js.Undefined()}
		}
		fn(args[0])
	})
}

// Callbacks is Callback for functions of several arguments.
func Callbacks(fn func([]Value)) Func {
	return js.FuncOf(func(_ Value, args []Value) any {
		fn(args)
		return nil
	})
}
