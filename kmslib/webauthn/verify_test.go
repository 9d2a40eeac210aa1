// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
)

func TestGenuineAnswersVerify(t *testing.T) {
	for name, d := range map[string]*device{"ES256": newDevice(t), "RS256": newRSADevice(t)} {
		t.Run(name, func(t *testing.T) {
			expect := testExpect()
			d.flags |= flagBE | flagBS
			made, err := VerifyCreated(d.create(clientJSON(typeCreate, expect.Challenge, testOrigin, sameOrigin)), expect)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(made.ID, d.id) || !bytes.Equal(made.SPKI, d.spki()) || made.Alg != d.alg() ||
				made.Counter != 7 || !made.BackupEligible || !made.BackedUp ||
				string(made.AAGUID[:]) != "model of a key.." || !slices.Equal(made.Transports, []string{"usb"}) {
				t.Errorf("credential %+v", made)
			}
			counter := made.Counter
			for range 3 {
				d.counter++
				asserted := d.assert(clientJSON(typeGet, expect.Challenge, testOrigin, sameOrigin))
				counter, err = VerifyAsserted(t.Context(), keystest.Ops{}, asserted, expect, made.SPKI, made.Alg, counter)
				if err != nil || counter != d.counter {
					t.Fatalf("counter %d, %v", counter, err)
				}
			}
		})
	}
}

// refusal is an answer that is genuine but for one thing.
type refusal struct {
	name string
	want Step // "" if it is to be accepted

	device func(*device)
	client func(*clientParts)
	auth   func([]byte) []byte
	expect func(*Expect)
}

type clientParts struct {
	kind, origin, more string
	challenge          []byte
	whole              []byte // instead of all
}

func (p clientParts) bytes() []byte {
	if p.whole != nil {
		return p.whole
	}
	return clientJSON(p.kind, p.challenge, p.origin, p.more)
}

const embedded = `,"crossOrigin":true`

