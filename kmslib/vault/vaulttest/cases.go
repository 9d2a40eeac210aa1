// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"errors"
	"strconv"

	"ats.run/kms-enclave/kmslib/vault"
)

// Case is one property of a Store. Run returns nil if an empty store has it.
type Case struct {
	Name string
	Run  func(ctx context.Context, store vault.Store) error
}

// Cases returns the conformance test of a Store. Its Handles are made by keys,
// so that they are ones which the store can keep.
func Cases(keys vault.KeyOps) []Case {
	return []Case{
		{"an unknown record is not found", unknownIsNotFound},
		{"a written record is read back", writtenIsReadBack},
		{"an empty value is kept", emptyValueIsKept},
		{"versions count from one", versionsCount},
		{"creating what exists conflicts", creatingTwiceConflicts},
		{"a stale version conflicts", staleVersionConflicts},
		{"changing what is absent conflicts", changingAbsentConflicts},
		{"a deleted record is gone and can be created again", deletedIsGone},
		{"one conflict stops the whole commit", conflictStopsAll},
		{"one commit writes, replaces and deletes", mixedCommit},
		{"an empty commit changes nothing", emptyCommit},
		{"impossible changes are refused", impossibleChanges},
		{"a list is sorted and of one collection", listIsSorted},
		{"a scan is sorted, begins and ends where it is told", scanIsSorted},
		{"a scan returns what was written last", scanAgrees},
		{"a scan of nothing is empty and one without a limit refused", scanLimits},
		{"a scan brings the handles", scanHandles(keys)},
		{"names that look alike are different", similarNames},
		{"values are copied when written", copiedWhenWritten},
		{"values are copied when read", copiedWhenRead},
		{"a large value is kept", largeValue},
		{"a handle is kept and signs", handleSigns(keys)},
		{"a sealing key is kept and opens", aesHandleSeals(keys)},
		{"a replaced record has its new handle only", handleReplaced(keys)},
		{"of concurrent commits exactly one wins", concurrentCommits},
		{"concurrent commits of two records do not interleave", concurrentPairs},
		{"a cancelled context changes nothing", cancelledContext},
	}
}

// ref returns the address that the cases use unless they say otherwise.
func ref(key string) vault.Ref { return vault.Ref{Collection: "test", Key: key} }

// write returns a change that sets a record.
func write(key string, ifVersion uint64, value string) vault.Change {
	return vault.Change{Ref: ref(key), IfVersion: ifVersion, Value: []byte(value)}
}

// commit makes changes and returns their error.
func commit(ctx context.Context, store vault.Store, changes ...vault.Change) error {
	return store.Commit(ctx, changes)
}

// expect returns an error unless the record is there with version and value.
func expect(ctx context.Context, store vault.Store, key string, version uint64, value string) error {
	record, err := store.Get(ctx, ref(key))
	switch {
	case err != nil:
		return errors.New("Get(" + key + "): " + err.Error())
	case record.Version != version:
		return errors.New(key + ": version " + strconv.FormatUint(record.Version, 10) +
			", want " + strconv.FormatUint(version, 10))
	case string(record.Value) != value:
		return errors.New(key + ": value " + strconv.Quote(string(record.Value)) + ", want " + strconv.Quote(value))
	}
	return nil
}

// expectAbsent returns an error unless the record is not found.
func expectAbsent(ctx context.Context, store vault.Store, key string) error {
	_, err := store.Get(ctx, ref(key))
	return expectError("Get("+key+")", err, vault.ErrNotFound)
}

// expectError returns an error unless got is want.
func expectError(what string, got, want error) error {
	if errors.Is(got, want) {
		return nil
	}
	if got == nil {
		return errors.New(what + " succeeded, want error: " + want.Error())
	}
	return errors.New(what + ": error " + strconv.Quote(got.Error()) + ", want " + strconv.Quote(want.Error()))
}

// firstError returns the first error of steps that have run.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
