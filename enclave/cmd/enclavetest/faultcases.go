// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"

	"ats.run/kms-enclave/enclave/internal/idbstore"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/vault"
)

// faultCases are browsers that do not keep what they are given: each way is
// told as what it is, and nothing that was there is lost.
func faultCases(ops keys.Ops) []testCase {
	return []testCase{
		inDatabase("a full disk is told as quota, and nothing changes", func(ctx context.Context, s *named) error {
			return wantFault(ctx, s, ops, "put", "QuotaExceededError", vault.StorageQuota)
		}),
		inDatabase("a key that the browser does not store is told, and nothing changes", func(ctx context.Context, s *named) error {
			return wantFault(ctx, s, ops, "put", "DataCloneError", vault.StorageHandles)
		}),
		inDatabase("any other refusal is told as unavailable, and nothing changes", func(ctx context.Context, s *named) error {
			return wantFault(ctx, s, ops, "put", "UnknownError", vault.StorageUnavailable)
		}),
		inDatabase("the probe finds a browser that refuses keys", func(ctx context.Context, s *named) error {
			return wantProbeFault(ctx, s, ops, "add", throwing("DataCloneError"))
		}),
		inDatabase("the probe finds a browser that gives back nothing", func(ctx context.Context, s *named) error {
			// As some do with some keys: nothing in place of the whole record, which
			// is also what deleting results in.
			return wantProbeFault(ctx, s, ops, "get", storePrototype().Get("delete"))
		}),
		{"site data that is blocked is told as unavailable", func(ctx context.Context) error {
			defer override(jsbridge.Global(), "indexedDB", "get", throwing("SecurityError"))()
			_, err := idbstore.Open(ctx, "enclavetest-blocked")
			return wantKind(err, vault.StorageUnavailable)
		}},
	}
}

// wantFault makes a method of every object store throw, and wants that a commit
// fails as kind and leaves all as it was.
func wantFault(ctx context.Context, s *named, ops keys.Ops, method, thrown string, kind vault.StorageKind) error {
	handle, point, err := ops.GenerateP256(ctx)
	if err != nil {
		return err
	}
	before := vault.Change{Ref: keptRef, Value: []byte("kept"), Handle: handle}
	if err := s.Commit(ctx, []vault.Change{before}); err != nil {
		return err
	}
	restore := override(storePrototype(), method, "value", throwing(thrown))
	other := vault.Change{Ref: vault.Ref{Collection: "test", Key: "other"}, Value: []byte("new")}
	after := vault.Change{Ref: keptRef, IfVersion: 1, Value: []byte("changed"), Handle: handle}
	err = s.Commit(ctx, []vault.Change{other, after})
	restore()
	if err := wantKind(err, kind); err != nil {
		return err
	}
	record, err := s.Get(ctx, keptRef)
	if err != nil || record.Version != 1 || string(record.Value) != "kept" {
		return errors.New("the record is not as it was")
	}
	if _, err := s.Get(ctx, other.Ref); !errors.Is(err, vault.ErrNotFound) {
		return errors.New("half of the commit was done")
	}
	return wantSigns(ctx, ops, record.Handle, point)
}

func wantProbeFault(ctx context.Context, s *named, ops keys.Ops, method string, instead jsbridge.Value) error {
	handle, _, err := ops.GenerateP256(ctx)
	if err != nil {
		return err
	}
	defer override(storePrototype(), method, "value", instead)()
	_, err = s.Probe(ctx, handle)
	return wantKind(err, vault.StorageHandles)
}

func wantKind(err error, kind vault.StorageKind) error {
	if failed, ok := errors.AsType[*vault.StorageError](err); !ok || failed.Kind != kind {
		return errors.New("want *vault.StorageError of kind " + string(kind))
	}
	return nil
}

// throwing returns a function that throws a DOMException: that of a signal
// whose reason to abort it is. A page's policy may forbid to make one of text.
func throwing(name string) jsbridge.Value {
	exception, err := jsbridge.New("DOMException", "as in a test", name)
	if err != nil {
		return jsbridge.Value{}
	}
	signal := jsbridge.Global().Get("AbortSignal").Call("abort", exception)
	return signal.Get("throwIfAborted").Call("bind", signal)
}

func storePrototype() jsbridge.Value {
	return jsbridge.Global().Get("IDBObjectStore").Get("prototype")
}

// override defines a member of object anew, by its "value" or "get", until the
// function that it returns is called.
func override(object jsbridge.Value, name, by string, function jsbridge.Value) (restore func()) {
	builtin := jsbridge.Global().Get("Object")
	before := builtin.Call("getOwnPropertyDescriptor", object, name)
	builtin.Call("defineProperty", object, name, map[string]any{by: function, "configurable": true})
	return func() {
		if before.IsUndefined() {
			jsbridge.Global().Get("Reflect").Call("deleteProperty", object, name)
			return
		}
		builtin.Call("defineProperty", object, name, before)
	}
}