// commonRefusals holds for both create() and get().
var commonRefusals = []refusal{
	{name: "genuine"},
	{name: "more members in the client data", client: func(c *clientParts) { c.more += `,"new":{"a":[1,null]}` }},
	{name: "no crossOrigin", client: func(c *clientParts) { c.more = "" }},
	{name: "extensions", device: func(d *device) { d.extensions = unhex("a16b686d61632d736563726574f5") }},
	{name: "backed up", device: func(d *device) { d.flags |= flagBE | flagBS }},

	{name: "client data that is no JSON", want: StepFormat, client: func(c *clientParts) { c.whole = []byte("{") }},
	{name: "empty client data", want: StepFormat, client: func(c *clientParts) { c.whole = []byte{} }},
	{name: "client data that is an array", want: StepFormat, client: func(c *clientParts) { c.whole = []byte("[]") }},
	{name: "no type", want: StepFormat, client: func(c *clientParts) { c.whole = []byte(`{"challenge":"","origin":""}`) }},
	{name: "no origin", want: StepFormat, client: func(c *clientParts) { c.whole = []byte(`{"type":"","challenge":""}`) }},
	{name: "a type twice", want: StepFormat, client: func(c *clientParts) { c.more = `,"type":"webauthn.get"` }},
	{name: "crossOrigin as text", want: StepFormat, client: func(c *clientParts) { c.more = `,"crossOrigin":"false"` }},
	{name: "topOrigin as a number", want: StepFormat, client: func(c *clientParts) { c.more = `,"topOrigin":1` }},
	{name: "huge client data", want: StepFormat, client: func(c *clientParts) {
		c.more = `,"x":"` + string(bytes.Repeat([]byte("x"), maxClientData)) + `"`
	}},
	{name: "a byte too many", want: StepFormat, auth: func(a []byte) []byte { return append(a, 0) }},
	{name: "a byte too few", want: StepFormat, auth: func(a []byte) []byte { return a[:len(a)-1] }},
	{name: "no authenticator data", want: StepFormat, auth: func([]byte) []byte { return nil }},
	{name: "extensions that are missing", want: StepFormat, device: func(d *device) { d.extensions = []byte{} }},
	{name: "extensions that are no map", want: StepFormat, device: func(d *device) { d.extensions = []byte{0x80} }},
	{name: "backed up although it may not be", want: StepFormat, device: func(d *device) { d.flags |= flagBS }},

	{name: "another type", want: StepType, client: func(c *clientParts) { c.kind = "payment.get" }},
	{name: "another challenge", want: StepChallenge, client: func(c *clientParts) {
		c.challenge = bytes.Repeat([]byte("x"), ChallengeSize)
	}},
	{name: "no challenge", want: StepChallenge, client: func(c *clientParts) { c.challenge = nil }},
	{name: "a short challenge on both sides", want: StepChallenge,
		client: func(c *clientParts) { c.challenge = c.challenge[:15] },
		expect: func(e *Expect) { e.Challenge = e.Challenge[:15] }},
	{name: "no challenge on both sides", want: StepChallenge,
		client: func(c *clientParts) { c.challenge = nil }, expect: func(e *Expect) { e.Challenge = nil }},
	{name: "the app's origin", want: StepOrigin, client: func(c *clientParts) { c.origin = "https://app.example" }},
	{name: "a child of the origin", want: StepOrigin, client: func(c *clientParts) { c.origin = "https://x.kms.example" }},
	{name: "another port", want: StepOrigin, client: func(c *clientParts) { c.origin = testOrigin + ":8443" }},
	{name: "another scheme", want: StepOrigin, client: func(c *clientParts) { c.origin = "http://kms.example" }},

	{name: "embedded", want: StepCrossOrigin, client: func(c *clientParts) { c.more = embedded }},
	{name: "a top origin although not embedded", want: StepCrossOrigin,
		client: func(c *clientParts) { c.more = `,"topOrigin":"https://app.example"` }, expect: allowEmbedding},
	{name: "embedded elsewhere", want: StepCrossOrigin,
		client: func(c *clientParts) { c.more = embedded + `,"topOrigin":"https://evil.example"` }, expect: allowEmbedding},
	{name: "embedded as allowed", client: func(c *clientParts) { c.more = embedded + `,"topOrigin":"https://app.example"` },
		expect: allowEmbedding},
	{name: "embedded, with a browser that does not say where", client: func(c *clientParts) { c.more = embedded },
		expect: allowEmbedding},
	{name: "embedded where nobody knows", client: func(c *clientParts) { c.more = embedded + `,"topOrigin":"https://a.example"` },
		expect: func(e *Expect) { e.AllowCrossOrigin = true }},
	{name: "not embedded although allowed", expect: allowEmbedding},

	{name: "another relying party", want: StepRPID, device: func(d *device) { d.rpID = "app.example" }},
	{name: "a parent domain", want: StepRPID, device: func(d *device) { d.rpID = "example" },
		expect: func(e *Expect) { e.RPID = "example" }},
	{name: "no relying party", want: StepRPID, device: func(d *device) { d.rpID = "" }, expect: func(e *Expect) { e.RPID = "" }},
	{name: "nobody present", want: StepUserPresent, device: func(d *device) { d.flags &^= flagUP }},
	{name: "present, not verified", want: StepUserVerified, device: func(d *device) { d.flags &^= flagUV }},
	{name: "neither", want: StepUserPresent, device: func(d *device) { d.flags = 0 }},
}

func allowEmbedding(e *Expect) { e.AllowCrossOrigin, e.TopOrigin = true, "https://app.example" }

func unhex(digits string) []byte {
	raw, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	return raw
}

// parts returns the answer's parts with the one thing changed.
func (r refusal) parts(d *device, kind string) (client, authData []byte, expect Expect) {
	expect = testExpect()
	c := clientParts{kind, testOrigin, sameOrigin, expect.Challenge, nil}
	if r.device != nil {
		r.device(d)
	}
	if r.client != nil {
		r.client(&c)
	}
	if r.expect != nil {
		r.expect(&expect)
	}
	authData = d.authData(kind == typeCreate)
	if r.auth != nil {
		authData = r.auth(authData)
	}
	return c.bytes(), authData, expect
}

