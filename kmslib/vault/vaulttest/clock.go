// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vaulttest

import (
	"sync/atomic"

	"ats.run/kms-enclave/kmslib/vault"
)

// Clock is a vault.Clock that stands still until a test moves it. The zero
// Clock stands at the Unix epoch.
type Clock struct{ now atomic.Int64 }

var _ vault.Clock = (*Clock)(nil)

// NewClock returns a Clock that stands at now, in Unix seconds.
func NewClock(now int64) *Clock {
	c := new(Clock)
	c.now.Store(now)
	return c
}

// Now implements vault.Clock.
func (c *Clock) Now() int64 { return c.now.Load() }

// Advance moves the clock forward.
func (c *Clock) Advance(seconds int64) { c.now.Add(seconds) }
