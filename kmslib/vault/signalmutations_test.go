// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
	"ats.run/kms-enclave/kmslib/vault"
)

// chat is what Ada's Signal account of the origin app has to do with others: what
// waits for her, and what she wrote.
type chat struct {
	bob, carol, dave, erin *sessiontest.Device
	fromBob                sessiontest.Letter // not read yet
	fromCarol              sessiontest.Letter // the first of a session, not read yet
	distribution           []byte             // of a group that bob began
	toGroup                []byte             // from bob, of a group that he began before

	used map[string]bool      // message keys of what left the vault
	made []sessiontest.Letter // by the step that runs; it leaves if that is stored
}

var second = [16]byte{9}

// newChat makes Ada's account and those whom it has to do with.
func newChat(t *testing.T, v *vault.Vault) *chat {
	t.Helper()
	o, b := signalUp(t, v)
	c := &chat{
		bob: b, carol: newPeer(t, carol), dave: newPeer(t, dave), erin: newPeer(t, erin), used: make(map[string]bool),
	}
	must(t, o.start(t.Context(), c.dave))
	talk(t, o, c.dave)
	p := get[session.PreKeys](t)(o.publish(t.Context(), 6))

	c.dave = newPeer(t, dave) // he has a new device in the place of the old one
	must(t, c.dave.StartFrom(t.Context(), alice, sessiontest.BundleOf(p)))
	opened := get[session.Opened](t)(o.read(t.Context(), get[sessiontest.Letter](t)(c.dave.Send(t.Context(), alice, "new"))))
	if !opened.IdentityChanged {
		t.Fatal("dave's new identity was not noticed")
	}

	p.OneTime, p.Kyber = p.OneTime[1:], p.Kyber[1:]
	must(t, c.carol.StartFrom(t.Context(), alice, sessiontest.BundleOf(p)))
	c.fromCarol = get[sessiontest.Letter](t)(c.carol.Send(t.Context(), alice, "hello from carol"))
	c.fromBob = get[sessiontest.Letter](t)(b.Send(t.Context(), alice, "hello from bob"))

	var distribution []byte
	must(t, b.Do(t.Context(), func(a *session.Account) (err error) {
		if distribution, err = a.CreateGroup(t.Context(), group); err != nil {
			return err
		}
		if c.toGroup, err = a.EncryptGroup(t.Context(), group, []byte("hello group")); err != nil {
			return err
		}
		c.distribution, err = a.CreateGroup(t.Context(), second)
		return err
	}))
	must(t, o.do(t.Context(), "signal.group.process", func(a *session.Account) error {
		_, err := a.ProcessDistribution(t.Context(), bob, distribution)
		return err
	}))
	must(t, o.do(t.Context(), "signal.group.create", func(a *session.Account) (err error) {
		distribution, err = a.CreateGroup(t.Context(), group)
		return err
	}))
	must(t, b.Do(t.Context(), func(a *session.Account) error {
		_, err := a.ProcessDistribution(t.Context(), alice, distribution)
		return err
	}))
	return c
}

// clone returns a chat that goes on without c.
func (c *chat) clone() *chat {
	copied := *c
	copied.bob, copied.carol, copied.dave, copied.erin = like(c.bob), like(c.carol), like(c.dave), like(c.erin)
	copied.used, copied.made = maps.Clone(c.used), nil
	return &copied
}

// left notes that a message left the vault. Its key must not have been used.
func (c *chat) left(t *testing.T, l sessiontest.Letter) {
	t.Helper()
	key := groupKey(t, l)
	if c.used[key] {
		t.Errorf("a message key was used twice, for %q", l.Text)
	}
	c.used[key] = true
}

// groupKey is messageKey, also for messages to a group.
func groupKey(t *testing.T, l sessiontest.Letter) string {
	if l.Type == message.SenderKeyType {
		m := get[*message.SenderKey](t)(message.ParseSenderKey(l.Body))
		return string(m.Distribution[:]) + " " + number(m.Chain) + " " + number(m.Iteration)
	}
	return messageKey(t, l)
}

