// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"slices"
	"strings"
	"testing"
)

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Methods() {
		if seen[m.Name] || m.Name == "" || len(m.Name) > MaxMethodUnits {
			t.Errorf("method name %q is used twice, empty or too long", m.Name)
		}
		seen[m.Name] = true
		if !strings.HasSuffix(m.Doc, ".") {
			t.Errorf("%s: Doc is not a sentence", m.Name)
		}
		if m.Consent != ConsentNone && !m.Ruled() {
			t.Errorf("%s: needs consent, but nothing asks for it", m.Name)
		}
		if !slices.Contains([]Consent{ConsentNone, ConsentUnlocked, ConsentConfirm}, m.Consent) {
			t.Errorf("%s: consent class %q is not declared", m.Name, m.Consent)
		}
	}
}

func TestMethodsListOnlyCodesThatAreDeclaredAndTheirOwn(t *testing.T) {
	for _, m := range Methods() {
		for _, code := range m.Errors {
			i := slices.IndexFunc(Codes(), func(c CodeInfo) bool { return c.Code == code })
			if i < 0 || Codes()[i].Local || Codes()[i].Common {
				t.Errorf("%s lists %s, which is not declared, local, or common to all methods", m.Name, code)
			}
		}
	}
}

func TestCodesAreUniqueAndDocumented(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range Codes() {
		if seen[c.Code] || !strings.HasSuffix(c.Doc, ".") || c.Local && c.Common {
			t.Errorf("code %q is declared twice, has no sentence, or is both local and common", c.Code)
		}
		seen[c.Code] = true
	}
}

func TestEveryMemberIsDeclaredOnceWithBoundsThatMakeSense(t *testing.T) {
	for _, m := range Methods() {
		for _, message := range []Message{m.Request(), m.Response()} {
			seen := map[string]bool{}
			for _, f := range Fields(message) {
				where := m.Name + " " + f.Name
				if seen[f.Name] || f.Name == "" || !strings.HasSuffix(f.Doc, ".") {
					t.Errorf("%s: declared twice or not documented", where)
				}
				seen[f.Name] = true
				if f.Min < 0 || f.Max < f.Min {
					t.Errorf("%s: bounds %d to %d", where, f.Min, f.Max)
				}
				if f.Optional && f.Min < 1 {
					t.Errorf("%s: optional, but its bounds allow the zero value, which stands for absent", where)
				}
				if f.str == nil && f.number == nil && f.strings == nil && f.objects == nil {
					t.Errorf("%s: not bound to a variable", where)
				}
			}
		}
	}
}

func TestEachMemberIsBoundToItsOwnVariable(t *testing.T) {
	for _, m := range Methods() {
		for _, message := range []Message{m.Request(), m.Response()} {
			bound := map[any]string{}
			for _, f := range Fields(message) {
				var variable any
				switch f.Kind {
				case KindString:
					variable = f.str
				case KindInteger:
					variable = f.number
				case KindStrings:
					variable = f.strings
				case KindObjects:
					variable = f.objects
				}
				if other, twice := bound[variable]; twice {
					t.Errorf("%s: %s and %s are bound to one variable", m.Name, other, f.Name)
				}
				bound[variable] = f.Name
			}
		}
	}
}

// wordsOf splits a name in camel case or with hyphens into its words.
func wordsOf(name string) []string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.FieldsFunc(strings.ToLower(b.String()), func(r rune) bool { return r < 'a' || r > 'z' })
}

// allFields returns every member of every message, with where it is.
func allFields() map[string]Field {
	fields := map[string]Field{}
	var collect func(where string, m Message)
	collect = func(where string, m Message) {
		for _, f := range Fields(m) {
			fields[where+" "+f.Name] = f
			if f.Kind == KindObjects {
				collect(where+" "+f.Name, f.Element())
			}
		}
	}
	for _, m := range Methods() {
		collect(m.Name+" request", m.Request())
		collect(m.Name+" response", m.Response())
	}
	for _, e := range Events() {
		collect(e.Name+" event", e.Data())
	}
	return fields
}

// No message has room for what a person types or a passkey answers: an app can
// neither supply it nor get it. The members are texts with bounds, integers and
// lists of those; none is a place for bytes but those named here, all public.
//
// Mistakes M30, M34 (docs/mistakes.md).
func TestNoMemberCarriesACredentialWordsOrASecret(t *testing.T) {
	forbidden := []string{
		"passphrase", "password", "pin", "secret", "secrets", "word", "words", "mnemonic", "recovery", "entropy", "seed",
		"private", "credential", "credentials", "assertion", "attestation", "authenticator", "client", "challenge",
		"prf", "salt", "iterations", "wrapped", "sealed", "handle", "enrolment", "enrolments", "master",
	}
	public := []string{"nonce", "kid", "publicKey", "user", "leaf"}
	for where, f := range allFields() {
		for _, word := range wordsOf(f.Name) {
			if slices.Contains(forbidden, word) {
				t.Errorf("%s: the name has the word %q", where, word)
			}
		}
		if f.Base64 && !slices.Contains(public, f.Name) {
			t.Errorf("%s: bytes that are not known to be public", where)
		}
	}
}

// The list of what a request may carry at all is short; a new member is to be
// thought about.
//
// Mistakes M06, M30 (docs/mistakes.md).
func TestRequestsCarryOnlyTheseMembers(t *testing.T) {
	var got []string
	for where := range allFields() {
		if method, name, found := strings.Cut(where, " request "); found {
			got = append(got, method+" "+name)
		}
	}
	slices.Sort(got)
	want := []string{
		"audit.export from", "audit.export size", "audit.list from", "audit.list limit", "audit.prove kind", "audit.prove of",
		"audit.prove size", "audit.prune before", "hello nonce", "hello protocol", "vapid.delete kid", "vapid.publicKey kid",
		"vapid.sign aud", "vapid.sign exp", "vapid.sign kid", "vapid.sign sub", "vault.unlock user",
	}
	if !slices.Equal(got, want) {
		t.Errorf("requests carry\n%q, want\n%q", got, want)
	}
}

func TestNoMethodTakesBodies(t *testing.T) {
	s := NewSession(new(clock).read)
	for i, m := range Methods() {
		e := Envelope{ID: float64(i + 1), Method: m.Name, MethodUnits: len(m.Name), Params: "{}", ParamsUnits: 2, Bodies: 1}
		if _, refused := s.Admit(e); refused == nil {
			t.Errorf("%s was let in with a body", m.Name)
		}
	}
}

func TestResumedSessionTakesOnlyNewerIDs(t *testing.T) {
	s := ResumeSession(new(clock).read, 41)
	wantRefusal(t, s, request(41), 41, DuplicateID)
	wantAdmitted(t, s, request(42))
	if s.LastID() != 42 {
		t.Errorf("LastID is %d, want 42", s.LastID())
	}
}

func TestEventsAreUniqueAndDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Events() {
		if seen[e.Name] || !strings.HasSuffix(e.Doc, ".") {
			t.Errorf("event %q is declared twice or not documented", e.Name)
		}
		seen[e.Name] = true
	}
}
