// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/wire"
)

// party is somebody with a vault of their own, who uses an app.
type party struct {
	*bench
	t    *testing.T
	name string
	id   int64
}

// newParty has an open vault with a Signal identity.
func newParty(t *testing.T, name, options string) *party {
	t.Helper()
	p := &party{bench: newOpenBench(t), t: t, name: name}
	p.call("signal.identity.create", `{"name":"`+name+`","device":1`+options+`}`)
	return p
}

// newPair has a session from the first to the second, who knows nothing of it yet.
func newPair(t *testing.T) (ada, bob *party) {
	t.Helper()
	ada, bob = newParty(t, "ada", ""), newParty(t, "bob", "")
	ada.start(bob)
	return ada, bob
}

// result is what a request gave.
type result struct {
	value  wire.Value
	bodies [][]byte
}

// text returns a member, or a member of a member, as text.
func (r result) text(path string) string {
	value := r.value
	for name := range strings.SplitSeq(path, ".") {
		var found bool
		if place, err := strconv.Atoi(name); err == nil {
			elements, _ := value.Elements()
			if found = place < len(elements); found {
				value = elements[place]
			}
		} else {
			value, found = value.Get(name)
		}
		if !found {
			return ""
		}
	}
	if text, ok := value.AsString(); ok {
		return text
	}
	return string(value.Append(nil))
}

func (p *party) ask(method, params string, bodies ...[]byte) (Answer, *Error) {
	p.id++
	return Call(p.t.Context(), p, testCaller, Request{ID: p.id, Method: method, Params: params, Bodies: cloneAll(bodies)})
}

func cloneAll(bodies [][]byte) [][]byte {
	clones := make([][]byte, len(bodies))
	for i, b := range bodies {
		clones[i] = append([]byte{}, b...)
	}
	return clones
}

// call runs a request that must succeed. As the channel does, it takes the bodies
// away once they are sent.
func (p *party) call(method, params string, bodies ...[]byte) result {
	p.t.Helper()
	answer, refused := p.ask(method, params, bodies...)
	if refused != nil {
		p.t.Fatalf("%s: %s %s: %v", p.name, method, params, refused)
	}
	value, err := wire.ParseCanonical([]byte(answer.Result))
	if err != nil {
		p.t.Fatal(err)
	}
	sent := cloneAll(answer.Bodies)
	clearAll(answer.Bodies)
	return result{value, sent}
}

func (p *party) refused(code Code, method, params string, bodies ...[]byte) *Error {
	p.t.Helper()
	_, refused := p.ask(method, params, bodies...)
	if refused == nil || refused.Code != code {
		p.t.Fatalf("%s: %s %s: %v, want %s", p.name, method, params, refused, code)
	}
	return refused
}

// bundle returns what a server hands out of p, with the one-time prekeys of that
// place among those that were published.
func (p *party) bundle(published result, place int) string {
	member := func(name, path string) string {
		text := published.text(path)
		if strings.HasSuffix(path, "Key") && !strings.HasPrefix(text, "{") {
			text = `"` + text + `"`
		}
		return `"` + name + `":` + text
	}
	at := "." + strconv.Itoa(place)
	return "{" + strings.Join([]string{
		member("registrationId", "registrationId"), member("identityKey", "identityKey"), member("signedPreKey", "signedPreKey"),
		member("preKey", "oneTime"+at), member("kyberPreKey", "kyber"+at),
	}, ",") + "}"
}

// start starts a session with another party.
func (p *party) start(with *party) result {
	p.t.Helper()
	bundle := with.bundle(with.call("signal.prekeys.publish", `{"oneTime":3}`), 0)
	return p.call("signal.session.start", `{"bundle":`+bundle+`,`+with.peer()+`}`)
}

// peer returns the members that name p's device.
func (p *party) peer() string { return `"name":"` + p.name + `","device":1` }

// envelope is a message on its way.
type envelope struct {
	kind string // its type
	body []byte
}

func (p *party) encrypt(to *party, text string) envelope {
	p.t.Helper()
	sealed := p.call("signal.encrypt", `{`+to.peer()+`}`, []byte(text))
	return envelope{sealed.text("type"), sealed.bodies[0]}
}

func (p *party) decrypt(from *party, e envelope) result {
	p.t.Helper()
	return p.call("signal.decrypt", `{"type":`+e.kind+`,`+from.peer()+`}`, e.body)
}

