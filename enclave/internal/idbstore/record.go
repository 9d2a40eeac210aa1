// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package idbstore

import (
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

// encode returns the stored form of what a change writes.
func encode(c *vault.Change) (map[string]any, error) {
	record := map[string]any{
		"version": float64(c.IfVersion + 1),
		"value":   jsbridge.Bytes(c.Value),
	}
	if c.Handle == nil {
		return record, nil
	}
	handle, ok := c.Handle.(jsbridge.Value)
	if !ok || !isKept(handle) {
		return nil, &vault.InputError{Field: "Handle", Reason: "expected a CryptoKey that is not extractable"}
	}
	record["handle"] = handle
	return record, nil
}

// decode is the inverse of encode. Undefined is what IndexedDB returns for a
// record that is not there.
func decode(ref vault.Ref, stored jsbridge.Value) (vault.Record, error) {
	version, err := versionOf(ref, stored)
	if err != nil {
		return vault.Record{}, err
	}
	if version == 0 {
		return vault.Record{}, vault.ErrNotFound
	}
	value, err := jsbridge.CopyBytes(stored.Get("value"), vault.MaxValueLength)
	if err != nil {
		return vault.Record{}, &vault.RecordError{Collection: ref.Collection, Reason: "value: " + err.Error()}
	}
	record := vault.Record{Version: version, Value: value}
	if handle := stored.Get("handle"); !handle.IsUndefined() {
		if !isKept(handle) {
			return vault.Record{}, &vault.RecordError{Collection: ref.Collection, Reason: "handle: expected a CryptoKey that is not extractable"}
		}
		record.Handle = handle
	}
	return record, nil
}

// isKept reports whether v is a key whose bytes the browser keeps to itself.
func isKept(v jsbridge.Value) bool {
	return jsbridge.IsA(v, "CryptoKey") && !v.Get("extractable").Bool()
}

// versionOf returns the version of a stored record, 0 if there is none.
func versionOf(ref vault.Ref, stored jsbridge.Value) (uint64, error) {
	if stored.IsUndefined() {
		return 0, nil
	}
	if jsbridge.TypeOf(stored) != jsbridge.TypeObject {
		return 0, &vault.RecordError{Collection: ref.Collection, Reason: "the browser does not give back what it stored"}
	}
	version := stored.Get("version")
	if jsbridge.TypeOf(version) != jsbridge.TypeNumber || version.Float() < 1 || version.Float() != float64(uint64(version.Float())) {
		return 0, &vault.RecordError{Collection: ref.Collection, Reason: "version: expected an integer from 1"}
	}
	return uint64(version.Float()), nil
}