func TestEachStepRefusesACreation(t *testing.T) {
	for _, r := range append(slices.Clone(commonRefusals), refusal{
		name: "the answer of get()", want: StepType, client: func(c *clientParts) { c.kind = typeGet },
	}) {
		t.Run(r.name, func(t *testing.T) {
			d := newDevice(t)
			client, authData, expect := r.parts(d, typeCreate)
			created := d.create(client)
			created.AuthenticatorData = authData
			_, err := VerifyCreated(created, expect)
			expectStep(t, err, r.want)
		})
	}
}

// A gate opens for a verified assertion alone: whatever is not genuine about it,
// though well signed, is refused by its step.
//
// Mistake M04 (docs/mistakes.md).
func TestEachStepRefusesAnAssertion(t *testing.T) {
	for _, r := range append(slices.Clone(commonRefusals), refusal{
		name: "the answer of create()", want: StepType, client: func(c *clientParts) { c.kind = typeCreate },
	}) {
		t.Run(r.name, func(t *testing.T) {
			d := newDevice(t)
			client, authData, expect := r.parts(d, typeGet)
			_, err := VerifyAsserted(t.Context(), keystest.Ops{}, d.sign(authData, client), expect, d.spki(), d.alg(), 6)
			expectStep(t, err, r.want)
		})
	}
}

func TestCreationsWithAnotherCredentialAreRefused(t *testing.T) {
	other := newDevice(t)
	for _, c := range []struct {
		name   string
		change func(*Created)
	}{
		{"another key", func(c *Created) { c.SPKI = other.spki() }},
		{"no key", func(c *Created) { c.SPKI = nil }},
		{"a key with a byte more", func(c *Created) { c.SPKI = append(bytes.Clone(c.SPKI), 0) }},
		{"another algorithm", func(c *Created) { c.Alg = keys.RS256 }},
		{"no algorithm", func(c *Created) { c.Alg = 0 }},
		{"another id", func(c *Created) { c.CredentialID = []byte("another") }},
		{"no id", func(c *Created) { c.CredentialID = nil }},
		{"no new credential", func(c *Created) {
			c.AuthenticatorData = bytes.Clone(c.AuthenticatorData[:authenticatorHead])
			c.AuthenticatorData[hashSize] &^= flagAT
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect := testExpect()
			created := newDevice(t).create(clientJSON(typeCreate, expect.Challenge, testOrigin, sameOrigin))
			c.change(&created)
			_, err := VerifyCreated(created, expect)
			expectStep(t, err, StepCredential)
		})
	}
}

func TestAssertionsOfAnotherCredentialAreRefused(t *testing.T) {
	d := newDevice(t)
	for _, c := range []struct {
		name       string
		id, handle []byte // expected
		given      []byte // handle in the answer
		want       Step
	}{
		{"not asked", nil, nil, []byte("user"), ""},
		{"the right ones", []byte("credential"), []byte("user"), []byte("user"), ""},
		{"no handle in the answer", []byte("credential"), []byte("user"), nil, ""},
		{"another id", []byte("another"), nil, []byte("user"), StepCredential},
		{"another user", nil, []byte("another"), []byte("user"), StepCredential},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect := testExpect()
			expect.CredentialID, expect.UserHandle = c.id, c.handle
			asserted := d.assert(clientJSON(typeGet, expect.Challenge, testOrigin, sameOrigin))
			asserted.UserHandle = c.given
			_, err := VerifyAsserted(t.Context(), keystest.Ops{}, asserted, expect, d.spki(), d.alg(), 6)
			expectStep(t, err, c.want)
		})
	}
}

