// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// keyCases are the cases that hold for private keys, new or read back.
func keyCases(keys vault.KeyOps) []vaulttest.Case {
	return []vaulttest.Case{
		{Name: "a new private key cannot be exported", Run: func(ctx context.Context, _ vault.Store) error {
			handle, _, err := keys.GenerateP256(ctx)
			if err != nil {
				return err
			}
			return refusesExport(ctx, handle)
		}},
		{Name: "a private key that was read back cannot be exported", Run: func(ctx context.Context, store vault.Store) error {
			handle, err := storedKey(ctx, store, keys)
			if err != nil {
				return err
			}
			return refusesExport(ctx, handle)
		}},
		{Name: "a value that is no key does not sign", Run: func(ctx context.Context, _ vault.Store) error {
			for _, handle := range []vault.Handle{nil, "key", jsbridge.ValueOf(map[string]any{}), jsbridge.Global()} {
				if _, err := keys.SignP256(ctx, handle, []byte("message")); err == nil {
					return errors.New("something that is no CryptoKey signed")
				}
			}
			return nil
		}},
	}
}

// storedKey makes a key, stores it, and returns what comes back.
func storedKey(ctx context.Context, store vault.Store, keys vault.KeyOps) (vault.Handle, error) {
	handle, _, err := keys.GenerateP256(ctx)
	if err != nil {
		return nil, err
	}
	ref := vault.Ref{Collection: "test", Key: "key"}
	if err := store.Commit(ctx, []vault.Change{{Ref: ref, Handle: handle}}); err != nil {
		return nil, err
	}
	record, err := store.Get(ctx, ref)
	return record.Handle, err
}

// refusesExport returns an error unless the browser refuses every way in which
// the bytes of a private key could come out.
func refusesExport(ctx context.Context, handle vault.Handle) error {
	subtle := jsbridge.Global().Get("crypto").Get("subtle")
	for _, format := range []string{"pkcs8", "jwk", "raw"} {
		_, err := jsbridge.CallAwait(ctx, subtle, "exportKey", format, handle)
		if thrown, ok := errors.AsType[*jsbridge.Error](err); !ok {
			return errors.New("exportKey gave the private key as " + format)
		} else if thrown.Name != "InvalidAccessError" && thrown.Name != "NotSupportedError" {
			return errors.New("exportKey as " + format + " failed for another reason: " + thrown.Name)
		}
	}
	usages := handle.(jsbridge.Value).Get("usages")
	if usages.Length() != 1 || usages.Index(0).String() != "sign" {
		return errors.New("the private key has other usages than sign")
	}
	return nil
}
