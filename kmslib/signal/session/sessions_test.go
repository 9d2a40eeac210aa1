// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

func info(t *testing.T, d, of *sessiontest.Device) session.SessionInfo {
	t.Helper()
	return value[session.SessionInfo](t)(d.Info(t.Context(), of.Address))
}

func archive(t *testing.T, d, peer *sessiontest.Device) {
	t.Helper()
	do(t, d, func(ctx context.Context, a *session.Account) error { return a.ArchiveSession(ctx, peer.Address) })
}

func TestTheStartIsRepeatedUntilTheFirstAnswer(t *testing.T) {
	p := newPair(t, classic, 1)
	ok(t, p.alice.Start(t.Context(), p.bob))
	for i := range 3 {
		l := send(t, p.alice, p.bob, fmt.Sprint(i))
		if l.Type != message.PreKeyType {
			t.Fatalf("message %d before the answer is of type %d", i, l.Type)
		}
		if opened := read(t, p.bob, l); opened.NewSession != (i == 0) || (opened.PreKeyUsed != 0) != (i == 0) {
			t.Errorf("message %d: %+v", i, opened)
		}
	}
	if i := info(t, p.alice, p.bob); !i.Active || i.Acknowledged || i.Version != 4 || i.RegistrationID == 0 {
		t.Errorf("before the answer: %+v", i)
	}
	answer := send(t, p.bob, p.alice, "answer")
	if answer.Type != message.Whisper {
		t.Errorf("the answer is of type %d", answer.Type)
	}
	read(t, p.alice, answer)
	if l := send(t, p.alice, p.bob, "last"); l.Type != message.Whisper {
		t.Errorf("after the answer a message is of type %d", l.Type)
	}
	if i := info(t, p.alice, p.bob); !i.Acknowledged || i.Archived != 0 {
		t.Errorf("after the answer: %+v", i)
	}
}

func TestMessagesOfOneStartAreOneSessionInAnyOrder(t *testing.T) {
	p := newPair(t, classic, 1)
	ok(t, p.alice.Start(t.Context(), p.bob))
	first, second, third := send(t, p.alice, p.bob, "1"), send(t, p.alice, p.bob, "2"), send(t, p.alice, p.bob, "3")
	for _, l := range []sessiontest.Letter{second, third, first} {
		read(t, p.bob, l)
	}
	for _, l := range []sessiontest.Letter{first, second, third} {
		refuse(t, p.bob, l, session.ErrDuplicate)
	}
	if i := info(t, p.bob, p.alice); i.Archived != 0 {
		t.Errorf("one start made %d sessions", 1+i.Archived)
	}
}

// Only the identity key of what surrounds a repetition matters: it must be the
// session's.
func TestARepetitionUnderAnotherIdentityIsNotAuthentic(t *testing.T) {
	p := newPair(t, classic, 1)
	ok(t, p.alice.Start(t.Context(), p.bob))
	read(t, p.bob, send(t, p.alice, p.bob, "1"))
	l := send(t, p.alice, p.bob, "2")
	m := value[*message.PreKey](t)(message.ParsePreKey(l.Body))
	m.IdentityKey = p.bob.Published.Identity.Key
	forged := l
	forged.Body = m.Marshal()
	refuse(t, p.bob, forged, session.ErrAuthentication)
	m = value[*message.PreKey](t)(message.ParsePreKey(l.Body))
	m.SignedPreKeyID, m.KyberCiphertext = 77, bytes.Clone(m.KyberCiphertext)
	m.KyberCiphertext[500] ^= 1
	l.Body = m.Marshal()
	read(t, p.bob, l)
}

