// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"
	"time"

	"ats.run/kms-enclave/enclave/internal/weblocks"
)

// lockCases are the promises of package weblocks.
func lockCases() []testCase {
	return []testCase{
		{"a lock has one holder at a time", func(ctx context.Context) error {
			locks, holders := weblocks.New(), 0
			done := make(chan error)
			for range 20 {
				go func() {
					release, err := locks.Lock(ctx, "one holder")
					if err == nil {
						holders++
						if time.Sleep(time.Millisecond); holders != 1 {
							err = errors.New("a lock had two holders")
						}
						holders--
						release()
						release() // once more does nothing
					}
					done <- err
				}()
			}
			var err error
			for range 20 {
				err = errors.Join(err, <-done)
			}
			return err
		}},
		{"locks of other names do not wait for each other", func(ctx context.Context) error {
			locks := weblocks.New()
			first, err := locks.Lock(ctx, "first")
			if err != nil {
				return err
			}
			defer first()
			second, err := locks.Lock(ctx, "second")
			if err == nil {
				second()
			}
			return err
		}},
		{"who waits for a lock can give up", func(ctx context.Context) error {
			locks := weblocks.New()
			release, err := locks.Lock(ctx, "given up")
			if err != nil {
				return err
			}
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			if _, err := locks.Lock(short, "given up"); !errors.Is(err, context.DeadlineExceeded) {
				return errors.New("a second holder, or another error than the context's")
			}
			release()
			again, err := locks.Lock(ctx, "given up")
			if err == nil {
				again()
			}
			return err
		}},
		{"a lock is free when the worker of its holder ends", func(ctx context.Context) error {
			other, err := startWorker(`{"do":"hold","lock":"holder ends"}`)
			if err != nil {
				return err
			}
			if _, err := other.next(ctx); err != nil { // it holds
				return err
			}
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			locks := weblocks.New()
			if _, err := locks.Lock(short, "holder ends"); !errors.Is(err, context.DeadlineExceeded) {
				return errors.New("two workers have the lock")
			}
			other.end()
			release, err := locks.Lock(ctx, "holder ends")
			if err == nil {
				release()
			}
			return err
		}},
	}
}

// hold takes a lock and never gives it back.
func hold(ctx context.Context, name string) error {
	if _, err := weblocks.New().Lock(ctx, name); err != nil {
		return err
	}
	post(flag("holds"))
	select {}
}
