// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"

	"ats.run/kms-enclave/kmslib/vault"
)

func concurrentCommits(ctx context.Context, store vault.Store) error {
	for version := range uint64(3) {
		errs := parallel(8, func(i int) error {
			return commit(ctx, store, write("a", version, "winner "+strconv.Itoa(i)))
		})
		winner := -1
		for i, err := range errs {
			if err == nil && winner >= 0 {
				return errors.New("two commits of one version succeeded")
			}
			if err == nil {
				winner = i
			} else if !errors.Is(err, vault.ErrConflict) {
				return err
			}
		}
		if err := expect(ctx, store, "a", version+1, "winner "+strconv.Itoa(winner)); err != nil {
			return err
		}
	}
	return nil
}

// parallel runs f(0) to f(n-1) at once and returns their errors.
func parallel(n int, f func(int) error) []error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = f(i) })
	}
	group.Wait()
	return errs
}

func concurrentPairs(ctx context.Context, store vault.Store) error {
	parallel(8, func(i int) error {
		value := strconv.Itoa(i)
		return commit(ctx, store, write("a", 0, value), write("b", 0, value))
	})
	a, errA := store.Get(ctx, ref("a"))
	b, errB := store.Get(ctx, ref("b"))
	if err := firstError(errA, errB); err != nil {
		return err
	}
	if !bytes.Equal(a.Value, b.Value) {
		return errors.New("two records of one commit come from different commits")
	}
	return nil
}

func cancelledContext(ctx context.Context, store vault.Store) error {
	if err := commit(ctx, store, write("a", 0, "one")); err != nil {
		return err
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, getError := store.Get(cancelled, ref("a"))
	_, listError := store.List(cancelled, "test")
	_, scanError := store.Scan(cancelled, "test", "", 1)
	return firstError(
		expectError("Get", getError, context.Canceled),
		expectError("List", listError, context.Canceled),
		expectError("Scan", scanError, context.Canceled),
		expectError("Commit", commit(cancelled, store, write("a", 1, "two")), context.Canceled),
		expect(ctx, store, "a", 1, "one"),
	)
}
