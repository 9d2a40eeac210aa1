// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package jsbridge

import "syscall/js"

// Deferred is a promise that Go fulfils.
type Deferred struct {
	Promise Value
	fulfil  Value
}

// NewDeferred returns a promise that nobody has fulfilled yet.
func NewDeferred() *Deferred {
	d := new(Deferred)
	executor := Callback(func(fulfil Value) { d.fulfil = fulfil })
	defer executor.Release()
	d.Promise = js.Global().Get("Promise").New(executor)
	return d
}

// Fulfil fulfils the promise with undefined. Only the first time counts.
func (d *Deferred) Fulfil() { d.fulfil.Invoke() }

// Returning returns a function that passes its first argument on to fn, as
// Callback does, and returns what fn returns: anything that ValueOf takes.
func Returning(fn func(Value) any) Func {
	return js.FuncOf(func(_ Value, args []Value) any {
		if len(args) == 0 {
			return fn(js.Undefined())
		}
		return fn(args[0])
	})
}
