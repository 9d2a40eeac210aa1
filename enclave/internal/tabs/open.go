// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package tabs

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
)

// openLock is a Web Lock that every tab with an open session holds, shared, so
// that a tab that has just started can see whether there is a session to wait
// for.
const openLock = "kms-enclave-open"

func locks() jsbridge.Value { return jsbridge.Global().Get("navigator").Get("locks") }

// hold holds openLock, or gives it back. t.mutex is held.
func (t *Tabs) hold(open bool) {
	if open == (t.held != nil) || jsbridge.IsNothing(locks()) {
		return
	}
	if !open {
		t.held.Fulfil()
		t.held = nil
		return
	}
	held := jsbridge.NewDeferred()
	t.held = held
	callback := jsbridge.Returning(func(jsbridge.Value) any { return held.Promise })
	go func() {
		defer callback.Release()
		// Settles when the lock is given back. Without it nobody waits, and nothing else is lost.
		_, _ = jsbridge.CallAwait(context.Background(), locks(), "request", openLock, map[string]any{"mode": "shared"}, callback)
	}()
}

// isOpenElsewhere reports whether another tab has a session open.
func isOpenElsewhere(ctx context.Context) bool {
	if jsbridge.IsNothing(locks()) {
		return false
	}
	state, err := jsbridge.CallAwait(ctx, locks(), "query")
	if err != nil {
		return false
	}
	held := state.Get("held")
	for i := range held.Length() {
		if textOf(held.Index(i).Get("name")) == openLock {
			return true
		}
	}
	return false
}
