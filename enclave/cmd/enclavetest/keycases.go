// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"
	"slices"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault"
)

// keyCases are the promises of package webcrypto that only a browser can break:
// no key comes out of it, new, unwrapped or read back.
//
// Mistake M28 (docs/mistakes.md).
func keyCases(ops *webcrypto.Keys) []testCase {
	return []testCase{
		{"a new private key cannot be exported", func(ctx context.Context) error {
			handle, _, err := ops.GenerateP256(ctx)
			if err != nil {
				return err
			}
			return refusesExport(ctx, handle, "sign")
		}},
		inDatabase("a private key that was read back cannot be exported", func(ctx context.Context, s *named) error {
			handle, err := storedKey(ctx, s, ops)
			if err != nil {
				return err
			}
			return refusesExport(ctx, handle, "sign")
		}),
		{"an unwrapped private key cannot be exported", func(ctx context.Context) error {
			return errors.Join(
				unwrappedRefusesExport(ctx, ops, keys.UseSign, "sign"),
				unwrappedRefusesExport(ctx, ops, keys.UseAgree, "deriveKey", "deriveBits"),
			)
		}},
		{"a key that seals cannot be exported", func(ctx context.Context) error {
			sealing, err := ops.GenerateAES(ctx)
			if err != nil {
				return err
			}
			return refusesExport(ctx, sealing, "encrypt", "decrypt", "wrapKey", "unwrapKey")
		}},
		{"no base secret can be exported", func(ctx context.Context) error { return basesRefuseExport(ctx, ops) }},
		{"a secret is no key to anything but the one that wraps it", func(ctx context.Context) error {
			return secretIsNoKey(ctx, ops)
		}},
		{"a value that is no key does not sign", func(ctx context.Context) error {
			for _, handle := range []keys.Handle{nil, "key", jsbridge.ValueOf(map[string]any{}), jsbridge.Global()} {
				if _, err := ops.SignP256(ctx, handle, []byte("message")); err == nil {
					return errors.New("something that is no CryptoKey signed")
				}
			}
			return nil
		}},
	}
}

var testNonce = make([]byte, keys.NonceSize)

func unwrappedRefusesExport(ctx context.Context, ops *webcrypto.Keys, use keys.Use, usages ...string) error {
	sealing, err := ops.GenerateAES(ctx)
	if err != nil {
		return err
	}
	wrapped, _, err := ops.GenerateWrapped(ctx, use, sealing, testNonce, nil)
	if err != nil {
		return err
	}
	key, err := ops.Unwrap(ctx, use, sealing, testNonce, nil, wrapped)
	if err != nil {
		return err
	}
	return refusesExport(ctx, key, usages...)
}

// basesRefuseExport makes a base secret in every way there is, and a key of it.
func basesRefuseExport(ctx context.Context, ops *webcrypto.Keys) error {
	sealing, err1 := ops.GenerateAES(ctx)
	secret, err2 := ops.GenerateSecret(ctx)
	wrapped, err3 := ops.WrapSecret(ctx, secret, sealing, testNonce, nil)
	_, point, err4 := ops.GenerateWrapped(ctx, keys.UseAgree, sealing, testNonce, []byte("pair"))
	unwrapped, err5 := ops.UnwrapBase(ctx, sealing, testNonce, nil, wrapped)
	stretched, err6 := ops.PBKDF2(ctx, []byte("passphrase"), make([]byte, 16), 1)
	imported, err7 := ops.ImportBase(ctx, make([]byte, keys.SecretSize))
	agreed, _, err8 := ops.AgreeEphemeral(ctx, point)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
		return err
	}
	for _, base := range []keys.Handle{unwrapped, stretched, imported, agreed} {
		if err := refusesExport(ctx, base, "deriveKey", "deriveBits"); err != nil {
			return err
		}
	}
	derived, err := ops.DeriveKey(ctx, unwrapped, nil, nil)
	if err != nil {
		return err
	}
	return refusesExport(ctx, derived, "encrypt", "decrypt", "wrapKey", "unwrapKey")
}

func secretIsNoKey(ctx context.Context, ops *webcrypto.Keys) error {
	secret, err := ops.GenerateSecret(ctx)
	if err != nil {
		return err
	}
	if _, isValue := secret.(jsbridge.Value); isValue {
		return errors.New("the handle of a secret is a value that JavaScript can be given")
	}
	_, sealError := ops.Seal(ctx, secret, testNonce, nil, nil)
	_, deriveError := ops.DeriveKey(ctx, secret, nil, nil)
	_, signError := ops.SignP256(ctx, secret, nil)
	_, wrapError := ops.WrapSecret(ctx, secret, secret, testNonce, nil)
	for _, err := range []error{sealError, deriveError, signError, wrapError} {
		if err == nil {
			return errors.New("a secret was used as a key")
		}
	}
	return nil
}

// storedKey makes a key, stores it, and returns what comes back.
func storedKey(ctx context.Context, store vault.Store, ops keys.Ops) (keys.Handle, error) {
	handle, _, err := ops.GenerateP256(ctx)
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
// the bytes of a key could come out, and the key may do usages and no more.
func refusesExport(ctx context.Context, handle keys.Handle, usages ...string) error {
	subtle := jsbridge.Global().Get("crypto").Get("subtle")
	for _, format := range []string{"pkcs8", "jwk", "raw"} {
		_, err := jsbridge.CallAwait(ctx, subtle, "exportKey", format, handle)
		if thrown, ok := errors.AsType[*jsbridge.Error](err); !ok {
			return errors.New("exportKey gave the key as " + format)
		} else if thrown.Name != "InvalidAccessError" && thrown.Name != "NotSupportedError" {
			return errors.New("exportKey as " + format + " failed for another reason: " + thrown.Name)
		}
	}
	may := handle.(jsbridge.Value).Get("usages")
	if may.Length() != len(usages) {
		return errors.New("the key has other usages than it needs")
	}
	for i := range usages {
		if !slices.Contains(usages, may.Index(i).String()) {
			return errors.New("the key has a usage that it does not need: " + may.Index(i).String())
		}
	}
	return nil
}

// wantSigns wants that the handle is the private key of point.
func wantSigns(ctx context.Context, ops keys.Ops, handle keys.Handle, point []byte) error {
	message := []byte("message")
	signature, err := ops.SignP256(ctx, handle, message)
	if err != nil {
		return err
	}
	spki, err := keys.SPKI(point)
	if err != nil {
		return err
	}
	return ops.Verify(ctx, keys.ES256, spki, message, signature)
}
