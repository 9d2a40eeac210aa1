// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package weblocks

import (
	"context"
	"sync"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

// prefix keeps our locks apart from any other of the origin.
const prefix = "kms-enclave "

// Locks hands out locks.
type Locks struct {
	manager jsbridge.Value // a LockManager, or undefined

	mutex sync.Mutex // of local
	local map[string]chan struct{}
}

var _ vault.Locker = (*Locks)(nil)

// New returns Locks by navigator.locks.
func New() *Locks {
	return &Locks{
		manager: jsbridge.Global().Get("navigator").Get("locks"),
		local:   make(map[string]chan struct{}),
	}
}

// Lock implements vault.Locker. What it returns may be called again, which does
// nothing.
func (l *Locks) Lock(ctx context.Context, name string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if jsbridge.IsNothing(l.manager) {
		return l.lockHere(ctx, name)
	}
	return l.lockEverywhere(ctx, name)
}

// lockEverywhere asks the browser. The browser holds the lock until the promise
// is fulfilled that the callback of the request returns.
func (l *Locks) lockEverywhere(ctx context.Context, name string) (func(), error) {
	abort, err := jsbridge.New("AbortController")
	if err != nil {
		return nil, unavailable(err)
	}
	held, granted, refused := jsbridge.NewDeferred(), make(chan struct{}), make(chan error, 1)
	callback := jsbridge.Returning(func(jsbridge.Value) any {
		close(granted)
		return held.Promise
	})
	go func() {
		// Settles when the lock is given back, or when there will be none.
		_, err := jsbridge.CallAwait(context.WithoutCancel(ctx), l.manager, "request", prefix+name,
			map[string]any{"signal": abort.Get("signal")}, callback)
		refused <- err
		callback.Release()
	}()
	select {
	case <-granted:
		return held.Fulfil, nil
	case err := <-refused:
		return nil, unavailable(err)
	case <-ctx.Done():
		abort.Call("abort") // does nothing to a lock that is granted already
		held.Fulfil()
		return nil, ctx.Err()
	}
}

func unavailable(err error) error {
	return &vault.StorageError{Op: "lock", Kind: vault.StorageUnavailable, Err: err}
}

// lockHere locks among the goroutines of this worker.
func (l *Locks) lockHere(ctx context.Context, name string) (func(), error) {
	l.mutex.Lock()
	lock := l.local[name]
	if lock == nil {
		lock = make(chan struct{}, 1)
		l.local[name] = lock
	}
	l.mutex.Unlock()
	select {
	case lock <- struct{}{}:
		return sync.OnceFunc(func() { <-lock }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
