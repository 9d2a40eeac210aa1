// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package jsbridge

import (
	"context"
	"syscall/js"
)

// Error is an exception, or the reason of a rejection.
type Error struct {
	Name    string // of the class or of the DOMException: "QuotaExceededError"
	Message string // the browser's words, for developers
}

// Error returns the name and the message.
func (e *Error) Error() string { return e.Name + ": " + e.Message }

// ErrorOf returns v, which was thrown or is the error of a request, as an
// *Error.
func ErrorOf(v Value) *Error {
	if TypeOf(v) != TypeObject {
		return &Error{Name: "Error", Message: "a value that is no error was thrown"}
	}
	return &Error{Name: textOf(v.Get("name")), Message: textOf(v.Get("message"))}
}

func textOf(v Value) string {
	if TypeOf(v) != TypeString {
		return ""
	}
	return v.String()
}

// Call calls a method of object. The error is an *Error.
func Call(object Value, method string, args ...any) (result Value, err error) {
	defer catch(&err)
	return object.Call(method, args...), nil
}

// New makes an instance of the global class. The error is an *Error, also
// where there is no such class.
func New(class string, args ...any) (result Value, err error) {
	defer catch(&err)
	constructor := js.Global().Get(class)
	if TypeOf(constructor) != TypeFunction {
		return Value{}, &Error{Name: "ReferenceError", Message: class + " is not a class here"}
	}
	return constructor.New(args...), nil
}

func catch(err *error) {
	switch thrown := recover().(type) {
	case nil:
	case js.Error:
		*err = ErrorOf(thrown.Value)
	default:
		panic(thrown)
	}
}

// Await waits until promise is settled, and returns its value, or an *Error if
// it was rejected, or the context's error. It must not be called from a
// function that JavaScript called.
func Await(ctx context.Context, promise Value) (Value, error) {
	type outcome struct {
		value Value
		err   error
	}
	settled := make(chan outcome, 1)
	var fulfil, reject Func
	release := func() {
		fulfil.Release()
		reject.Release()
	}
	fulfil = Callback(func(v Value) {
		release()
		settled <- outcome{value: v}
	})
	reject = Callback(func(v Value) {
		release()
		settled <- outcome{err: ErrorOf(v)}
	})
	promise.Call("then", fulfil, reject)
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return Value{}, ctx.Err()
	}
}

// CallAwait calls a method that returns a promise and awaits it.
func CallAwait(ctx context.Context, object Value, method string, args ...any) (Value, error) {
	promise, err := Call(object, method, args...)
	if err != nil {
		return Value{}, err
	}
	return Await(ctx, promise)
}
