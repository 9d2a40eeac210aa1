// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

var club = [16]byte{0xc1, 0x0b}

func createGroup(t testing.TB, d *sessiontest.Device, group [16]byte) []byte {
	t.Helper()
	return with(t, d, func(ctx context.Context, a *session.Account) ([]byte, error) { return a.CreateGroup(ctx, group) })
}

func processFrom(d, from *sessiontest.Device, distribution []byte) (group [16]byte, err error) {
	err = d.Do(context.Background(), func(a *session.Account) (err error) {
		group, err = a.ProcessDistribution(context.Background(), from.Address, distribution)
		return err
	})
	return group, err
}

func encryptGroup(t testing.TB, d *sessiontest.Device, group [16]byte, text string) []byte {
	t.Helper()
	return with(t, d, func(ctx context.Context, a *session.Account) ([]byte, error) {
		return a.EncryptGroup(ctx, group, []byte(text))
	})
}

// openGroup opens a message of a group, which must be the club.
func openGroup(d, from *sessiontest.Device, body []byte) (text string, err error) {
	err = d.Do(context.Background(), func(a *session.Account) error {
		group, plaintext, err := a.DecryptGroup(context.Background(), from.Address, body)
		if err == nil && group != club {
			err = fmt.Errorf("a message of group %x", group)
		}
		text = string(plaintext)
		return err
	})
	return text, err
}

func TestAGroupReadsItsMembers(t *testing.T) {
	p := newPair(t, classic, 0)
	carol := newDevice(t, p.World, "carol", 1, classic, 0, new(sessiontest.MemStore))
	members := []*sessiontest.Device{p.alice, p.bob, carol}
	for _, from := range members {
		d := createGroup(t, from, club)
		for _, to := range members {
			if to == from {
				continue
			}
			if group, err := processFrom(to, from, d); err != nil || group != club {
				t.Fatalf("group %x, %v", group, err)
			}
		}
	}
	for round := range 3 {
		for _, from := range members {
			text := fmt.Sprint("round ", round, " of ", from.Address)
			body := encryptGroup(t, from, club, text)
			for _, to := range members {
				if to == from {
					continue
				}
				if got, err := openGroup(to, from, body); err != nil || got != text {
					t.Fatalf("%q, %v", got, err)
				}
				_, err := openGroup(to, from, body)
				is(t, err, session.ErrDuplicate)
			}
		}
	}
	groups := with(t, p.alice, func(ctx context.Context, a *session.Account) ([]session.GroupInfo, error) { return a.Groups(ctx) })
	want := []session.GroupInfo{{Group: club, Own: true, Created: p.Now, Senders: []session.Address{p.bob.Address, carol.Address}}}
	if !reflect.DeepEqual(groups, want) {
		t.Errorf("groups %+v, want %+v", groups, want)
	}
}