// Mistake M04 (docs/mistakes.md): nothing but the signature of the stored key
// over exactly these bytes.
func TestUnsignedAndAlteredAssertionsAreRefused(t *testing.T) {
	for name, d := range map[string]*device{"ES256": newDevice(t), "RS256": newRSADevice(t)} {
		expect := testExpect()
		client := clientJSON(typeGet, expect.Challenge, testOrigin, sameOrigin)
		genuine := d.assert(client)
		for _, c := range []struct {
			name   string
			change func(*Asserted)
		}{
			{"no signature", func(a *Asserted) { a.Signature = nil }},
			{"zeros for a signature", func(a *Asserted) { clear(a.Signature) }},
			{"an altered signature", func(a *Asserted) { a.Signature[len(a.Signature)-1] ^= 1 }},
			{"a cut signature", func(a *Asserted) { a.Signature = a.Signature[:len(a.Signature)-1] }},
			{"a lengthened signature", func(a *Asserted) { a.Signature = append(a.Signature, 0) }},
			{"the signature of another device", func(a *Asserted) { a.Signature = newDevice(t).assert(client).Signature }},
			{"a counter that was not signed", func(a *Asserted) { a.AuthenticatorData[authenticatorHead-1]++ }},
			{"client data that were not signed", func(a *Asserted) {
				a.ClientDataJSON = clientJSON(typeGet, expect.Challenge, testOrigin, `,"crossOrigin":false,"more":1`)
			}},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				a := genuine
				a.Signature, a.AuthenticatorData = bytes.Clone(a.Signature), bytes.Clone(a.AuthenticatorData)
				c.change(&a)
				_, err := VerifyAsserted(t.Context(), keystest.Ops{}, a, expect, d.spki(), d.alg(), 6)
				expectStep(t, err, StepSignature)
			})
		}
	}
}

func TestCountersMustRise(t *testing.T) {
	for _, c := range []struct {
		counter, last uint32
		want          Step
	}{
		{0, 0, ""},
		{1, 0, ""},
		{8, 7, ""},
		{1<<32 - 1, 7, ""},
		{7, 7, StepCounter},
		{6, 7, StepCounter},
		{0, 7, StepCounter},
		{0, 1<<32 - 1, StepCounter},
	} {
		d, expect := newDevice(t), testExpect()
		d.counter = c.counter
		asserted := d.assert(clientJSON(typeGet, expect.Challenge, testOrigin, sameOrigin))
		got, err := VerifyAsserted(t.Context(), keystest.Ops{}, asserted, expect, d.spki(), d.alg(), c.last)
		expectStep(t, err, c.want)
		if err == nil && got != c.counter || err != nil && got != 0 {
			t.Errorf("%d after %d: returned %d", c.counter, c.last, got)
		}
	}
}

// A platform that cannot verify does not make an answer good or bad.
func TestFailuresOfThePlatformAreReportedAsSuch(t *testing.T) {
	d, expect := newDevice(t), testExpect()
	asserted := d.assert(clientJSON(typeGet, expect.Challenge, testOrigin, sameOrigin))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		alg  keys.Algorithm
		want error
	}{
		"cancelled":         {cancelled, keys.ES256, context.Canceled},
		"another algorithm": {t.Context(), -8, keys.ErrNotSupported},
	} {
		_, err := VerifyAsserted(c.ctx, keystest.Ops{}, asserted, expect, d.spki(), c.alg, 6)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestErrorsRepeatNothingOfTheAnswer(t *testing.T) {
	d, expect := newDevice(t), testExpect()
	const marker = "https://marker.example"
	_, err := VerifyCreated(d.create(clientJSON(typeCreate, expect.Challenge, marker, "")), expect)
	if err == nil || bytes.Contains([]byte(err.Error()), []byte("marker")) {
		t.Errorf("error %v", err)
	}
}

func TestChallengesDiffer(t *testing.T) {
	random := bytes.NewReader(slices.Concat(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)))
	a, err1 := NewChallenge(random)
	b, err2 := NewChallenge(random)
	if err1 != nil || err2 != nil || len(a) != ChallengeSize || bytes.Equal(a, b) {
		t.Errorf("challenges %x, %x, %v, %v", a, b, err1, err2)
	}
	if _, err := NewChallenge(random); err == nil {
		t.Error("a challenge without randomness")
	}
}
