// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/tabs"
	"ats.run/kms-enclave/kmslib/vault"
)

// tab is a tab with a vault that remembers what it was told.
type tab struct {
	tabs    *tabs.Tabs
	channel jsbridge.Value // to say anything
	session *vault.Shared
	adopted int
	locked  int
}

func joinTab(ctx context.Context) *tab {
	t := new(tab)
	t.tabs = tabs.Join(ctx, t, func() { t.locked++ })
	t.channel, _ = jsbridge.New("BroadcastChannel", "kms-enclave-session")
	return t
}

func (t *tab) send(message any) { t.channel.Call("postMessage", message) }

func (t *tab) leave() {
	t.channel.Call("close")
	t.tabs.Leave()
}

func (t *tab) open(s vault.Shared) {
	t.session = &s
	t.tabs.Changed()
}

// Share implements tabs.Vault.
func (t *tab) Share() (vault.Shared, bool) {
	if t.session == nil {
		return vault.Shared{}, false
	}
	return *t.session, true
}

// Adopt implements tabs.Vault.
func (t *tab) Adopt(_ context.Context, s vault.Shared) error {
	t.adopted++
	if t.session != nil {
		s.Grants = append(slices.Clone(s.Grants), t.session.Grants...)
		slices.Sort(s.Grants)
		s.Grants = slices.Compact(s.Grants)
	}
	t.session = &s
	t.tabs.Changed() // as the vault's event does
	return nil
}

// Used implements tabs.Vault.
func (t *tab) Used(session string, at int64) {
	if t.session != nil && t.session.ID == session {
		t.session.Used = max(t.session.Used, at)
	}
}

// Forget implements tabs.Vault.
func (t *tab) Forget() bool {
	open := t.session != nil
	t.session = nil
	return open
}

// eventually waits until a condition holds.
func eventually(holds func() bool) error {
	for range 500 {
		if holds() {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("what should happen did not in five seconds")
}
