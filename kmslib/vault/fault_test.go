// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// operations are the calls of a Vault that use the store. Each gets the id of
// an existing key.
var operations = map[string]func(context.Context, *vault.Vault, string) error{
	"VAPIDGenerate": func(ctx context.Context, v *vault.Vault, _ string) error {
		_, err := v.VAPIDGenerate(ctx, app)
		return err
	},
	"VAPIDPublicKey": func(ctx context.Context, v *vault.Vault, kid string) error {
		_, err := v.VAPIDPublicKey(ctx, app, kid)
		return err
	},
	"VAPIDSign": func(ctx context.Context, v *vault.Vault, kid string) error {
		_, err := v.VAPIDSign(ctx, app, request(kid))
		return err
	},
	"VAPIDDelete": func(ctx context.Context, v *vault.Vault, kid string) error {
		return v.VAPIDDelete(ctx, app, kid)
	},
}

// snapshot returns all that a store holds, handles apart.
func snapshot(t *testing.T, store vault.Store) string {
	t.Helper()
	refs, err := store.List(t.Context(), "vapid")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, ref := range refs {
		record, err := store.Get(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(ref.Key + "\n" + string(record.Value) + "\n")
	}
	return all.String()
}

func TestStorageFailureAnywhereChangesNothing(t *testing.T) {
	for _, kind := range []vault.StorageKind{vault.StorageUnavailable, vault.StorageQuota} {
		for name, operation := range operations {
			t.Run(name+" "+string(kind), func(t *testing.T) { failEachCall(t, kind, operation) })
		}
	}
}

// failEachCall runs an operation again and again, its first store call failing,
// then its second, until none is left to fail.
func failEachCall(t *testing.T, kind vault.StorageKind, operation func(context.Context, *vault.Vault, string) error) {
	w := newWorld()
	key := w.generate(t)
	before := snapshot(t, w.store)
	for failAt := int64(1); ; failAt++ {
		failing := &vaulttest.FailingStore{Store: w.store, FailAt: failAt, Kind: kind}
		err := operation(t.Context(), newVault(failing, w.clock), key.KID)
		if failing.Calls() < failAt {
			if err != nil || failAt == 1 {
				t.Errorf("after %d calls without a failure: error = %v", failing.Calls(), err)
			}
			return
		}
		var failed *vault.StorageError
		if !errors.As(err, &failed) || failed.Kind != kind {
			t.Errorf("call %d: error = %v, want a StorageError", failAt, err)
		}
		if after := snapshot(t, w.store); after != before {
			t.Errorf("call %d: the store holds\n%swant\n%s", failAt, after, before)
		}
	}
}

// brokenKeys fails as a browser without the algorithm does.
type brokenKeys struct{ vaulttest.KeyOps }

func (brokenKeys) GenerateP256(context.Context) (vault.Handle, []byte, error) {
	return nil, nil, vault.ErrNotSupported
}

func (brokenKeys) SignP256(context.Context, vault.Handle, []byte) ([]byte, error) {
	return nil, vault.ErrNotSupported
}

// oddKeys returns what no P-256 implementation may.
type oddKeys struct {
	vaulttest.KeyOps
	bytes []byte
}

func (k oddKeys) GenerateP256(context.Context) (vault.Handle, []byte, error) {
	return "handle", k.bytes, nil
}

func (k oddKeys) SignP256(context.Context, vault.Handle, []byte) ([]byte, error) {
	return k.bytes, nil
}

func TestKeyFailureChangesNothingAndKeepsItsCause(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	before := snapshot(t, w.store)
	keys := map[string]vault.KeyOps{
		"missing algorithm": brokenKeys{},
		"short":             oddKeys{bytes: make([]byte, 63)},
		"compressed point":  oddKeys{bytes: append([]byte{2}, make([]byte, 32)...)},
	}
	for name, ops := range keys {
		v := vault.New(vault.Config{Store: w.store, Clock: w.clock, Random: zeros{}, Keys: ops})
		_, generateError := v.VAPIDGenerate(t.Context(), app)
		_, signError := v.VAPIDSign(t.Context(), app, request(key.KID))
		if generateError == nil || signError == nil {
			t.Errorf("%s: errors = %v, %v; want two", name, generateError, signError)
		}
		if name == "missing algorithm" && !errors.Is(signError, vault.ErrNotSupported) {
			t.Errorf("%s: error = %v, want ErrNotSupported", name, signError)
		}
		if after := snapshot(t, w.store); after != before {
			t.Errorf("%s: the store changed", name)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

type exhausted struct{}

func (exhausted) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestNoTokenWithoutRandomness(t *testing.T) {
	w := newWorld()
	key := w.generate(t)
	v := vault.New(vault.Config{Store: w.store, Clock: w.clock, Random: exhausted{}, Keys: vaulttest.KeyOps{}})
	token, err := v.VAPIDSign(t.Context(), app, request(key.KID))
	if !errors.Is(err, io.ErrUnexpectedEOF) || token != (vault.VAPIDToken{}) {
		t.Errorf("VAPIDSign = %v, %v; want the error of the randomness", token, err)
	}
}

func TestIncompleteConfigPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("New took a Config without a Store")
		}
	}()
	vault.New(vault.Config{Clock: new(vaulttest.Clock), Random: zeros{}, Keys: vaulttest.KeyOps{}})
}