// send sends a text and wants it to arrive.
func (p *party) send(to *party, text string) result {
	p.t.Helper()
	opened := to.decrypt(p, p.encrypt(to, text))
	if got := string(opened.bodies[0]); got != text {
		p.t.Fatalf("%s reads %q, want %q", to.name, got, text)
	}
	return opened
}

func TestTwoPeopleTalkByRequests(t *testing.T) {
	ada, bob := newPair(t)
	first := ada.send(bob, "hello bob")
	if first.text("newSession") != "true" || first.text("identityChanged") != "false" || first.text("preKeyUsed") == "" {
		t.Errorf("the first message is %s", first.value.Append(nil))
	}
	ada.send(bob, "")
	for i := range 20 {
		bob.send(ada, "to ada "+strconv.Itoa(i))
		ada.send(bob, "to bob "+strconv.Itoa(i))
	}
	late, early := ada.encrypt(bob, "one"), ada.encrypt(bob, "two")
	bob.decrypt(ada, early)
	bob.decrypt(ada, late)
	bob.refused(DuplicateMessage, "signal.decrypt", `{"type":2,`+ada.peer()+`}`, late.body)
	list := ada.call("signal.session.list", "{}")
	for path, want := range map[string]string{
		"sessions.0.name": "bob", "sessions.0.active": "true", "sessions.0.acknowledged": "true", "sessions.0.version": "4",
		"sessions.0.postQuantum": "true", "sessions.0.archived": "0", "sessions.1": "",
	} {
		if got := list.text(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	count := bob.call("signal.prekeys.count", "{}")
	if count.text("oneTime") != "2" || count.text("kyber") != "2" || count.text("rotationDue") != "false" {
		t.Errorf("left are %s", count.value.Append(nil))
	}
	if got := bob.call("signal.trust.get", `{"name":"ada"}`); got.text("state") != "first-use" || got.text("identityKey") != ada.call("signal.identity.public", "{}").text("identityKey") {
		t.Errorf("bob knows of ada: %s", got.value.Append(nil))
	}
	if got := bob.call("signal.trust.list", "{}").text("contacts.0.name"); got != "ada" {
		t.Errorf("bob's first contact is %q", got)
	}
}

func TestPublishedPreKeysAreNewOnes(t *testing.T) {
	bob := newParty(t, "bob", "")
	seen := map[string]bool{}
	for _, want := range []int{100, 0} {
		published := bob.call("signal.prekeys.publish", "{}")
		for _, list := range []string{"oneTime", "kyber"} {
			value, _ := published.value.Get(list)
			elements, _ := value.Elements()
			if len(elements) != want {
				t.Errorf("%d of %s are published, want %d", len(elements), list, want)
			}
			for i := range elements {
				key := published.text(list + "." + strconv.Itoa(i) + ".publicKey")
				if seen[key] {
					t.Errorf("a key of %s is published twice", list)
				}
				seen[key] = true
			}
		}
		if len(published.text("signedPreKey.signature")) != signatureLength || len(published.text("lastResort.publicKey")) != kyberLength {
			t.Error("the signed prekeys are missing")
		}
	}
	before := bob.call("signal.prekeys.publish", "{}").text("signedPreKey.id")
	if after := bob.call("signal.prekeys.rotate", "{}").text("signedPreKey.id"); after == before {
		t.Error("rotating makes no other signed prekey")
	}
}

func TestBatchesGoOnAfterAMessageThatIsRefused(t *testing.T) {
	ada, bob := newPair(t)
	nobody := `{"name":"nobody","device":1}`
	sealed := ada.call("signal.encryptBatch", `{"messages":[{`+bob.peer()+`},`+nobody+`,{`+bob.peer()+`}]}`, []byte("one"), []byte("two"), []byte("three"))
	if got := sealed.text("results.1"); got != `{"code":"no_session"}` || len(sealed.bodies) != 3 || len(sealed.bodies[1]) != 0 {
		t.Fatalf("the second result is %s with %d of %d bodies", got, len(sealed.bodies[1]), len(sealed.bodies))
	}
	forged := bytes.Clone(sealed.bodies[0])
	forged[len(forged)-60] ^= 1
	from := func(kind string) string { return `{"type":` + kind + `,` + ada.peer() + `}` }
	kinds := []string{from("3"), from("3"), from("2"), from("3"), from("3"), `{"type":2,"name":"nobody","device":1}`}
	opened := bob.call("signal.decryptBatch", `{"messages":[`+strings.Join(kinds, ",")+`]}`,
		forged, sealed.bodies[2], []byte("\x44 no message"), sealed.bodies[0], sealed.bodies[2], sealed.bodies[0][:50])
	var codes []string
	for i := range kinds {
		codes = append(codes, opened.text("results."+strconv.Itoa(i)+".code"))
	}
	if want := []string{"message_not_authentic", "", "message_malformed", "", "duplicate_message", "message_malformed"}; !slices.Equal(codes, want) {
		t.Errorf("the codes are %q, want %q", codes, want)
	}
	for i, want := range []string{"", "three", "", "one", "", ""} {
		if got := string(opened.bodies[i]); got != want {
			t.Errorf("plaintext %d is %q, want %q", i, got, want)
		}
	}
	entries := bob.call("audit.list", "{}").text("entries")
	if strings.Count(entries, `"method":"signal.decryptBatch"`) != 1 || !strings.Contains(entries, `"detail":"2-of-6"`) {
		t.Errorf("the log of a batch is %s", entries)
	}
}

// A step runs again after another tab was faster: nothing of the first time is left.
func TestStepsCanBeRepeated(t *testing.T) {
	ada, bob := newPair(t)
	ada.store.conflicts.Store(2)
	sealed := ada.call("signal.encryptBatch", `{"messages":[{`+bob.peer()+`},{`+bob.peer()+`}]}`, []byte("one"), []byte("two"))
	if len(sealed.bodies) != 2 || sealed.text("results.2") != "" {
		t.Fatalf("%d results of 2 messages", len(sealed.bodies))
	}
	bob.store.conflicts.Store(2)
	opened := bob.call("signal.decryptBatch", `{"messages":[{"type":3,`+ada.peer()+`},{"type":3,`+ada.peer()+`}]}`, sealed.bodies...)
	if len(opened.bodies) != 2 || string(opened.bodies[0]) != "one" || string(opened.bodies[1]) != "two" {
		t.Errorf("bob reads %q", opened.bodies)
	}
	bob.store.conflicts.Store(100)
	bob.refused(Busy, "signal.encrypt", `{`+ada.peer()+`}`, []byte("x"))
}

func TestLogHasNeitherNamesNorContent(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "a plaintext that nobody logs")
	bob.send(ada, "nor this answer")
	for _, p := range []*party{ada, bob} {
		entries := p.call("audit.list", "{}").text("entries")
		for _, never := range []string{"plaintext", "answer", `"ada"`, `"bob"`, "ada.1", "bob.1"} {
			if strings.Contains(entries, never) {
				t.Errorf("the log of %s has %q: %s", p.name, never, entries)
			}
		}
		if !strings.Contains(entries, `"method":"signal.decrypt"`) || !strings.Contains(entries, "-bytes") {
			t.Errorf("the log of %s is %s", p.name, entries)
		}
	}
}

func TestIdentityIsOfOneOrigin(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	bob.does("grant", "approve")
	call(t, bob, otherCaller, "vault.unlock", "{}", "user")
	wantCode(t, bob, otherCaller, "signal.identity.public", "{}", NoIdentity)
	if got := call(t, bob, otherCaller, "signal.session.list", "{}", "sessions"); got != "[]" {
		t.Errorf("another origin sees the sessions %s", got)
	}
	call(t, bob, otherCaller, "signal.identity.create", `{"name":"eve","device":2}`, "identityKey")
	if got := bob.call("signal.identity.public", "{}").text("name"); got != "bob" {
		t.Errorf("the identity is %q", got)
	}
}

func TestOldestProtocolIsWhatTheAppSays(t *testing.T) {
	for word, oldest := range map[string]string{"": OldestTripleRatchet, `,"oldest":"pqxdh"`: OldestPQXDH, `,"oldest":"x3dh"`: OldestX3DH} {
		p := newParty(t, "ada", word)
		if got := p.call("signal.identity.public", "{}").text("oldest"); got != oldest {
			t.Errorf("the oldest protocol is %s, want %s", got, oldest)
		}
	}
}

func TestARefusedMessageIsOnTheLog(t *testing.T) {
	ada, bob := newPair(t)
	e := ada.encrypt(bob, "once")
	bob.decrypt(ada, e)
	for range 3 {
		bob.refused(DuplicateMessage, "signal.decrypt", `{"type":`+e.kind+`,`+ada.peer()+`}`, e.body)
	}
	entries := bob.call("audit.list", "{}").text("entries")
	if n := strings.Count(entries, `"outcome":"duplicate_message"`); n != 1 {
		t.Errorf("%d entries about refusals that are alike, want one and later their number: %s", n, entries)
	}
	if strings.Contains(entries, ada.name) {
		t.Errorf("the log says with whom the person talks: %s", entries)
	}
}
