// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/tabs"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// mixed is the command "mixed": one of several tabs at work.
func mixed(ctx context.Context, c command) error {
	started := make(chan struct{})
	jsbridge.Global().Set("onmessage", jsbridge.Callback(func(jsbridge.Value) { close(started) }).Value)
	events := make(chan vault.Event, 1024)
	s, err := openScene(ctx, c.database, func(e vault.Event) { events <- e })
	if err != nil {
		return err
	}
	t := tabs.Join(ctx, s.vault, func() {})
	sessions := int64(0)
	go func() {
		for e := range events {
			switch e.Kind {
			case vault.EventState:
				sessions++
				t.Changed()
			case vault.EventUsed:
				t.Used()
			}
		}
	}()
	post(flag("ready"))
	<-started
	t.Hello(ctx)
	w := &work{scene: s, random: uint64(c.seed)*2 + 1}
	for range c.operations {
		w.operation(ctx)
	}
	members := []wire.Member{
		flag("done"),
		{Name: "made", Value: wire.Int(w.made)},
		{Name: "failed", Value: wire.Int(c.operations - w.made)},
		{Name: "sessions", Value: wire.Int(sessions)},
	}
	if w.failure != nil {
		members = append(members, wire.Member{Name: "failure", Value: wire.String(w.failure.Error())})
	}
	post(members...)
	return nil
}

// work is what one tab does.
type work struct {
	*scene
	random  uint64
	made    int64
	failure error // the first
}

// operation makes one operation, and unlocks first where that is needed: until
// then, and after the other tab locked.
func (w *work) operation(ctx context.Context) {
	for range 20 {
		what, err := w.try(ctx)
		if err == nil {
			w.made++
			return
		}
		if !errors.Is(err, vault.ErrLocked) && !errors.Is(err, vault.ErrNotGranted) {
			w.fail(what, err)
			return
		}
		time.Sleep(time.Duration(w.below(30)) * time.Millisecond) // for the other tab's session
		if _, open := w.vault.Session(); open {
			continue
		}
		if err := w.unlock(ctx, "Ada", oldPassphrase); err != nil {
			w.fail("unlock", err)
			return
		}
	}
	w.fail("unlock", errors.New("it did not stay open"))
}

func (w *work) fail(what string, err error) {
	if w.failure == nil {
		w.failure = errors.New("operation " + strconv.FormatInt(w.made, 10) + ", " + what + ": " + err.Error())
	}
}

// below returns a number under n, for which any generator would do.
func (w *work) below(n uint64) uint64 {
	w.random = w.random*6364136223846793005 + 1442695040888963407
	return (w.random >> 33) % n
}

// try makes one operation that begins with the consent that the method table
// demands, as every request does.
func (w *work) try(ctx context.Context) (what string, err error) {
	kind := w.below(100)
	if kind < 3 {
		w.vault.Refused(ctx, asker("vapid.sign"), "denied")
		return "refuse", nil
	}
	if _, err := w.vault.Authorize(ctx, asker("vapid.sign"), vault.ConsentUnlocked); err != nil {
		return "authorize", err
	}
	switch {
	case kind < 4:
		return "lock", w.vault.Lock(ctx, asker("vault.lock"))
	case kind < 20:
		_, err := w.vault.VAPIDGenerate(ctx, asker("vapid.generate"))
		return "generate", err
	case kind < 28:
		_, err := w.vault.AuditList(ctx, asker("audit.list"), 0, 10)
		return "list entries", err
	case kind < 36:
		_, err := w.vault.AuditCheckpoint(ctx, asker("audit.checkpoint"))
		return "checkpoint", err
	case kind < 40:
		class := []vault.Consent{vault.ConsentConfirm, vault.ConsentNone}[w.below(2)]
		return "set policy", w.vault.SetPolicy(ctx, asker("vault.manage"), otherOrigin, "vapid.sign", class)
	}
	return w.onKey(ctx, kind)
}

// onKey signs with a key, or deletes it if there are many. The other tab may
// have deleted it meanwhile.
func (w *work) onKey(ctx context.Context, kind uint64) (what string, err error) {
	found, err := w.vault.VAPIDList(ctx, asker("vapid.list"))
	if err != nil || len(found) == 0 {
		return "list keys", err
	}
	kid := found[w.below(uint64(len(found)))].KID
	if kind < 55 && len(found) > 4 {
		what, err = "delete", w.vault.VAPIDDelete(ctx, asker("vapid.delete"), kid)
	} else {
		what = "sign"
		_, err = w.vault.VAPIDSign(ctx, asker("vapid.sign"), signRequest(kid))
	}
	if errors.Is(err, vault.ErrNotFound) {
		return what, nil
	}
	return what, err
}
