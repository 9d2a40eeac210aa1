// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"context"
	"strconv"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// secretsOf returns the first private key of each stored value of a kind, by name:
// field 1 of prekeys.
func secretsOf(store *sessiontest.MemStore, kind session.Kind) map[string][]byte {
	secrets := make(map[string][]byte)
	for k, value := range store.Values() {
		if k.Kind == kind {
			secrets[k.Name] = value[3 : 3+int(value[2])] // format, tag, length
		}
	}
	return secrets
}

// holds says whether a store has the bytes in any value.
func holds(store *sessiontest.MemStore, b []byte) bool {
	for _, value := range store.Values() {
		if bytes.Contains(value, b) {
			return true
		}
	}
	return false
}

// A one-time prekey is erased in the same changes that have the session it began,
// and not before its message turned out to be authentic.
//
// Mistake M31 (docs/mistakes.md).
func TestSpentOneTimePreKeysAreErased(t *testing.T) {
	p := newPair(t, classic, 3)
	ec, kyber := secretsOf(p.bobStore, session.KindPreKey), secretsOf(p.bobStore, session.KindKyberPreKey)
	b := p.bob.NewBundle()
	ecName, kyberName := strconv.Itoa(int(b.PreKeyID)), strconv.Itoa(int(b.KyberPreKeyID))
	if !holds(p.bobStore, ec[ecName]) || !holds(p.bobStore, kyber[kyberName]) {
		t.Fatal("the test does not find keys that are there")
	}
	ok(t, p.alice.StartFrom(t.Context(), p.bob.Address, b))
	l := send(t, p.alice, p.bob, "first")

	forged := l
	forged.Body = bytes.Clone(l.Body)
	forged.Body[len(forged.Body)/2] ^= 1
	if _, err := p.bob.Receive(t.Context(), forged); err == nil || !holds(p.bobStore, ec[ecName]) {
		t.Fatal("a forged message spent a prekey")
	}
	if opened := read(t, p.bob, l); opened.PreKeyUsed != b.PreKeyID {
		t.Errorf("prekey %d is said to be spent, want %d", opened.PreKeyUsed, b.PreKeyID)
	}
	if holds(p.bobStore, ec[ecName]) || holds(p.bobStore, kyber[kyberName]) {
		t.Error("a spent one-time prekey is still there")
	}
	delete(ec, ecName)
	delete(kyber, kyberName)
	for name, key := range ec {
		if !holds(p.bobStore, key) {
			t.Errorf("prekey %s, which was not spent, is gone", name)
		}
	}
	for name, key := range kyber {
		if !holds(p.bobStore, key) {
			t.Errorf("Kyber prekey %s, which was not spent, is gone", name)
		}
	}

	// Somebody else who was handed the same bundle comes too late.
	carol := newDevice(t, p.World, "carol", 1, classic, 0, new(sessiontest.MemStore))
	ok(t, carol.StartFrom(t.Context(), p.bob.Address, b))
	refuse(t, p.bob, send(t, carol, p.bob, "second"), session.ErrPreKeyGone)
}

func publish(t *testing.T, d *sessiontest.Device, oneTime int) session.PreKeys {
	t.Helper()
	return with(t, d, func(ctx context.Context, a *session.Account) (session.PreKeys, error) {
		return a.PublishPreKeys(ctx, oneTime)
	})
}

func count(t *testing.T, d *sessiontest.Device) session.PreKeyCount {
	t.Helper()
	return with(t, d, func(ctx context.Context, a *session.Account) (session.PreKeyCount, error) { return a.CountPreKeys(ctx) })
}

func TestPublishTopsUpOneTimePreKeys(t *testing.T) {
	p := newPair(t, classic, 4)
	if made := publish(t, p.bob, 4); len(made.OneTime)+len(made.Kyber) != 0 {
		t.Errorf("%d and %d new prekeys though none is missing", len(made.OneTime), len(made.Kyber))
	}
	p.start(t)
	if c := count(t, p.bob); c.OneTime != 3 || c.Kyber != 3 || c.RotationDue {
		t.Errorf("after one session: %+v", c)
	}
	made := publish(t, p.bob, 4)
	if len(made.OneTime) != 1 || len(made.Kyber) != 1 {
		t.Fatalf("%d and %d new prekeys, want one each", len(made.OneTime), len(made.Kyber))
	}
	last, lastKyber := p.bob.Published.OneTime, p.bob.Published.Kyber
	if made.OneTime[0].ID <= last[len(last)-1].ID || made.Kyber[0].ID <= lastKyber[len(lastKyber)-1].ID {
		t.Error("ids do not increase")
	}
	if made.Kyber[0].LastResort || !made.LastResort.LastResort {
		t.Error("last-resort prekeys are not marked")
	}
	for _, n := range []int{-1, session.MaxOneTime + 1} {
		err := p.bob.Do(t.Context(), func(a *session.Account) error {
			_, err := a.PublishPreKeys(t.Context(), n)
			return err
		})
		isInput(t, err, "oneTime")
	}
}