// goOn goes on with the conversations after a step that was stored or was not. What
// was stored may have left; what was not, has not. Everything that waits opens once.
func (c *chat) goOn(t *testing.T, v *vault.Vault, stored bool) {
	t.Helper()
	o := own{v, app}
	if stored {
		for _, l := range c.made {
			c.left(t, l)
			if l.Type != message.SenderKeyType {
				get[session.Opened](t)(c.device(l.To).Read(t.Context(), l))
			}
		}
	}
	for range 2 {
		l := get[sessiontest.Letter](t)(o.send(t.Context(), bob, "and so on"))
		c.left(t, l)
		get[session.Opened](t)(c.bob.Read(t.Context(), l))
	}
	for _, l := range []sessiontest.Letter{c.fromBob, c.fromCarol} {
		if _, err := o.read(t.Context(), l); err != nil && !(stored && errors.Is(err, session.ErrDuplicate)) {
			t.Errorf("what %v wrote: %v", l.From, err)
		}
		_, err := o.read(t.Context(), l)
		expectError(t, "again", err, session.ErrDuplicate)
	}
	l := get[sessiontest.Letter](t)(o.send(t.Context(), carol, "hello carol"))
	c.left(t, l)
	get[session.Opened](t)(c.carol.Read(t.Context(), l))
	talk(t, o, c.carol)
	c.goOnInGroup(t, o)
}

// goOnInGroup writes to the group, and reads what bob wrote to it.
func (c *chat) goOnInGroup(t *testing.T, o own) {
	t.Helper()
	l := sessiontest.Letter{From: alice, Type: message.SenderKeyType}
	var distribution []byte
	must(t, o.do(t.Context(), "signal.group.encrypt", func(a *session.Account) (err error) {
		if distribution, err = a.CreateGroup(t.Context(), group); err != nil {
			return err
		}
		l.Body, err = a.EncryptGroup(t.Context(), group, []byte("to all"))
		return err
	}))
	c.left(t, l)
	must(t, c.bob.Do(t.Context(), func(a *session.Account) error {
		if _, err := a.ProcessDistribution(t.Context(), alice, distribution); err != nil {
			return err
		}
		_, text, err := a.DecryptGroup(t.Context(), alice, l.Body)
		if err == nil && string(text) != "to all" {
			err = errors.New("another text came out")
		}
		return err
	}))
	open := func(a *session.Account) error { _, _, err := a.DecryptGroup(t.Context(), bob, c.toGroup); return err }
	_ = o.do(t.Context(), "signal.group.decrypt", open)
	expectError(t, "the group's message again", o.do(t.Context(), "signal.group.decrypt", open), session.ErrDuplicate)
}

func (c *chat) device(of session.Address) *sessiontest.Device {
	for _, d := range []*sessiontest.Device{c.bob, c.carol, c.dave, c.erin} {
		if d.Address == of {
			return d
		}
	}
	return nil
}

// write makes a message; it leaves if the step is stored.
func (c *chat) write(ctx context.Context, a *session.Account, to session.Address) error {
	c.made = nil // of an attempt before
	e, err := a.Encrypt(ctx, to, []byte("x"))
	if err == nil {
		c.made = append(c.made, sessiontest.Letter{From: alice, To: to, Type: e.Type, Body: e.Body, Text: "x"})
	}
	return err
}

// step is a mutation by one step. What follows the method after a space only tells
// it apart.
func step(method string, run func(ctx context.Context, c *chat, a *session.Account) error) mutation {
	called, _, _ := strings.Cut(method, " ")
	return mutation{name: method, signal: true, run: func(ctx context.Context, s *scene) error {
		return own{s.Vault, app}.do(ctx, called, func(a *session.Account) error { return run(ctx, s.chat, a) })
	}}
}

// with changes a mutation.
func (m mutation) with(change func(*mutation)) mutation {
	change(&m)
	return m
}

func muted(m *mutation) { m.mute = true }

