// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// expected says whether an error is one that a message can cause.
func expected(err error) bool {
	var input *session.InputError
	return errors.As(err, &input) || slices.ContainsFunc([]error{
		session.ErrSyntax, session.ErrUnsupported, session.ErrAuthentication, session.ErrDuplicate, session.ErrTooFar,
		session.ErrPreKeyGone, session.ErrNoSession, session.ErrNoGroup, session.ErrLimit,
	}, func(want error) bool { return errors.Is(err, want) })
}

// Whatever comes in as a message, nothing panics, a refusal has its name and leaves
// no trace, and nothing comes out that was not sent.
func FuzzDecrypt(f *testing.F) {
	p := lived(f)
	eve := newDevice(f, p.World, "eve", 1, full, 0, new(sessiontest.MemStore))
	ok(f, eve.Start(f.Context(), p.alice))
	letters := []sessiontest.Letter{
		send(f, p.bob, p.alice, "text"), send(f, eve, p.alice, "text"), send(f, eve, p.alice, "text"),
		retry(f, p.bob, send(f, p.alice, p.bob, "text")),
	}
	for _, l := range letters {
		f.Add(uint8(l.Type), l.Body)
	}
	f.Add(uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		for _, from := range []session.Address{p.bob.Address, eve.Address} {
			a := session.Open(p.aliceStore, session.Env{Now: p.Now, Random: sessiontest.NewRandom(1)})
			opened, err := a.Decrypt(context.Background(), from, message.Type(kind), body)
			switch {
			case err != nil && (!expected(err) || len(a.Changes()) > 0):
				t.Errorf("%d changes after %v", len(a.Changes()), err)
			case err == nil && opened.Retry == nil && string(opened.Plaintext) != "text":
				t.Errorf("%q came out", opened.Plaintext)
			}
		}
	})
}

func FuzzDecryptGroup(f *testing.F) {
	p := lived(f)
	f.Add(encryptGroup(f, p.bob, club, "text"))
	f.Add([]byte{0x33})
	f.Fuzz(func(t *testing.T, body []byte) {
		a := session.Open(p.aliceStore, p.alice.Env())
		group, plaintext, err := a.DecryptGroup(context.Background(), p.bob.Address, body)
		switch {
		case err != nil && (!expected(err) || len(a.Changes()) > 0):
			t.Errorf("%d changes after %v", len(a.Changes()), err)
		case err == nil && (group != club || string(plaintext) != "text"):
			t.Errorf("%q came out", plaintext)
		}
	})
}

// A member may say what it likes about its own key; it must not become one that
// cannot be stored.
func FuzzProcessDistribution(f *testing.F) {
	p := lived(f)
	f.Add(createGroup(f, p.bob, club))
	f.Add(createGroup(f, p.bob, [16]byte{1}))
	f.Add([]byte{0x33})
	f.Fuzz(func(t *testing.T, body []byte) {
		a := session.Open(p.aliceStore, p.alice.Env())
		group, err := a.ProcessDistribution(context.Background(), p.bob.Address, body)
		if err != nil {
			if !expected(err) || len(a.Changes()) > 0 {
				t.Errorf("%d changes after %v", len(a.Changes()), err)
			}
			return
		}
		_, _, err = a.DecryptGroup(context.Background(), p.bob.Address, encryptGroup(t, p.bob, club, "text"))
		var state *session.StateError
		if errors.As(err, &state) || group == club && err != nil && !expected(err) {
			t.Errorf("after it: %v", err)
		}
	})
}

// What is stored is read as it was, or refused.
func FuzzParse(f *testing.F) {
	for k, stored := range lived(f).aliceStore.Values() {
		f.Add(uint8(slices.Index(session.Kinds(), k.Kind)), stored)
	}
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		parse := session.Parsers[session.Kinds()[int(kind)%len(session.Kinds())]]
		once, err := parse(bytes.Clone(b))
		if err != nil {
			return
		}
		twice, err := parse(bytes.Clone(once))
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("written again, it is refused or another: %v", err)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	f.Add("alice.1")
	f.Add(aliceUUID + ".127")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := session.ParseAddress(text); err == nil && a.String() != text {
			t.Errorf("%q is read as %q", text, a)
		}
	})
}
