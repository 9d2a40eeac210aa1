// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sessiontest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/signal/session"
)

// Case is one property of a Store. Run returns nil if an empty store has it.
type Case struct {
	Name string
	Run  func(ctx context.Context, store Store) error
}

// Cases returns the conformance test of a Store.
func Cases() []Case {
	return []Case{
		{"an unknown value is not found", unknownIsNotFound},
		{"a written value is read back", writtenIsReadBack},
		{"a value is replaced", valueIsReplaced},
		{"a deleted value is gone and can be written again", deletedIsGone},
		{"deleting what is not there is no error", deletingNothing},
		{"one call writes, replaces and deletes", mixedChanges},
		{"no changes change nothing", noChanges},
		{"kinds are apart", kindsAreApart},
		{"names are sorted and of one kind", namesAreSorted},
		{"names that look alike are different", similarNames},
		{"names have all printable characters and full length", awkwardNames},
		{"values are copied when written", copiedWhenWritten},
		{"values are copied when read", copiedWhenRead},
		{"a large value is kept", largeValue},
		{"many values are written at once", manyValues},
		{"an account lives on it", accountLives},
		{"a deleted account leaves nothing", deletedAccount},
	}
}

func set(kind session.Kind, name, value string) session.Change {
	return session.Change{Key: session.Key{Kind: kind, Name: name}, Value: []byte(value)}
}

func unset(kind session.Kind, name string) session.Change {
	return session.Change{Key: session.Key{Kind: kind, Name: name}}
}

// expect returns an error unless the value is there.
func expect(ctx context.Context, store Store, kind session.Kind, name, value string) error {
	got, err := store.Get(ctx, session.Key{Kind: kind, Name: name})
	if err != nil {
		return fmt.Errorf("Get(%s, %q): %w", kind, name, err)
	}
	if string(got) != value {
		return fmt.Errorf("Get(%s, %q) = %d bytes that are not the %d written", kind, name, len(got), len(value))
	}
	return nil
}

// expectAbsent returns an error unless the value is not found.
func expectAbsent(ctx context.Context, store Store, kind session.Kind, name string) error {
	if _, err := store.Get(ctx, session.Key{Kind: kind, Name: name}); !errors.Is(err, session.ErrNotFound) {
		return fmt.Errorf("Get(%s, %q): error %v, want session.ErrNotFound", kind, name, err)
	}
	return nil
}

// expectNames returns an error unless these are the names of a kind.
func expectNames(ctx context.Context, store Store, kind session.Kind, want ...string) error {
	got, err := store.Names(ctx, kind)
	if err != nil {
		return fmt.Errorf("Names(%s): %w", kind, err)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("Names(%s) = %q, want %q", kind, got, want)
	}
	return nil
}

func unknownIsNotFound(ctx context.Context, store Store) error {
	return errors.Join(
		expectAbsent(ctx, store, session.KindIdentity, ""),
		expectAbsent(ctx, store, session.KindPeer, "bob.1"),
		expectNames(ctx, store, session.KindPeer),
	)
}

func writtenIsReadBack(ctx context.Context, store Store) error {
	return errors.Join(
		store.Apply(ctx, []session.Change{set(session.KindIdentity, "", "one"), set(session.KindPeer, "bob.1", "\x00two\xff")}),
		expect(ctx, store, session.KindIdentity, "", "one"),
		expect(ctx, store, session.KindPeer, "bob.1", "\x00two\xff"),
		expectNames(ctx, store, session.KindIdentity, ""),
		expectNames(ctx, store, session.KindPeer, "bob.1"),
	)
}

func valueIsReplaced(ctx context.Context, store Store) error {
	for _, value := range []string{"one", "a longer one", "2"} {
		if err := errors.Join(
			store.Apply(ctx, []session.Change{set(session.KindPeer, "bob.1", value)}),
			expect(ctx, store, session.KindPeer, "bob.1", value),
			expectNames(ctx, store, session.KindPeer, "bob.1"),
		); err != nil {
			return err
		}
	}
	return nil
}

func deletedIsGone(ctx context.Context, store Store) error {
	for range 2 {
		if err := errors.Join(
			store.Apply(ctx, []session.Change{set(session.KindPreKey, "7", "one")}),
			expect(ctx, store, session.KindPreKey, "7", "one"),
			store.Apply(ctx, []session.Change{unset(session.KindPreKey, "7")}),
			expectAbsent(ctx, store, session.KindPreKey, "7"),
			expectNames(ctx, store, session.KindPreKey),
		); err != nil {
			return err
		}
	}
	return nil
}

func deletingNothing(ctx context.Context, store Store) error {
	return errors.Join(
		store.Apply(ctx, []session.Change{unset(session.KindPreKey, "7"), set(session.KindPreKey, "8", "one")}),
		expectNames(ctx, store, session.KindPreKey, "8"),
	)
}