func TestPublishedBundlesVerify(t *testing.T) {
	p := newPair(t, classic, 1)
	for range 2 { // the second has the last-resort prekey
		ok(t, p.bob.NewBundle().Verify())
	}
}

func TestIDsWrapBelow24Bits(t *testing.T) {
	p := newPair(t, classic, 0)
	do(t, p.bob, func(ctx context.Context, a *session.Account) error {
		return session.SetNextIDs(ctx, a, session.MaxID-1)
	})
	p.Now += session.RotationInterval + 1
	made := publish(t, p.bob, 4)
	var got []uint32
	for _, k := range made.OneTime {
		got = append(got, k.ID)
	}
	for i, want := range []uint32{session.MaxID - 1, session.MaxID, 1, 2} {
		if got[i] != want {
			t.Fatalf("ids %v", got)
		}
	}
	if c := count(t, p.bob); c.OneTime != 4 || c.Kyber != 4 {
		t.Errorf("across the wrap there are %+v", c)
	}
	p.bob.Published = made
	p.start(t)
	if c := count(t, p.bob); c.OneTime != 3 || c.Kyber != 3 {
		t.Errorf("after a session there are %+v", c)
	}
}

func TestPreKeysRotateWhenDueAndAreErasedAfterTheGrace(t *testing.T) {
	p := newPair(t, classic, 1)
	first := p.bob.Published
	old := []*pqxdh.Bundle{p.bob.NewBundle(), p.bob.NewBundle()} // the second is of last resort
	secrets := [][]byte{
		secretsOf(p.bobStore, session.KindSignedPreKey)[strconv.Itoa(int(first.Signed.ID))],
		secretsOf(p.bobStore, session.KindKyberPreKey)[strconv.Itoa(int(first.LastResort.ID))],
	}
	p.Now += session.RotationInterval
	if count(t, p.bob).RotationDue || publish(t, p.bob, 0).Signed.ID != first.Signed.ID {
		t.Error("rotated before it was due")
	}
	p.Now++
	if !count(t, p.bob).RotationDue {
		t.Error("rotation is not due")
	}
	second := publish(t, p.bob, 0)
	if second.Signed.ID == first.Signed.ID || second.LastResort.ID == first.LastResort.ID ||
		second.Signed.Created != p.Now || second.LastResort.Created != p.Now {
		t.Errorf("not rotated: %+v", second)
	}
	if c := count(t, p.bob); c.RotationDue || c.OneTime != 1 || c.SignedCreated != p.Now {
		t.Errorf("after rotation: %+v", c)
	}
	p.Now += session.PreKeyGrace
	publish(t, p.bob, 0)
	ok(t, p.alice.StartFrom(t.Context(), p.bob.Address, old[1]))
	exchange(t, p.alice, p.bob)
	p.Now++
	publish(t, p.bob, 0)
	for _, s := range secrets {
		if holds(p.bobStore, s) {
			t.Error("a prekey outlived its grace")
		}
	}
	for k := range p.bobStore.Values() {
		if k.Kind == session.KindReplay && k.Name == strconv.Itoa(int(first.Signed.ID)) {
			t.Error("the memory of its sessions outlived a signed prekey")
		}
	}
	ok(t, p.alice.StartFrom(t.Context(), p.bob.Address, old[1]))
	refuse(t, p.bob, send(t, p.alice, p.bob, "late"), session.ErrPreKeyGone)
	if c := count(t, p.bob); c.OneTime != 1 {
		t.Errorf("a routine rotation took one-time prekeys: %+v", c)
	}
}

func TestRotationOnDemandReplacesEverythingAndKeepsTheOldForAWhile(t *testing.T) {
	p := newPair(t, classic, 3)
	first := p.bob.Published
	ec := secretsOf(p.bobStore, session.KindPreKey)
	second := with(t, p.bob, func(ctx context.Context, a *session.Account) (session.PreKeys, error) { return a.RotatePreKeys(ctx) })
	if second.Signed.ID == first.Signed.ID || second.LastResort.ID == first.LastResort.ID || len(second.OneTime) != 3 || len(second.Kyber) != 3 {
		t.Fatalf("rotation gave %+v", second)
	}
	if c := count(t, p.bob); c.OneTime != 3 || c.Kyber != 3 {
		t.Errorf("what was replaced still counts: %+v", c)
	}
	for _, published := range []session.PreKeys{first, second} {
		ok(t, p.alice.StartFrom(t.Context(), p.bob.Address, sessiontest.BundleOf(published)))
		exchange(t, p.alice, p.bob)
	}
	p.Now += session.PreKeyGrace + 1
	publish(t, p.bob, 0)
	for name, key := range ec {
		if holds(p.bobStore, key) {
			t.Errorf("one-time prekey %s outlived the grace of its replacement", name)
		}
	}
	if c := count(t, p.bob); c.OneTime != 2 || c.Kyber != 2 {
		t.Errorf("the new prekeys went with the old: %+v", c)
	}
}