func TestAMemberReadsFromWhenItGotTheKey(t *testing.T) {
	p := newPair(t, classic, 0)
	createGroup(t, p.alice, club)
	early := encryptGroup(t, p.alice, club, "early")
	_, err := openGroup(p.bob, p.alice, early)
	is(t, err, session.ErrNoGroup)
	d := createGroup(t, p.alice, club)
	first, second := encryptGroup(t, p.alice, club, "first"), encryptGroup(t, p.alice, club, "second")
	_, err = processFrom(p.bob, p.alice, d)
	ok(t, err)
	for body, want := range map[*[]byte]string{&second: "second", &first: "first"} {
		if got, err := openGroup(p.bob, p.alice, *body); err != nil || got != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	_, err = openGroup(p.bob, p.alice, early)
	is(t, err, session.ErrDuplicate)
}

func TestWhoLeftCannotReadAfterRotation(t *testing.T) {
	p := newPair(t, classic, 0)
	_, err := processFrom(p.bob, p.alice, createGroup(t, p.alice, club))
	ok(t, err)
	before := encryptGroup(t, p.alice, club, "before")
	d := with(t, p.alice, func(ctx context.Context, a *session.Account) ([]byte, error) { return a.RotateGroup(ctx, club) })
	after := encryptGroup(t, p.alice, club, "after")
	_, err = openGroup(p.bob, p.alice, after)
	is(t, err, session.ErrNoGroup)
	_, err = processFrom(p.bob, p.alice, d) // had he stayed
	ok(t, err)
	for _, body := range [][]byte{after, before} {
		_, err = openGroup(p.bob, p.alice, body)
		ok(t, err)
	}
}

func TestLeavingErasesAllKeysOfTheGroup(t *testing.T) {
	p := newPair(t, classic, 0)
	other := [16]byte{1}
	createGroup(t, p.bob, other)
	createGroup(t, p.bob, club)
	_, err := processFrom(p.bob, p.alice, createGroup(t, p.alice, club))
	ok(t, err)
	leave := func() error {
		return p.bob.Do(t.Context(), func(a *session.Account) error { return a.LeaveGroup(t.Context(), club) })
	}
	ok(t, leave())
	is(t, leave(), session.ErrNoGroup)
	_, err = openGroup(p.bob, p.alice, encryptGroup(t, p.alice, club, "text"))
	is(t, err, session.ErrNoGroup)
	err = p.bob.Do(t.Context(), func(a *session.Account) error {
		_, err := a.EncryptGroup(t.Context(), club, nil)
		return err
	})
	is(t, err, session.ErrNoGroup)
	err = p.bob.Do(t.Context(), func(a *session.Account) error {
		_, err := a.RotateGroup(t.Context(), club)
		return err
	})
	is(t, err, session.ErrNoGroup)
	encryptGroup(t, p.bob, other, "text")
}

func TestHostileGroupMessagesAreRefused(t *testing.T) {
	p := newPair(t, classic, 0)
	d := createGroup(t, p.alice, club)
	_, err := processFrom(p.bob, p.alice, d)
	ok(t, err)
	body := encryptGroup(t, p.alice, club, "text")
	before := p.bobStore.Clone()
	for i := range body {
		forged := append([]byte(nil), body...)
		forged[i] ^= 0x20
		if _, err := openGroup(p.bob, p.alice, forged); err == nil {
			t.Errorf("byte %d does not matter", i)
		}
	}
	_, err = openGroup(p.bob, p.alice, nil)
	is(t, err, session.ErrSyntax)
	_, err = openGroup(p.bob, p.alice, append([]byte{0x23}, body[1:]...))
	is(t, err, session.ErrUnsupported)
	_, err = processFrom(p.bob, p.alice, d[:9])
	is(t, err, session.ErrSyntax)
	if !p.bobStore.Equal(before) {
		t.Error("a refused message left something")
	}
	_, err = openGroup(p.bob, p.alice, body)
	ok(t, err)
}

// An identity key that is not there any more takes its groups with it.
func TestGroupsNeedAnIdentity(t *testing.T) {
	d := &sessiontest.Device{Store: new(sessiontest.MemStore), World: sessiontest.NewWorld(1)}
	from := &sessiontest.Device{Address: session.Address{Name: "x", Device: 1}}
	for _, err := range []error{
		d.Do(t.Context(), func(a *session.Account) error { _, err := a.CreateGroup(t.Context(), club); return err }),
		d.Do(t.Context(), func(a *session.Account) error { _, err := a.EncryptGroup(t.Context(), club, nil); return err }),
		func() error { _, err := processFrom(d, from, nil); return err }(),
		func() error { _, err := openGroup(d, from, nil); return err }(),
	} {
		is(t, err, session.ErrNoIdentity)
	}
}

func TestDecryptLeavesGroupMessagesToDecryptGroup(t *testing.T) {
	p := newPair(t, classic, 0)
	createGroup(t, p.alice, club)
	err := p.bob.Do(t.Context(), func(a *session.Account) error {
		_, err := a.Decrypt(t.Context(), p.alice.Address, message.SenderKeyType, encryptGroup(t, p.alice, club, "text"))
		return err
	})
	isInput(t, err, "type")
}