var signalMutations = []mutation{
	{name: "signal.identity.create", signal: true, other: true, run: func(ctx context.Context, s *scene) error {
		return own{s.Vault, other}.create(ctx)
	}, done: func(t *testing.T, s *scene) {
		must(t, s.Grant(t.Context(), from(other, "vault.unlock")))
		get[session.PreKeys](t)(own{s.Vault, other}.publish(t.Context(), 2))
	}},
	step("signal.identity.delete", func(ctx context.Context, _ *chat, a *session.Account) error {
		return a.DeleteIdentity(ctx)
	}).with(muted),
	step("signal.prekeys.publish", func(ctx context.Context, _ *chat, a *session.Account) error {
		_, err := a.PublishPreKeys(ctx, 8)
		return err
	}),
	step("signal.prekeys.rotate", func(ctx context.Context, _ *chat, a *session.Account) error {
		_, err := a.RotatePreKeys(ctx)
		return err
	}),
	step("signal.session.start", func(ctx context.Context, c *chat, a *session.Account) error {
		_, err := a.StartSession(ctx, erin, c.erin.NewBundle())
		return err
	}).with(func(m *mutation) {
		m.done = func(t *testing.T, s *scene) { talk(t, own{s.Vault, app}, s.chat.erin) }
	}),
	step("signal.session.start and encrypt", func(ctx context.Context, c *chat, a *session.Account) error {
		if _, err := a.StartSession(ctx, erin, c.erin.NewBundle()); err != nil {
			return err
		}
		return c.write(ctx, a, erin)
	}),
	step("signal.session.archive", func(ctx context.Context, _ *chat, a *session.Account) error {
		return a.ArchiveSession(ctx, bob)
	}).with(muted),
	step("signal.session.close", func(ctx context.Context, _ *chat, a *session.Account) error {
		return a.CloseSession(ctx, bob)
	}).with(muted),
	step("signal.encrypt", func(ctx context.Context, c *chat, a *session.Account) error { return c.write(ctx, a, bob) }),
	step("signal.decrypt", func(ctx context.Context, c *chat, a *session.Account) error {
		_, err := a.Decrypt(ctx, bob, c.fromBob.Type, c.fromBob.Body)
		return err
	}),
	step("signal.decrypt of a new session", func(ctx context.Context, c *chat, a *session.Account) error {
		opened, err := a.Decrypt(ctx, carol, c.fromCarol.Type, c.fromCarol.Body)
		if err == nil && (!opened.NewSession || opened.PreKeyUsed == 0) {
			err = errors.New("no new session with a one-time prekey")
		}
		return err
	}),
	step("signal.decryptBatch", func(ctx context.Context, c *chat, a *session.Account) error {
		_, err1 := a.Decrypt(ctx, carol, c.fromCarol.Type, c.fromCarol.Body)
		_, err2 := a.Decrypt(ctx, carol, c.fromCarol.Type, c.fromCarol.Body) // its error is one of many
		_, err3 := a.Decrypt(ctx, bob, c.fromBob.Type, c.fromBob.Body)
		if !errors.Is(err2, session.ErrDuplicate) && err1 == nil {
			return errors.New("a message opened twice")
		}
		return errors.Join(err1, err3)
	}),
	step("signal.group.create", func(ctx context.Context, _ *chat, a *session.Account) error {
		_, err := a.CreateGroup(ctx, second)
		return err
	}),
	step("signal.group.rotate", func(ctx context.Context, _ *chat, a *session.Account) error {
		_, err := a.RotateGroup(ctx, group)
		return err
	}),
	step("signal.group.leave", func(ctx context.Context, _ *chat, a *session.Account) error {
		return a.LeaveGroup(ctx, group)
	}).with(muted),
	step("signal.group.process", func(ctx context.Context, c *chat, a *session.Account) error {
		_, err := a.ProcessDistribution(ctx, bob, c.distribution)
		return err
	}),
	step("signal.group.encrypt", func(ctx context.Context, c *chat, a *session.Account) error {
		body, err := a.EncryptGroup(ctx, group, []byte("x"))
		c.made = []sessiontest.Letter{{From: alice, Type: message.SenderKeyType, Body: body}}
		return err
	}),
	step("signal.group.decrypt", func(ctx context.Context, c *chat, a *session.Account) error {
		_, _, err := a.DecryptGroup(ctx, bob, c.toGroup)
		return err
	}),
	step("signal.trust.accept", func(ctx context.Context, c *chat, a *session.Account) error {
		return a.AcceptContact(ctx, dave.Name, c.dave.Published.Identity.Key)
	}).with(func(m *mutation) {
		m.done = func(t *testing.T, s *scene) { talk(t, own{s.Vault, app}, s.chat.dave) }
	}),
	step("signal.trust.verify", func(ctx context.Context, c *chat, a *session.Account) error {
		return a.VerifyContact(ctx, bob.Name, c.bob.Published.Identity.Key, true)
	}),
	step("signal.retry", func(ctx context.Context, c *chat, a *session.Account) error {
		_, err := a.RetryRequest(ctx, bob, c.fromBob.Type, c.fromBob.Body, now)
		return err
	}),
	{name: "signal.attachment.begin", run: func(ctx context.Context, s *scene) error {
		_, _, err := s.AttachmentBegin(ctx, at("signal.attachment.begin"), true, nil)
		return err
	}},
}
