// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// post is a conversation with bob over several tabs at once.
type post struct {
	mutex  sync.Mutex // bob is not for concurrent use
	bob    *sessiontest.Device
	used   map[string]bool
	toBob  []sessiontest.Letter
	opened int
}

// act does one operation of many kinds in a tab, chosen by n.
func (p *post) act(ctx context.Context, t *testing.T, o own, n uint32) error {
	switch n % 8 {
	case 0:
		_, err := o.publish(ctx, 5+int(n/8%3))
		return err
	case 1:
		_, err := o.sessions(ctx)
		return err
	case 2:
		l := sessiontest.Letter{From: alice, Type: message.SenderKeyType}
		err := o.do(ctx, "signal.group.encrypt", func(a *session.Account) (err error) {
			l.Body, err = a.EncryptGroup(ctx, group, []byte("to all"))
			return err
		})
		if err == nil {
			p.left(t, l)
		}
		return err
	case 3, 4, 5:
		l, err := o.send(ctx, bob, "from a tab")
		if err == nil {
			p.left(t, l)
		}
		return err
	}
	p.mutex.Lock()
	l, err := p.bob.Send(ctx, alice, "to a tab")
	p.mutex.Unlock()
	must(t, err)
	_, err = o.read(ctx, l)
	for errors.Is(err, vault.ErrConflict) {
		_, err = o.read(ctx, l)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.opened++
	return err
}

// left notes a message that left the vault.
func (p *post) left(t *testing.T, l sessiontest.Letter) {
	key := groupKey(t, l)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.used[key] {
		t.Error("a message key was used twice")
	}
	p.used[key] = true
	if l.Type != message.SenderKeyType {
		p.toBob = append(p.toBob, l)
	}
	if len(p.toBob) >= 20 { // he reads them in another order
		p.read(t)
	}
}

// read has bob read what was written to him.
func (p *post) read(t *testing.T) {
	for i := range p.toBob {
		if _, err := p.bob.Read(t.Context(), p.toBob[len(p.toBob)-1-i]); err != nil {
			t.Errorf("bob: %v", err)
		}
		p.opened++
	}
	p.toBob = nil
}

// Two tabs do 1,000 operations on one Signal account: no message key is used twice,
// each message opens, and the log has no gap and no fork.
func TestTwoTabsShareOneSignalAccountWithoutUsingAKeyTwice(t *testing.T) {
	const each = 500
	for name, locks := range map[string]vault.Locker{"one lock": new(vaulttest.Locker), "no lock": vaulttest.NoLocker{}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.locks = locks
			w.Vault = w.open(w.store)
			w.user = w.create(t, "Ada", byPassphrase(passphrase))
			o, b := signalUp(t, w.Vault)
			must(t, o.do(t.Context(), "signal.group.create", func(a *session.Account) error {
				_, err := a.CreateGroup(t.Context(), group)
				return err
			}))
			p := &post{bob: b, used: make(map[string]bool)}
			var running sync.WaitGroup
			for i, v := range tabs(t, w) {
				random := rand.New(rand.NewPCG(2, uint64(i)))
				running.Go(func() {
					for range each {
						n := random.Uint32()
						err := p.act(t.Context(), t, own{v, app}, n)
						for name == "no lock" && errors.Is(err, vault.ErrConflict) {
							err = p.act(t.Context(), t, own{v, app}, n)
						}
						if err != nil {
							t.Errorf("operation %d: %v", n%8, err)
							return
						}
					}
				})
			}
			running.Wait()
			p.read(t)
			result := verifyLog(t, w.Vault)
			t.Logf("%d messages opened, %d keys used, %d entries", p.opened, len(p.used), result.Size)
			if p.opened < each || result.Size < each {
				t.Error("less was done than there was to do")
			}
			if status := get[vault.Status](t)(w.Status(t.Context())); len(status.Damaged) != 0 {
				t.Errorf("Damaged = %+v", status.Damaged)
			}
		})
	}
}