func mixedChanges(ctx context.Context, store Store) error {
	return errors.Join(
		store.Apply(ctx, []session.Change{set(session.KindContact, "b", "one"), set(session.KindContact, "c", "one")}),
		store.Apply(ctx, []session.Change{
			set(session.KindContact, "a", "new"), set(session.KindContact, "b", "two"), unset(session.KindContact, "c"),
		}),
		expect(ctx, store, session.KindContact, "a", "new"),
		expect(ctx, store, session.KindContact, "b", "two"),
		expectAbsent(ctx, store, session.KindContact, "c"),
	)
}

func noChanges(ctx context.Context, store Store) error {
	return errors.Join(
		store.Apply(ctx, []session.Change{set(session.KindContact, "a", "one")}),
		store.Apply(ctx, nil),
		expect(ctx, store, session.KindContact, "a", "one"),
	)
}

func kindsAreApart(ctx context.Context, store Store) error {
	var changes []session.Change
	for _, kind := range session.Kinds() {
		changes = append(changes, set(kind, "1", string(kind)))
	}
	errs := []error{store.Apply(ctx, changes)}
	for _, kind := range session.Kinds() {
		errs = append(errs, expect(ctx, store, kind, "1", string(kind)), expectNames(ctx, store, kind, "1"))
	}
	return errors.Join(errs...)
}

func namesAreSorted(ctx context.Context, store Store) error {
	want := []string{"!", "10", "9", "A", "a", "a/b", "aa", "~"}
	for _, i := range []int{3, 0, 7, 5, 1, 6, 2, 4} {
		if err := store.Apply(ctx, []session.Change{set(session.KindContact, want[i], "x"), set(session.KindPeer, "other", "x")}); err != nil {
			return err
		}
	}
	return expectNames(ctx, store, session.KindContact, want...)
}

func similarNames(ctx context.Context, store Store) error {
	names := []string{"", "a", "A", "a.", "a.1", "a.1/", "a.11", "a/", "a/.1"}
	var changes []session.Change
	for _, name := range names {
		changes = append(changes, set(session.KindSession, name, "of "+name))
	}
	errs := []error{store.Apply(ctx, changes)}
	for _, name := range names {
		errs = append(errs, expect(ctx, store, session.KindSession, name, "of "+name))
	}
	return errors.Join(errs...)
}

func awkwardNames(ctx context.Context, store Store) error {
	var printable []byte
	for c := byte('!'); c <= '~'; c++ {
		printable = append(printable, c)
	}
	longest := strings.Repeat("x", session.MaxName)
	errs := []error{store.Apply(ctx, []session.Change{
		set(session.KindContact, string(printable), "all"),
		set(session.KindContact, longest, "longest"),
		set(session.KindSession, longest+".127/"+strings.Repeat("f", 32), "longest"),
		set(session.KindSenderKey, strings.Repeat("f", 32)+"/"+longest+".127", "longest"),
	})}
	return errors.Join(append(errs,
		expect(ctx, store, session.KindContact, string(printable), "all"),
		expect(ctx, store, session.KindContact, longest, "longest"),
		expectNames(ctx, store, session.KindContact, string(printable), longest),
		expect(ctx, store, session.KindSession, longest+".127/"+strings.Repeat("f", 32), "longest"),
		expect(ctx, store, session.KindSenderKey, strings.Repeat("f", 32)+"/"+longest+".127", "longest"),
	)...)
}

func copiedWhenWritten(ctx context.Context, store Store) error {
	changes := []session.Change{set(session.KindContact, "a", "one")}
	err := store.Apply(ctx, changes)
	clear(changes[0].Value) // as callers do
	return errors.Join(err, expect(ctx, store, session.KindContact, "a", "one"))
}

func copiedWhenRead(ctx context.Context, store Store) error {
	if err := store.Apply(ctx, []session.Change{set(session.KindContact, "a", "one")}); err != nil {
		return err
	}
	value, err := store.Get(ctx, session.Key{Kind: session.KindContact, Name: "a"})
	clear(value) // as package session does
	return errors.Join(err, expect(ctx, store, session.KindContact, "a", "one"))
}

// maxValue is more than package session writes.
const maxValue = 1<<20 - 1<<12

func largeValue(ctx context.Context, store Store) error {
	value := string(bytes.Repeat([]byte{0, 1, 2, 0xff}, maxValue/4))
	return errors.Join(
		store.Apply(ctx, []session.Change{set(session.KindSession, "bob.1/1", value)}),
		expect(ctx, store, session.KindSession, "bob.1/1", value),
	)
}

func manyValues(ctx context.Context, store Store) error {
	var changes []session.Change
	var names []string
	for i := range 300 {
		names = append(names, fmt.Sprint(1000+i))
		changes = append(changes, set(session.KindPreKey, names[i], "key "+names[i]))
	}
	return errors.Join(
		store.Apply(ctx, changes),
		expectNames(ctx, store, session.KindPreKey, names...),
		expect(ctx, store, session.KindPreKey, "1299", "key 1299"),
	)
}
