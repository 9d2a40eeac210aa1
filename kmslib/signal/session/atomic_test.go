// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

var errBroken = errors.New("broken on purpose")

// broken fails at the call that many calls from now.
type broken struct {
	session.Reader
	left int
}

func (b *broken) fails() bool { b.left--; return b.left < 0 }

func (b *broken) Get(ctx context.Context, k session.Key) ([]byte, error) {
	if b.fails() {
		return nil, errBroken
	}
	return b.Reader.Get(ctx, k)
}

func (b *broken) Names(ctx context.Context, kind session.Kind) ([]string, error) {
	if b.fails() {
		return nil, errBroken
	}
	return b.Reader.Names(ctx, kind)
}

// dry is randomness that ends.
type dry struct {
	io.Reader
	left int
}

func (d *dry) Read(b []byte) (int, error) {
	if d.left--; d.left < 0 {
		return 0, errBroken
	}
	return d.Reader.Read(b)
}

// operations are all that change something, on what prepare returns.
func operations(t *testing.T) (*pair, map[string]func(context.Context, *session.Account) error) {
	p := newPair(t, full, 6)
	p.start(t)
	whisper := send(t, p.bob, p.alice, "whisper")
	archived := send(t, p.bob, p.alice, "archived")
	ok(t, p.alice.Start(t.Context(), p.bob))
	exchange(t, p.alice, p.bob)
	exchange(t, p.bob, p.alice)
	carol := newDevice(t, p.World, "carol", 1, full, 1, new(sessiontest.MemStore))
	ok(t, carol.Start(t.Context(), p.alice))
	first := send(t, carol, p.alice, "first")
	request := retry(t, p.bob, send(t, p.alice, p.bob, "again"))
	distribution := createGroup(t, p.bob, club)
	_, err := processFrom(p.alice, p.bob, distribution)
	ok(t, err)
	group := encryptGroup(t, p.bob, club, "group")
	rotated := with(t, p.bob, func(ctx context.Context, a *session.Account) ([]byte, error) { return a.RotateGroup(ctx, club) })
	createGroup(t, p.alice, club)
	bundle := p.bob.NewBundle()
	key := p.bob.Published.Identity.Key
	decrypt := func(l sessiontest.Letter) func(context.Context, *session.Account) error {
		return func(ctx context.Context, a *session.Account) error {
			opened, err := a.Decrypt(ctx, l.From, l.Type, l.Body)
			if err == nil && string(opened.Plaintext) != l.Text {
				err = errors.New("another text")
			}
			return err
		}
	}
	return p, map[string]func(context.Context, *session.Account) error{
		"publish": func(ctx context.Context, a *session.Account) error { _, err := a.PublishPreKeys(ctx, 8); return err },
		"rotate":  func(ctx context.Context, a *session.Account) error { _, err := a.RotatePreKeys(ctx); return err },
		"start": func(ctx context.Context, a *session.Account) error {
			_, err := a.StartSession(ctx, p.bob.Address, bundle)
			return err
		},
		"encrypt": func(ctx context.Context, a *session.Account) error {
			_, err := a.Encrypt(ctx, p.bob.Address, []byte("text"))
			return err
		},
		"decrypt whisper":         decrypt(whisper),
		"decrypt in archived":     decrypt(archived),
		"decrypt first":           decrypt(first),
		"decrypt a retry request": decrypt(request),
		"archive":                 func(ctx context.Context, a *session.Account) error { return a.ArchiveSession(ctx, p.bob.Address) },
		"close":                   func(ctx context.Context, a *session.Account) error { return a.CloseSession(ctx, p.bob.Address) },
		"verify":                  func(ctx context.Context, a *session.Account) error { return a.VerifyContact(ctx, "bob", key, true) },
		"create group": func(ctx context.Context, a *session.Account) error {
			_, err := a.CreateGroup(ctx, [16]byte{7})
			return err
		},
		"rotate group": func(ctx context.Context, a *session.Account) error { _, err := a.RotateGroup(ctx, club); return err },
		"leave group":  func(ctx context.Context, a *session.Account) error { return a.LeaveGroup(ctx, club) },
		"process distribution": func(ctx context.Context, a *session.Account) error {
			_, err := a.ProcessDistribution(ctx, p.bob.Address, rotated)
			return err
		},
		"encrypt group": func(ctx context.Context, a *session.Account) error {
			_, err := a.EncryptGroup(ctx, club, []byte("text"))
			return err
		},
		"decrypt group": func(ctx context.Context, a *session.Account) error {
			_, _, err := a.DecryptGroup(ctx, p.bob.Address, group)
			return err
		},
		"delete": func(ctx context.Context, a *session.Account) error { return a.DeleteIdentity(ctx) },
	}
}

// copyOf returns changes that nobody clears.
func copyOf(changes []session.Change) []session.Change {
	for i := range changes {
		changes[i].Value = bytes.Clone(changes[i].Value)
	}
	return changes
}

