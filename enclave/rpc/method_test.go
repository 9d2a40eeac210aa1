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
		for _, other := range Methods() {
			if strings.HasPrefix(other.Name, m.Name+".") {
				t.Errorf("%s is both a method and a part of %s: clients have the names as a tree", m.Name, other.Name)
			}
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

// eachMessage calls visit for every request, response and object in them.
func eachMessage(visit func(where string, m Message)) {
	var walk func(where string, m Message)
	walk = func(where string, m Message) {
		visit(where, m)
		for _, f := range Fields(m) {
			if inner := f.Element(); inner != nil {
				walk(where+" "+f.Name, inner)
			}
		}
	}
	for _, m := range Methods() {
		walk(m.Name+" request", m.Request())
		walk(m.Name+" response", m.Response())
	}
	for _, e := range Events() {
		walk(e.Name+" event", e.Data())
	}
}

func TestEveryMemberIsDeclaredOnceWithBoundsThatMakeSense(t *testing.T) {
	eachMessage(func(where string, m Message) {
		seen := map[string]bool{}
		for _, f := range Fields(m) {
			where := where + " " + f.Name
			if seen[f.Name] || f.Name == "" || !strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s: declared twice or not documented", where)
			}
			seen[f.Name] = true
			if f.Min < 0 || f.Max < f.Min {
				t.Errorf("%s: bounds %d to %d", where, f.Min, f.Max)
			}
			if bounded := f.Kind != KindBool && f.Kind != KindObject; f.Optional && bounded && f.Min < 1 {
				t.Errorf("%s: optional, but its bounds allow the zero value, which stands for absent", where)
			}
			if variable(f) == nil {
				t.Errorf("%s: not bound to a variable", where)
			}
		}
	})
}

// variable returns where a field has its value, in a form that can be compared.
func variable(f Field) any {
	switch f.Kind {
	case KindString:
		return f.str
	case KindInteger:
		return f.number
	case KindStrings:
		return f.strings
	case KindObjects:
		return f.objects
	case KindBool:
		return f.flag
	case KindObject:
		return f.object
	}
	return nil
}

func TestEachMemberIsBoundToItsOwnVariable(t *testing.T) {
	eachMessage(func(where string, m Message) {
		bound := map[any]string{}
		for _, f := range Fields(m) {
			if other, twice := bound[variable(f)]; twice {
				t.Errorf("%s: %s and %s are bound to one variable", where, other, f.Name)
			}
			bound[variable(f)] = f.Name
		}
	})
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
	eachMessage(func(where string, m Message) {
		for _, f := range Fields(m) {
			fields[where+" "+f.Name] = f
		}
	})
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
	public := []string{"nonce", "kid", "publicKey", "user", "leaf", "identityKey", "previousKey", "signature", "group"}
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

// signalMembers are the members of requests of Signal's methods.
var signalMembers = map[string]string{
	"identity.create": "name, device, registrationId, oldest",
	"prekeys.publish": "oneTime",
	"session.start": "name, device, bundle, bundle registrationId, bundle identityKey, bundle signedPreKey, bundle signedPreKey id, " +
		"bundle signedPreKey publicKey, bundle signedPreKey signature, bundle preKey, bundle preKey id, bundle preKey publicKey, " +
		"bundle kyberPreKey, bundle kyberPreKey id, bundle kyberPreKey publicKey, bundle kyberPreKey signature",
	"session.close":     "name, device",
	"session.archive":   "name, device",
	"encrypt":           "name, device",
	"encryptBatch":      "messages, messages name, messages device",
	"decrypt":           "name, device, type",
	"decryptBatch":      "messages, messages name, messages device, messages type",
	"retry":             "name, device, type, timestamp",
	"group.create":      "group",
	"group.rotate":      "group",
	"group.leave":       "group",
	"group.process":     "name, device",
	"group.encrypt":     "group",
	"group.decrypt":     "name, device",
	"safetyNumber":      "name",
	"trust.get":         "name",
	"trust.accept":      "name, identityKey",
	"trust.verify":      "name, identityKey, verified",
	"attachment.begin":  "mode",
	"attachment.update": "stream",
	"attachment.finish": "stream",
	"attachment.cancel": "stream",
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
	for method, names := range signalMembers {
		for name := range strings.SplitSeq(names, ", ") {
			want = append(want, "signal."+method+" "+name)
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("requests carry\n%q, want\n%q", got, want)
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
