// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package webcrypto

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/keys"
)

// Keys makes and uses keys. The zero Keys has no algorithm.
type Keys struct{ subtle jsbridge.Value }

var _ keys.Ops = (*Keys)(nil)

// New returns Keys by globalThis.crypto.subtle. Where there is none, in
// particular outside secure contexts, every operation is not supported.
func New() *Keys {
	k := new(Keys)
	if crypto := jsbridge.Global().Get("crypto"); !jsbridge.IsNothing(crypto) {
		k.subtle = crypto.Get("subtle")
	}
	return k
}

// do calls a method of SubtleCrypto and awaits it. The error is the context's,
// keys.ErrNotSupported or a *jsbridge.Error.
func (k *Keys) do(ctx context.Context, method string, args ...any) (jsbridge.Value, error) {
	if err := ctx.Err(); err != nil {
		return jsbridge.Value{}, err
	}
	if jsbridge.IsNothing(k.subtle) {
		return jsbridge.Value{}, keys.ErrNotSupported
	}
	result, err := jsbridge.CallAwait(ctx, k.subtle, method, args...)
	if nameOf(err) == "NotSupportedError" {
		return jsbridge.Value{}, keys.ErrNotSupported
	}
	return result, err
}

// open is do for methods that authenticate what they open. The browser says no
// more than OperationError if that fails.
func (k *Keys) open(ctx context.Context, method string, args ...any) (jsbridge.Value, error) {
	result, err := k.do(ctx, method, args...)
	switch nameOf(err) {
	case "OperationError":
		return jsbridge.Value{}, keys.ErrOpen
	case "DataError":
		return jsbridge.Value{}, errors.New("webcrypto: what was unwrapped is not such a key")
	}
	return result, err
}

// nameOf returns the name of what the browser threw, "" for other errors.
func nameOf(err error) string {
	if thrown, ok := errors.AsType[*jsbridge.Error](err); ok {
		return thrown.Name
	}
	return ""
}

// keyOf returns the CryptoKey of a handle.
func keyOf(handle keys.Handle) (jsbridge.Value, error) {
	key, ok := handle.(jsbridge.Value)
	if !ok || !jsbridge.IsA(key, "CryptoKey") {
		return jsbridge.Value{}, errors.New("webcrypto: the handle is not a CryptoKey")
	}
	return key, nil
}

// kept returns key, which the browser was told to keep to itself, as a handle.
func kept(key jsbridge.Value, err error) (keys.Handle, error) {
	if err != nil {
		return nil, err
	}
	if key.Get("extractable").Bool() {
		return nil, errors.New("webcrypto: the browser made a key that can be exported")
	}
	return key, nil
}

// do takes flags by these names.
const (
	extractable    = true
	notExtractable = false
)

// object is a dictionary of WebCrypto.
type object = map[string]any

// takeBytes copies the bytes of an ArrayBuffer and overwrites it.
func takeBytes(buffer jsbridge.Value, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer jsbridge.Wipe(buffer)
	return jsbridge.CopyBytes(buffer, buffer.Get("byteLength").Int())
}
