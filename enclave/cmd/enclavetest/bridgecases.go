// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
)

// bridgeCases are the promises of package jsbridge.
func bridgeCases() []testCase {
	return []testCase{
		{"an exception becomes an error with its name", func(context.Context) error {
			_, err := jsbridge.Call(jsbridge.Global().Get("JSON"), "parse", "{")
			return wantName(err, "SyntaxError")
		}},
		{"a class that is not there becomes an error", func(context.Context) error {
			_, err := jsbridge.New("NoSuchClass")
			return wantName(err, "ReferenceError")
		}},
		{"a rejection becomes an error with its name", func(ctx context.Context) error {
			cause, err := jsbridge.New("DOMException", "in words", "AbortError")
			if err != nil {
				return err
			}
			_, err = jsbridge.CallAwait(ctx, jsbridge.Global().Get("Promise"), "reject", cause)
			return wantName(err, "AbortError")
		}},
		{"a rejection without an error becomes one", func(ctx context.Context) error {
			_, err := jsbridge.CallAwait(ctx, jsbridge.Global().Get("Promise"), "reject", "a text")
			return wantName(err, "Error")
		}},
		{"awaiting ends with its context", awaitingEnds},
		{"bytes are copied on their way", bytesAreCopied},
		{"bytes beyond the limit are refused", func(context.Context) error {
			if _, err := jsbridge.CopyBytes(jsbridge.Bytes(make([]byte, 9)), 8); err == nil {
				return errors.New("9 bytes were copied where 8 are the limit")
			}
			if _, err := jsbridge.CopyBytes(jsbridge.ValueOf("text"), 8); err == nil {
				return errors.New("a text was copied as bytes")
			}
			return nil
		}},
		{"wiping leaves nothing", wipingLeavesNothing},
		{"random bytes fill more than the browser gives at once", func(context.Context) error {
			b := make([]byte, 200000)
			n, err := jsbridge.Random{}.Read(b)
			if err != nil || n != len(b) {
				return errors.New("not all bytes were filled")
			}
			if bytes.Contains(b, make([]byte, 16)) {
				return errors.New("a part was left at zero")
			}
			return nil
		}},
	}
}

func awaitingEnds(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	executor := jsbridge.Callback(func(jsbridge.Value) { go cancel() })
	defer executor.Release()
	never, err := jsbridge.New("Promise", executor)
	if err != nil {
		return err
	}
	if _, err = jsbridge.Await(ctx, never); !errors.Is(err, context.Canceled) {
		return errors.New("want the context's error")
	}
	return nil
}

func bytesAreCopied(context.Context) error {
	original := []byte{0, 1, 254, 255}
	array := jsbridge.Bytes(original)
	original[0] = 9
	for _, value := range []jsbridge.Value{array, array.Get("buffer")} {
		got, err := jsbridge.CopyBytes(value, 4)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, []byte{0, 1, 254, 255}) {
			return errors.New("other bytes came back")
		}
		got[1] = 9
	}
	return nil
}

func wipingLeavesNothing(context.Context) error {
	array := jsbridge.Bytes([]byte("secret"))
	for _, value := range []jsbridge.Value{array, array.Get("buffer")} {
		array.Call("fill", 1)
		jsbridge.Wipe(value)
		left, err := jsbridge.CopyBytes(array, 6)
		if err != nil || !bytes.Equal(left, make([]byte, 6)) {
			return errors.New("bytes are left after wiping")
		}
	}
	jsbridge.Wipe(jsbridge.ValueOf("text")) // which is left alone
	return nil
}

func wantName(err error, name string) error {
	thrown, ok := errors.AsType[*jsbridge.Error](err)
	if !ok || thrown.Name != name {
		return errors.New("want a *jsbridge.Error of the name " + name)
	}
	return nil
}