// An operation that fails in the middle, wherever, leaves the pending changes as
// they were, and what was begun can be done again in the same unit of work.
func TestAFailedOperationChangesNothing(t *testing.T) {
	p, all := operations(t)
	for name, operation := range all {
		t.Run(name, func(t *testing.T) {
			failures := 0
			for _, breaksRandom := range []bool{false, true} {
				for n := 0; ; n++ {
					if n > 500 {
						t.Fatal("it never succeeds")
					}
					reader, random := &broken{p.aliceStore, 1 << 30}, &dry{p.Random, 1 << 30}
					a := session.Open(reader, session.Env{Now: p.Now, Random: random})
					_, err := a.CreateGroup(t.Context(), [16]byte{9}) // a pending change
					ok(t, err)
					before := copyOf(a.Changes())
					if breaksRandom {
						random.left = n
					} else {
						reader.left = n
					}
					err = operation(t.Context(), a)
					if err == nil {
						break
					}
					failures++
					is(t, err, errBroken)
					if !reflect.DeepEqual(before, a.Changes()) {
						t.Fatalf("failure %d left changes", n)
					}
					reader.left, random.left = 1<<30, 1<<30
					if err := operation(t.Context(), a); err != nil {
						t.Fatalf("not done again after failure %d: %v", n, err)
					}
				}
			}
			if failures == 0 {
				t.Error("nothing failed")
			}
		})
	}
}

// Reading changes nothing either.
func TestReadingLeavesNoChanges(t *testing.T) {
	p, _ := operations(t)
	a := session.Open(p.aliceStore, p.alice.Env())
	_, err1 := a.Identity(t.Context())
	_, err2 := a.CountPreKeys(t.Context())
	_, err3 := a.Sessions(t.Context())
	_, err4 := a.Contacts(t.Context())
	_, err5 := a.Groups(t.Context())
	_, err6 := a.SafetyNumber(t.Context(), "bob")
	ok(t, errors.Join(err1, err2, err3, err4, err5, err6))
	if n := len(a.Changes()); n != 0 {
		t.Errorf("%d changes", n)
	}
}

// What a crash loses before it is stored can be received again, and what was to be
// sent is sent with the same state.
func TestDroppedChangesLoseNothing(t *testing.T) {
	p, all := operations(t)
	for name, operation := range all {
		t.Run(name, func(t *testing.T) {
			before := p.aliceStore.Clone()
			for range 2 {
				ok(t, operation(t.Context(), session.Open(p.aliceStore, p.alice.Env())))
				if !p.aliceStore.Equal(before) {
					t.Fatal("the store changed though nothing was stored")
				}
			}
			store := p.aliceStore.Clone()
			a := session.Open(store, p.alice.Env())
			ok(t, operation(t.Context(), a))
			ok(t, store.Apply(t.Context(), a.Changes()))
			if store.Equal(before) {
				t.Error("the operation changes nothing")
			}
		})
	}
}

// One unit of work reads its own changes: a batch gives what single ones give.
func TestABatchIsOneUnitOfWork(t *testing.T) {
	p := newPair(t, full, 1)
	ok(t, p.alice.Start(t.Context(), p.bob))
	var letters []sessiontest.Letter
	do(t, p.alice, func(ctx context.Context, a *session.Account) error {
		for _, text := range []string{"one", "two", "three"} {
			e, err := a.Encrypt(ctx, p.bob.Address, []byte(text))
			if err != nil {
				return err
			}
			letters = append(letters, sessiontest.Letter{From: p.alice.Address, Type: e.Type, Body: e.Body, Text: text})
		}
		return nil
	})
	m := value[*message.PreKey](t)(message.ParsePreKey(letters[1].Body))
	m.Message.MAC[0] ^= 1
	forged := letters[1]
	forged.Body = m.Marshal()
	var got []string
	do(t, p.bob, func(ctx context.Context, a *session.Account) error {
		for _, l := range []sessiontest.Letter{letters[0], letters[0], forged, letters[2], letters[1]} {
			opened, err := a.Decrypt(ctx, l.From, l.Type, l.Body)
			if err == nil {
				got = append(got, string(opened.Plaintext))
			} else {
				got = append(got, "refused")
			}
		}
		return nil
	})
	if want := []string{"one", "refused", "refused", "three", "two"}; !reflect.DeepEqual(got, want) {
		t.Errorf("a batch gave %q, want %q", got, want)
	}
	exchange(t, p.bob, p.alice)
}

// An ordinary message rewrites the session and nothing else.
func TestAnOrdinaryMessageWritesOneValue(t *testing.T) {
	p := newPair(t, full, 1)
	p.start(t)
	a := session.Open(p.aliceStore, p.alice.Env())
	_, err := a.Encrypt(t.Context(), p.bob.Address, []byte("text"))
	ok(t, err)
	l := send(t, p.bob, p.alice, "text")
	b := session.Open(p.aliceStore, p.alice.Env())
	_, err = b.Decrypt(t.Context(), l.From, l.Type, l.Body)
	ok(t, err)
	for _, changes := range [][]session.Change{a.Changes(), b.Changes()} {
		if len(changes) != 1 || changes[0].Key.Kind != session.KindSession {
			t.Errorf("%d changes", len(changes))
		}
	}
}