// Both begin at once: each has its own session active, with the other's archived.
// As soon as one reads before it writes, both use the same.
func TestSimultaneousStartsConverge(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, policy, 2)
			ok(t, p.alice.Start(t.Context(), p.bob))
			ok(t, p.bob.Start(t.Context(), p.alice))
			toBob, toAlice := send(t, p.alice, p.bob, "from alice"), send(t, p.bob, p.alice, "from bob")
			read(t, p.bob, toBob)
			read(t, p.alice, toAlice)
			toBob, toAlice = send(t, p.alice, p.bob, "again from alice"), send(t, p.bob, p.alice, "again from bob")
			read(t, p.bob, toBob)
			read(t, p.alice, toAlice)
			for range 3 {
				exchange(t, p.alice, p.bob)
				exchange(t, p.bob, p.alice)
			}
			alices, bobs := info(t, p.alice, p.bob), info(t, p.bob, p.alice)
			before := p.aliceStore.Values()
			for range 5 {
				exchange(t, p.alice, p.bob)
				exchange(t, p.bob, p.alice)
			}
			if info(t, p.alice, p.bob).ID != alices.ID || info(t, p.bob, p.alice).ID != bobs.ID {
				t.Error("the active session still changes")
			}
			changed := 0
			for k, value := range p.aliceStore.Values() {
				if !bytes.Equal(before[k], value) {
					changed++
				}
			}
			if changed != 1 {
				t.Errorf("%d values change, want the session alone", changed)
			}
			if alices.Archived != 1 || bobs.Archived != 1 {
				t.Errorf("archived: %d and %d, want one each", alices.Archived, bobs.Archived)
			}
		})
	}
}

func TestArchivedSessionsDecryptLateMessages(t *testing.T) {
	p := newPair(t, classic, 9)
	p.start(t)
	var late []sessiontest.Letter
	for i := range 4 {
		late = append(late, send(t, p.bob, p.alice, fmt.Sprint("late ", i)))
		ok(t, p.alice.Start(t.Context(), p.bob))
		exchange(t, p.alice, p.bob)
	}
	active := info(t, p.alice, p.bob).ID
	for i, l := range late {
		read(t, p.alice, l)
		if now := info(t, p.alice, p.bob); now.ID == active || now.Archived != 4 {
			t.Errorf("late message %d: its session is not the active one: %+v", i, now)
		}
		active = info(t, p.alice, p.bob).ID
	}
	exchange(t, p.alice, p.bob)
}

func TestArchivedSessionsAreBoundedInNumberAndTime(t *testing.T) {
	p := newPair(t, classic, 0)
	p.start(t)
	late := send(t, p.bob, p.alice, "late")
	for range session.MaxArchived {
		ok(t, p.alice.Start(t.Context(), p.bob))
	}
	exchange(t, p.alice, p.bob)
	if i := info(t, p.alice, p.bob); i.Archived != session.MaxArchived {
		t.Errorf("%d archived", i.Archived)
	}
	ok(t, p.alice.Start(t.Context(), p.bob))
	if i := info(t, p.alice, p.bob); i.Archived != session.MaxArchived {
		t.Errorf("%d archived, one too many", i.Archived)
	}
	refuse(t, p.alice, late, session.ErrAuthentication)
	names, err := p.aliceStore.Names(t.Context(), session.KindSession)
	ok(t, err)
	if len(names) != session.MaxArchived+1 {
		t.Errorf("%d sessions are stored", len(names))
	}

	p.Now += session.ArchivedLife + 1
	publish(t, p.alice, 0) // rotates, and sweeps
	names, err = p.aliceStore.Names(t.Context(), session.KindSession)
	ok(t, err)
	if len(names) != 1 {
		t.Errorf("%d sessions are left after their time, want the active one", len(names))
	}
}

func TestArchivingEndsSending(t *testing.T) {
	p := newPair(t, classic, 2)
	p.start(t)
	archive(t, p.alice, p.bob)
	_, err := p.alice.Send(t.Context(), p.bob.Address, "no")
	is(t, err, session.ErrNoSession)
	if i := info(t, p.alice, p.bob); i.Active || i.Archived != 1 || i.ID != "" {
		t.Errorf("archived: %+v", i)
	}
	err = p.alice.Do(t.Context(), func(a *session.Account) error { return a.ArchiveSession(t.Context(), p.bob.Address) })
	is(t, err, session.ErrNoSession)
	exchange(t, p.bob, p.alice) // which makes it the active one again
	exchange(t, p.alice, p.bob)
}