func TestPreKeysFromTheFutureAreReplaced(t *testing.T) {
	p := newPair(t, classic, 1)
	right := p.Now
	p.Now += 100 * session.RotationInterval // the clock goes wrong, once
	first := publish(t, p.bob, 1)
	p.Now = right
	if second := publish(t, p.bob, 1); second.Signed.ID == first.Signed.ID || second.Signed.Created != right {
		t.Errorf("not rotated: %+v", second.Signed)
	}
	if count(t, p.bob).RotationDue {
		t.Error("rotation is due again")
	}
}

func TestRotationsOnDemandDoNotPileUp(t *testing.T) {
	p := newPair(t, classic, 1)
	for range session.MaxEras + 5 {
		with(t, p.bob, func(ctx context.Context, a *session.Account) (session.PreKeys, error) { return a.RotatePreKeys(ctx) })
	}
	names, err := p.bobStore.Names(t.Context(), session.KindSignedPreKey)
	ok(t, err)
	kyber, err := p.bobStore.Names(t.Context(), session.KindKyberPreKey)
	ok(t, err)
	if len(names) != session.MaxEras || len(kyber) != 2*session.MaxEras {
		t.Errorf("%d signed and %d Kyber prekeys are kept, want %d and twice that", len(names), len(kyber), session.MaxEras)
	}
}

// Without a one-time prekey nothing that is erased makes a second time impossible;
// memory has to.
func TestAReplayedFirstMessageIsADuplicateEvenWhenItsSessionIsGone(t *testing.T) {
	for name, policy := range map[string]session.Policy{"last resort": classic, "X3DH": x3dh} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, policy, 0)
			ok(t, p.alice.Start(t.Context(), p.bob))
			l := send(t, p.alice, p.bob, "once")
			read(t, p.bob, l)
			refuse(t, p.bob, l, session.ErrDuplicate)
			do(t, p.bob, func(ctx context.Context, a *session.Account) error { return a.CloseSession(ctx, p.alice.Address) })
			refuse(t, p.bob, l, session.ErrDuplicate)
			refuse(t, p.bob, send(t, p.alice, p.bob, "second of the session"), session.ErrDuplicate)
			ok(t, p.alice.Start(t.Context(), p.bob))
			exchange(t, p.alice, p.bob)
		})
	}
}

func TestTheMemoryOfSessionsIsBounded(t *testing.T) {
	p := newPair(t, classic, 0)
	do(t, p.bob, func(ctx context.Context, a *session.Account) error {
		return session.FillReplays(ctx, a, session.MaxReplays-1)
	})
	if !count(t, p.bob).RotationDue {
		t.Error("rotation is not due though the memory fills up")
	}
	ok(t, p.alice.Start(t.Context(), p.bob))
	exchange(t, p.alice, p.bob)
	ok(t, p.alice.Start(t.Context(), p.bob))
	refuse(t, p.bob, send(t, p.alice, p.bob, "one too many"), session.ErrLimit)
	p.bob.Published = publish(t, p.bob, 0)
	ok(t, p.alice.Start(t.Context(), p.bob))
	exchange(t, p.alice, p.bob)
}

func TestAMessageThatNamesUnknownPreKeysIsRefused(t *testing.T) {
	p := newPair(t, classic, 1)
	ok(t, p.alice.Start(t.Context(), p.bob))
	l := send(t, p.alice, p.bob, "first")
	for name, change := range map[string]func(*message.PreKey){
		"signed":   func(m *message.PreKey) { m.SignedPreKeyID++ },
		"one-time": func(m *message.PreKey) { m.PreKeyID++ },
		"Kyber":    func(m *message.PreKey) { m.KyberPreKeyID += 9 },
	} {
		t.Run(name, func(t *testing.T) {
			m := value[*message.PreKey](t)(message.ParsePreKey(l.Body))
			change(m)
			forged := l
			forged.Body = m.Marshal()
			refuse(t, p.bob, forged, session.ErrPreKeyGone)
		})
	}
	read(t, p.bob, l)
}
