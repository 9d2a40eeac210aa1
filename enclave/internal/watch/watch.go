// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package watch

import (
	"context"
	"sync"
	"time"

	"ats.run/kms-enclave/enclave/internal/channel"
	"ats.run/kms-enclave/enclave/internal/stage"
	"ats.run/kms-enclave/enclave/internal/tabs"
	"ats.run/kms-enclave/enclave/rpc"
	"ats.run/kms-enclave/kmslib/vault"
)

// How long the end of a worker waits for what is going on.
const (
	ceremonyPatience = time.Minute     // for a ceremony, which may end with a last screen
	requestPatience  = 2 * time.Second // for requests
)

// longestSleep is how long the clock is not looked at. A timer of a browser
// stands still while the machine sleeps, so it is not believed for longer.
const longestSleep = 15 * time.Second

// Watch follows one vault. Its members are set before Run.
type Watch struct {
	Vault   *vault.Vault
	Service *rpc.Service
	Clock   vault.Clock
	Hub     *channel.Hub
	Stage   *stage.Stage
	Tabs    *tabs.Tabs

	// Leave gives the ports to the frame, after which the worker is ended.
	Leave func(seats, ports []any)

	events chan vault.Event // that are not told of yet
	wake   chan struct{}    // something may have moved the deadline

	mutex  sync.Mutex
	ending bool
}

// maxEvents is far beyond what can happen before Run takes an event.
const maxEvents = 1024

// New returns a Watch whose Notify can be given to the vault that it will
// follow.
func New() *Watch {
	return &Watch{events: make(chan vault.Event, maxEvents), wake: make(chan struct{}, 1)}
}

// Notify takes an event of the vault. It never waits.
func (w *Watch) Notify(e vault.Event) {
	select {
	case w.events <- e:
	default: // the apps miss one; what they were told of last is still true
	}
}

// Run follows the vault for as long as the worker lives.
func (w *Watch) Run(ctx context.Context) {
	go w.keepTime(ctx)
	open := false
	for {
		var e vault.Event
		select {
		case e = <-w.events:
		case <-ctx.Done():
			return
		}
		if e.Kind == vault.EventUsed {
			w.Tabs.Used()
			w.nudge()
			continue
		}
		if e.Kind == vault.EventState {
			w.Tabs.Changed()
			w.nudge()
		}
		w.Hub.Announce(func(caller rpc.Caller) (rpc.Announcement, bool) { return w.Service.Announce(ctx, caller, e) })
		before := open
		if _, open = w.Vault.Session(); before && !open {
			go w.end(ctx)
		}
	}
}

// LockedElsewhere ends the ceremony that is open here after another tab locked.
// The vault tells of the rest.
func (w *Watch) LockedElsewhere() { w.Stage.Cancel() }

func (w *Watch) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// keepTime ends the session when its time is over, and lets the vault log what
// waits for its time.
func (w *Watch) keepTime(ctx context.Context) {
	timer := time.NewTimer(longestSleep)
	for {
		if deadline, open := w.Vault.NextDeadline(); open && w.Clock.Now() >= deadline {
			if expired, _ := w.Vault.Expire(ctx); expired {
				w.Stage.Cancel()
			}
		}
		_ = w.Vault.Flush(ctx, false) // what cannot be logged now is tried again
		timer.Reset(w.sleep())
		select {
		case <-timer.C:
		case <-w.wake:
		case <-ctx.Done():
			return
		}
	}
}

// sleep returns how long nothing can be due.
func (w *Watch) sleep() time.Duration {
	deadline, open := w.Vault.NextDeadline()
	if !open {
		return longestSleep
	}
	left := time.Duration(deadline-w.Clock.Now()) * time.Second
	return min(max(left, time.Second), longestSleep)
}

// end ends the worker, unless somebody has unlocked again meanwhile.
func (w *Watch) end(ctx context.Context) {
	w.mutex.Lock()
	again := w.ending
	w.ending = true
	w.mutex.Unlock()
	if again {
		return
	}
	w.waitForCeremony(ctx)
	if _, open := w.Vault.Session(); open {
		w.mutex.Lock()
		w.ending = false
		w.mutex.Unlock()
		return
	}
	patience, done := within(ctx, requestPatience)
	defer done()
	_ = w.Vault.Flush(patience, true) // else those refusals are not counted
	w.Hub.Close(patience, w.Leave)
}

func (w *Watch) waitForCeremony(ctx context.Context) {
	patience, done := within(ctx, ceremonyPatience)
	defer done()
	w.Stage.Wait(patience)
	w.Stage.Cancel()
}

// within is context.WithTimeout without the texts that describe its deadline,
// which would add 6 kB to what a browser downloads.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(limit, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}
