// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"ats.run/kms-enclave/enclave/internal/channel"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/tabs"
	"ats.run/kms-enclave/enclave/internal/watch"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/enclave/rpc"
	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// watchCases are the promises of package watch: when a worker ends.
func watchCases() []testCase {
	return []testCase{
		inWatch("a worker ends when the session's time is over", func(_ context.Context, e *enclave) error {
			e.clock.Advance(vault.IdleLimit + 1)
			e.watch.Notify(vault.Event{Kind: vault.EventUsed}) // as if the timer had run
			return e.wantLeft("locked")
		}),
		inWatch("a worker ends after a lock, and apps are told before", func(ctx context.Context, e *enclave) error {
			if err := e.vault.Lock(ctx, asker("vault.lock")); err != nil {
				return err
			}
			return e.wantLeft("locked")
		}),
		inWatch("a worker waits for the last screen of the ceremony that locked", func(ctx context.Context, e *enclave) error {
			dialog, err := e.watch.Stage.Open(ctx, testSubject)
			if err != nil {
				return err
			}
			if err := e.vault.Lock(ctx, asker("vault.manage")); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond)
			if e.left != 0 {
				return errors.New("the worker ended under an open ceremony")
			}
			dialog.Close()
			return e.wantLeft("locked")
		}),
		inWatch("a lock in another tab ends the ceremony that is open here", func(ctx context.Context, e *enclave) error {
			dialog, err := e.watch.Stage.Open(ctx, testSubject)
			if err != nil {
				return err
			}
			result := show(ctx, dialog)
			e.vault.Forget()
			e.watch.LockedElsewhere()
			if got := <-result; !errors.Is(got.err, ceremony.ErrCancelled) {
				return errors.New("the ceremony went on")
			}
			dialog.Close()
			return e.wantLeft("locked")
		}),
		inWatch("a worker whose vault is open again goes on", func(ctx context.Context, e *enclave) error {
			dialog, err := e.watch.Stage.Open(ctx, testSubject)
			if err != nil {
				return err
			}
			if err := e.vault.Lock(ctx, asker("vault.lock")); err != nil {
				return err
			}
			if err := eventually(func() bool { return e.told("locked") }); err != nil {
				return err
			}
			if err := (&scene{vault: e.vault}).unlock(ctx, "Ada", nil); err != nil {
				return err
			}
			dialog.Close()
			time.Sleep(50 * time.Millisecond)
			if e.left != 0 {
				return errors.New("the worker ended with an open vault")
			}
			return nil
		}),
	}
}

// enclave is all that cmd/enclave wires, over a store in memory and a clock
// that stands still, with one app, for which the vault is open.
type enclave struct {
	*app
	watch *watch.Watch
	vault *vault.Vault
	clock *vaulttest.Clock
	left  int // how often the ports were given away
}

func inWatch(name string, run func(context.Context, *enclave) error) testCase {
	return testCase{name, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		e, err := startEnclave(ctx)
		if err != nil {
			return err
		}
		defer e.watch.Tabs.Leave()
		return run(ctx, e)
	}}
}

func startEnclave(ctx context.Context) (*enclave, error) {
	e := &enclave{watch: watch.New(), clock: vaulttest.NewClock(1790000000)}
	ops, frame := webcrypto.New(), newFrame()
	frame.onStage = frame.place
	e.vault = vault.New(vault.Config{
		Store: new(vaulttest.MemStore), Clock: e.clock, Random: jsbridge.Random{}, Keys: ops, Locks: new(vaulttest.Locker),
		Release: func() string { return testDigest }, Millis: jsbridge.Clock{}.Monotonic, Notify: e.watch.Notify,
	})
	ceremonies := ceremony.New(ceremony.Config{
		Vault: e.vault, Stage: frame.stage, Keys: ops, Random: jsbridge.Random{}, Millis: jsbridge.Clock{}.Monotonic,
	})
	service := rpc.NewService(e.vault, ceremonies, noEnvironment{})
	w := e.watch
	w.Vault, w.Service, w.Clock, w.Stage, w.Hub = e.vault, service, e.clock, frame.stage, new(channel.Hub)
	w.Tabs = tabs.Join(ctx, e.vault, w.LockedElsewhere)
	w.Leave = func(_, ports []any) { e.left += len(ports) }
	go w.Run(ctx)
	e.app = connectApp(ctx, w.Hub, service, false, 0)
	_, err := e.vault.CreateUser(ctx, asker("vault.setup"), "Ada", []vault.NamedEnroller{
		{Label: "on paper", Enroller: unlock.WithRecovery(bytes.Clone(entropy))},
	})
	if err != nil {
		return nil, err
	}
	return e, eventually(func() bool { return e.told("unlocked") })
}

// told reports whether the last state that the app was told of is this one.
func (e *enclave) told(state string) bool {
	for _, heard := range slices.Backward(e.heard) {
		if strings.Contains(heard, `"state":`) {
			return strings.Contains(heard, `"`+state+`"`)
		}
	}
	return false
}

// wantLeft wants that the port is given away, once, and that the app was told
// of the state before.
func (e *enclave) wantLeft(state string) error {
	if err := eventually(func() bool { return e.left == 1 && e.told(state) }); err != nil {
		return err
	}
	time.Sleep(20 * time.Millisecond)
	if e.left != 1 {
		return errors.New("the port was given away twice")
	}
	return nil
}

// noEnvironment is a browser of which nothing is known.
type noEnvironment struct{}

// Storage implements rpc.Environment.
func (noEnvironment) Storage() string { return rpc.StorageNone }

// Algorithms implements rpc.Environment.
func (noEnvironment) Algorithms() []string { return nil }
