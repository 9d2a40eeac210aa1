// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package tabs

import (
	"context"
	"slices"
	"sync"
	"time"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/vault"
)

const channelName = "kms-enclave-session"

// Vault is what of a *vault.Vault the tabs share.
type Vault interface {
	Share() (vault.Shared, bool)
	Adopt(ctx context.Context, s vault.Shared) error
	Used(session string, at int64)
	Forget() bool
}

var _ Vault = (*vault.Vault)(nil)

// Tabs speaks with the other tabs.
type Tabs struct {
	channel jsbridge.Value // undefined where the browser has none: then each tab is alone
	vault   Vault
	locked  func()

	turn  sync.Mutex    // of the messages, which are heard one by one
	heard chan struct{} // closed once a session was heard of, and adopted if it counts
	once  sync.Once     // of heard

	mutex sync.Mutex         // of what follows
	last  vault.Shared       // as it was last told to the others, or heard from them; empty: none is open
	held  *jsbridge.Deferred // while a session is open: what openLock is held for
}

// Join joins the other tabs. locked is called after another tab ended the
// session that was open here.
func Join(ctx context.Context, v Vault, locked func()) *Tabs {
	t := &Tabs{vault: v, locked: locked, heard: make(chan struct{})}
	channel, err := jsbridge.New("BroadcastChannel", channelName)
	if err != nil {
		return t
	}
	t.channel = channel
	channel.Set("onmessage", jsbridge.Callback(func(event jsbridge.Value) {
		m := message{event.Get("data")}
		go func() {
			t.turn.Lock()
			defer t.turn.Unlock()
			t.hear(ctx, m)
		}()
	}).Value)
	return t
}

// Leave closes the channel. Nothing is heard or told any more.
func (t *Tabs) Leave() {
	if !jsbridge.IsNothing(t.channel) {
		t.channel.Call("close")
		t.channel = jsbridge.Value{}
	}
}

// patience is how long Hello waits for a session that another tab has open.
const patience = time.Second

// Hello asks the other tabs for their session. If one of them has a session
// open, it returns when that was adopted: so what is asked of this tab next
// finds the vault as it is.
func (t *Tabs) Hello(ctx context.Context) {
	t.post(map[string]any{"kms": "hello"})
	if !isOpenElsewhere(ctx) {
		return
	}
	select {
	case <-t.heard:
	case <-time.After(patience):
	case <-ctx.Done():
	}
}

// Changed tells the others of the session that is open now, or that the one
// which was is over. What they know already is not told again.
func (t *Tabs) Changed() {
	s, open := t.vault.Share()
	t.mutex.Lock()
	before := t.last
	t.last = s
	t.hold(open)
	t.mutex.Unlock()
	switch {
	case open && !same(before, s):
		t.post(map[string]any{"kms": "session", "session": flatten(s)})
	case !open && before.ID != "":
		t.post(map[string]any{"kms": "lock", "session": before.ID})
	}
}

// Used tells the others that the session was used.
func (t *Tabs) Used() {
	if s, open := t.vault.Share(); open {
		t.post(map[string]any{"kms": "used", "session": s.ID, "at": float64(s.Used)})
	}
}

func (t *Tabs) post(m map[string]any) {
	if !jsbridge.IsNothing(t.channel) {
		_, _ = jsbridge.Call(t.channel, "postMessage", m)
	}
}

// same reports whether the others, who know a, learn nothing from b.
func same(a, b vault.Shared) bool {
	return a.ID == b.ID && a.Generation == b.Generation && slices.Equal(a.Grants, b.Grants)
}

func (t *Tabs) hear(ctx context.Context, m message) {
	switch m.text("kms") {
	case "hello":
		if s, open := t.vault.Share(); open {
			t.post(map[string]any{"kms": "session", "session": flatten(s)})
		}
	case "session":
		if s, ok := read(message{m.member("session")}); ok {
			t.adopt(ctx, s)
			t.once.Do(func() { close(t.heard) })
		}
	case "used":
		if at, ok := m.integer("at"); ok {
			t.vault.Used(m.text("session"), at)
		}
	case "lock":
		t.lock(m.text("session"))
	}
}

// adopt takes over a session. If that adds to it, as when both tabs opened it
// for another origin meanwhile, the vault's event makes Changed tell so.
func (t *Tabs) adopt(ctx context.Context, s vault.Shared) {
	t.mutex.Lock()
	before := t.last
	t.last = s
	t.mutex.Unlock()
	if t.vault.Adopt(ctx, s) == nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if same(t.last, s) {
		t.last = before
	}
}

func (t *Tabs) lock(id string) {
	s, open := t.vault.Share()
	if !open || s.ID != id {
		return
	}
	t.mutex.Lock()
	t.last = vault.Shared{} // which is not to be told
	t.mutex.Unlock()
	if t.vault.Forget() {
		t.locked()
	}
}
