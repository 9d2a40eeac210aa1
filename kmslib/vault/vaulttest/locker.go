// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"context"
	"sync"

	"ats.run/kms-enclave/kmslib/vault"
)

// Locker is a vault.Locker in memory. The zero Locker is ready.
type Locker struct {
	mutex sync.Mutex
	locks map[string]chan struct{}
}

var _ vault.Locker = (*Locker)(nil)

// Lock implements vault.Locker.
func (l *Locker) Lock(ctx context.Context, name string) (func(), error) {
	l.mutex.Lock()
	if l.locks == nil {
		l.locks = make(map[string]chan struct{})
	}
	lock := l.locks[name]
	if lock == nil {
		lock = make(chan struct{}, 1)
		l.locks[name] = lock
	}
	l.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// NoLocker is a vault.Locker that keeps nobody out, for tests of what holds
// without one.
type NoLocker struct{}

var _ vault.Locker = NoLocker{}

// Lock implements vault.Locker.
func (NoLocker) Lock(ctx context.Context, _ string) (func(), error) { return func() {}, ctx.Err() }
