// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

// shownIn says whether a part of the bytes is in a text, in any usual notation.
func shownIn(text string, b []byte) bool {
	for at := 0; at+8 <= len(b); at += 4 {
		part := b[at : at+8]
		decimal := strings.Trim(fmt.Sprint(part), "[]")
		for _, form := range []string{
			string(part), hex.EncodeToString(part), strings.ToUpper(hex.EncodeToString(part)),
			fmt.Sprintf("% x", part), decimal, strings.ReplaceAll(decimal, " ", ", "),
			strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", part), "[]byte{"), "}"),
			base64.StdEncoding.EncodeToString(part[:6]),
		} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

// lived returns a pair of which alice has a value of each kind.
func lived(t testing.TB) *pair {
	t.Helper()
	p := newPair(t, full, 1)
	p.start(t)
	ok(t, p.bob.Start(t.Context(), p.alice))
	exchange(t, p.bob, p.alice)
	ok(t, p.bob.Start(t.Context(), p.alice)) // by the last resort
	exchange(t, p.bob, p.alice)
	ok(t, p.alice.Start(t.Context(), p.bob)) // not acknowledged
	for _, d := range []*sessiontest.Device{p.alice, p.bob} {
		ok(t, d.Publish(t.Context(), 2))
		createGroup(t, d, club)
	}
	_, err := processFrom(p.alice, p.bob, createGroup(t, p.bob, club))
	ok(t, err)
	for _, kind := range session.Kinds() {
		names, err := p.aliceStore.Names(t.Context(), kind)
		if err != nil || len(names) == 0 {
			t.Fatalf("%d values of %s, %v", len(names), kind, err)
		}
	}
	return p
}

// secretsIn returns the secrets of stored values.
func secretsIn(t *testing.T, store *sessiontest.MemStore) (secrets [][]byte) {
	for k, stored := range store.Values() {
		fields := fieldsOf(t, stored[1:])
		switch k.Kind {
		case session.KindIdentity:
			secrets = append(secrets, fields[5].Bytes)
		case session.KindPreKey, session.KindSignedPreKey, session.KindKyberPreKey:
			secrets = append(secrets, fields[1].Bytes)
		case session.KindSession:
			parts := fieldsOf(t, fields[ratchetField].Bytes[1:])
			double := fieldsOf(t, parts[doubleField].Bytes[1:])
			secrets = append(secrets, double[1].Bytes, double[3].Bytes, parts[sparseField].Bytes[4:])
		case session.KindSenderKey:
			secrets = append(secrets, fields[2].Bytes[32:])
		}
	}
	return secrets
}

// Nothing prints a secret: not what is stored while it is worked on, nor a unit of
// work that has it pending.
func TestNothingPrintsASecret(t *testing.T) {
	p := lived(t)
	all, err := session.Loaded(context.Background(), p.aliceStore)
	ok(t, err)
	secrets := secretsIn(t, p.aliceStore)
	if len(secrets) < 12 {
		t.Fatalf("only %d secrets to look for", len(secrets))
	}
	for _, v := range all {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			for _, s := range secrets {
				if shownIn(text, s) {
					t.Errorf("a value of type %T with %s shows a secret", v, verb)
				}
			}
		}
	}
	if !shownIn(fmt.Sprint(secrets[0]), secrets[0]) || !shownIn(fmt.Sprintf("%#v", secrets[0]), secrets[0]) {
		t.Error("the test does not notice secrets")
	}
}

// An error about a damaged value has nothing of it.
func TestNoErrorShowsASecret(t *testing.T) {
	p := lived(t)
	secrets := secretsIn(t, p.aliceStore)
	for k, stored := range p.aliceStore.Values() {
		for cut := range min(len(stored), 64) {
			_, err := session.Parsers[k.Kind](append([]byte(nil), stored[:cut]...))
			for _, s := range secrets {
				if err != nil && shownIn(err.Error(), s) {
					t.Fatalf("an error about %s shows a secret", k.Kind)
				}
			}
		}
	}
}