func TestClosingErasesAllSessionsOfTheDevice(t *testing.T) {
	p := newPair(t, classic, 3)
	carol := newDevice(t, p.World, "carol", 1, classic, 1, new(sessiontest.MemStore))
	ok(t, p.alice.Start(t.Context(), carol))
	p.start(t)
	p.start(t)
	l := send(t, p.bob, p.alice, "late")
	close := func() error {
		return p.alice.Do(t.Context(), func(a *session.Account) error { return a.CloseSession(t.Context(), p.bob.Address) })
	}
	ok(t, close())
	is(t, close(), session.ErrNoSession)
	refuse(t, p.alice, l, session.ErrNoSession)
	names, err := p.aliceStore.Names(t.Context(), session.KindSession)
	ok(t, err)
	if len(names) != 1 {
		t.Errorf("%d sessions are left, want carol's", len(names))
	}
}

func TestNothingIsSentForLongWithoutAnAnswer(t *testing.T) {
	p := newPair(t, classic, 2)
	ok(t, p.alice.Start(t.Context(), p.bob))
	p.Now += session.MaxUnacknowledged
	send(t, p.alice, p.bob, "in time")
	p.Now++
	_, err := p.alice.Send(t.Context(), p.bob.Address, "too late")
	is(t, err, session.ErrStale)
	ok(t, p.alice.Start(t.Context(), p.bob))
	exchange(t, p.alice, p.bob)
	exchange(t, p.bob, p.alice)
	p.Now += 9 * session.MaxUnacknowledged
	exchange(t, p.alice, p.bob)
}

func TestPeersAreBounded(t *testing.T) {
	p := newPair(t, classic, 2)
	do(t, p.alice, func(ctx context.Context, a *session.Account) error {
		return session.AddPeers(ctx, a, session.MaxPeers-1)
	})
	p.start(t)
	p.start(t) // not a new peer
	carol := newDevice(t, p.World, "carol", 1, classic, 1, new(sessiontest.MemStore))
	is(t, p.alice.Start(t.Context(), carol), session.ErrLimit)
	ok(t, carol.Start(t.Context(), p.alice))
	refuse(t, p.alice, send(t, carol, p.alice, "hello"), session.ErrLimit)
}

func TestDevicesOfOneNameShareTheIdentityKey(t *testing.T) {
	p := newPair(t, classic, 2)
	store := new(sessiontest.MemStore)
	tablet := &sessiontest.Device{Address: session.Address{Name: "alice", Device: 9}, Store: store, World: p.World}
	do(t, tablet, func(ctx context.Context, a *session.Account) error {
		return session.LinkDevice(ctx, a, p.aliceStore, 9)
	})
	ok(t, tablet.Publish(t.Context(), 1))
	p.start(t)
	ok(t, p.bob.Start(t.Context(), tablet))
	exchange(t, p.bob, tablet)
	exchange(t, tablet, p.bob)
	ok(t, p.alice.Start(t.Context(), tablet)) // with oneself
	exchange(t, p.alice, tablet)
	exchange(t, tablet, p.alice)
	contacts := with(t, p.bob, func(ctx context.Context, a *session.Account) ([]session.Contact, error) { return a.Contacts(ctx) })
	if len(contacts) != 1 || contacts[0].State != session.StateFirstUse {
		t.Errorf("two devices of one name are contacts %+v", contacts)
	}
}

func TestNothingIsSentToOrReadFromOneself(t *testing.T) {
	p := newPair(t, classic, 1)
	p.start(t)
	l := send(t, p.bob, p.alice, "to alice")
	for name, work := range map[string]func(context.Context, *session.Account) error{
		"start": func(ctx context.Context, a *session.Account) error {
			_, err := a.StartSession(ctx, p.alice.Address, p.alice.NewBundle())
			return err
		},
		"encrypt": func(ctx context.Context, a *session.Account) error {
			_, err := a.Encrypt(ctx, p.alice.Address, nil)
			return err
		},
		"decrypt": func(ctx context.Context, a *session.Account) error {
			_, err := a.Decrypt(ctx, p.alice.Address, l.Type, l.Body)
			return err
		},
		"distribution": func(ctx context.Context, a *session.Account) error {
			_, err := a.ProcessDistribution(ctx, p.alice.Address, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			isInput(t, p.alice.Do(t.Context(), func(a *session.Account) error { return work(t.Context(), a) }), "address")
		})
	}
}
