// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
)

// shows has the person see these details on the next confirm screen, and act.
func (p *party) shows(want, action string) {
	p.person.Then(ceremonytest.Step{Screen: "confirm", Answer: func(screen ceremony.Screen) (ceremony.Input, error) {
		details, _ := screen.Data.Get("details")
		if got := string(details.Append(nil)); got != want {
			p.t.Errorf("the person sees %s, want %s", got, want)
		}
		return ceremonytest.Do(action)(screen)
	}})
}

// detail is one line of a confirm screen.
func detail(name, value string) string { return `{"name":"` + name + `","value":"` + value + `"}` }

func TestSafetyNumbersAreEqualUnlessTheKeysAreNot(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	ours, theirs := ada.call("signal.safetyNumber", `{"name":"bob"}`), bob.call("signal.safetyNumber", `{"name":"ada"}`)
	if ours.text("digits") != theirs.text("digits") || len(ours.text("digits")) != 60 || ours.text("scanned") != "" {
		t.Errorf("ada sees %s, bob %s", ours.value.Append(nil), theirs.value.Append(nil))
	}
	for code, want := range map[string]string{string(theirs.bodies[0]): ScannedSame, string(ours.bodies[0]): ScannedDifferent} {
		if got := ada.call("signal.safetyNumber", `{"name":"bob"}`, []byte(code)).text("scanned"); got != want {
			t.Errorf("what was scanned is %s, want %s", got, want)
		}
	}
	refused := ada.refused(InvalidParams, "signal.safetyNumber", `{"name":"bob"}`, []byte("https://example"))
	if strings.Contains(refused.Message, "example") {
		t.Errorf("the refusal repeats what was scanned: %q", refused.Message)
	}
	ada.refused(UnknownContact, "signal.safetyNumber", `{"name":"eve"}`)
}

// changedKey returns a pair of which the first has heard of a new key of the
// second, who set up anew.
func changedKey(t *testing.T) (ada, bob, anew *party) {
	t.Helper()
	ada, bob = newPair(t)
	ada.send(bob, "hello")
	bob.send(ada, "hello")
	anew = newParty(t, "bob", "")
	anew.start(ada)
	opened := anew.send(ada, "it is me, on a new phone")
	if opened.text("identityChanged") != "true" {
		t.Fatalf("the first message under a new key is %s", opened.value.Append(nil))
	}
	return ada, bob, anew
}

func TestChangedKeyIsAcceptedByThePersonAlone(t *testing.T) {
	ada, bob, anew := changedKey(t)
	ada.refused(IdentityChanged, "signal.encrypt", `{"name":"bob","device":1}`, []byte("secret"))
	contact := ada.call("signal.trust.get", `{"name":"bob"}`)
	key := anew.call("signal.identity.public", "{}").text("identityKey")
	if contact.text("state") != "changed" || contact.text("identityKey") != key || contact.text("previousKey") != bob.call("signal.identity.public", "{}").text("identityKey") {
		t.Fatalf("the contact is %s", contact.value.Append(nil))
	}
	number := inFives(ada.call("signal.safetyNumber", `{"name":"bob"}`).text("digits"))
	params := `{"name":"bob","identityKey":"` + key + `"}`
	seen := "[" + detail("name", "bob") + "," + detail("identityKey", key) + "," + detail("safetyNumber", number) + "]"
	ada.shows(seen, "deny")
	ada.refused(Denied, "signal.trust.accept", params)
	ada.refused(IdentityChanged, "signal.encrypt", `{"name":"bob","device":1}`, []byte("secret"))
	ada.shows(seen, "approve")
	if got := ada.call("signal.trust.accept", params).text("state"); got != "first-use" {
		t.Errorf("an accepted contact is %s", got)
	}
	anew.send(ada, "still me")
	ada.send(anew, "welcome")
	if err := ada.person.Err(); err != nil {
		t.Error(err)
	}
}

// The key from before can be chosen again, and the number that is shown is that
// of the key that the request names.
func TestNewKeyCanBeRefused(t *testing.T) {
	ada, bob, _ := changedKey(t)
	key := bob.call("signal.identity.public", "{}").text("identityKey")
	number := inFives(bob.call("signal.safetyNumber", `{"name":"ada"}`).text("digits"))
	ada.shows("["+detail("name", "bob")+","+detail("identityKey", key)+","+detail("safetyNumber", number)+"]", "approve")
	if got := ada.call("signal.trust.accept", `{"name":"bob","identityKey":"`+key+`"}`); got.text("identityKey") != key {
		t.Errorf("the contact is %s", got.value.Append(nil))
	}
}

func TestNobodyIsAskedAboutAKeyThatIsNotTheContacts(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	ada.refused(IdentityChanged, "signal.trust.accept", `{"name":"bob","identityKey":"`+testCurveKey+`"}`)
	ada.refused(UnknownContact, "signal.trust.verify", `{"name":"eve","identityKey":"`+testCurveKey+`","verified":true}`)
	ada.refused(InvalidParams, "signal.trust.accept", `{"name":"bob","identityKey":"`+strings.Repeat("A", curveLength)+`"}`)
	if shown := ada.person.Shown(); len(shown) != 0 {
		t.Errorf("%d screens were shown", len(shown))
	}
}

func TestVerifiedMarkIsThePersonsAndFallsWithTheKey(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	bob.send(ada, "hello")
	key := bob.call("signal.identity.public", "{}").text("identityKey")
	for _, test := range []struct{ verified, state string }{{"true", "verified"}, {"false", "first-use"}, {"true", "verified"}} {
		ada.does("confirm", "approve")
		got := ada.call("signal.trust.verify", `{"name":"bob","identityKey":"`+key+`","verified":`+test.verified+`}`).text("state")
		if got != test.state {
			t.Errorf("verified %s makes %s", test.verified, got)
		}
	}
	anew := newParty(t, "bob", "")
	anew.start(ada)
	anew.send(ada, "new phone")
	if got := ada.call("signal.trust.list", "{}").text("contacts.0.state"); got != "changed" {
		t.Errorf("after a change the contact is %s", got)
	}
}

func TestDeletingAnIdentityIsThePersonsToConfirm(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	bob.shows("["+detail("name", "bob")+","+detail("device", "1")+"]", "deny")
	bob.refused(Denied, "signal.identity.delete", "{}")
	ada.send(bob, "still there")
	bob.does("confirm", "approve")
	bob.call("signal.identity.delete", "{}")
	bob.refused(NoIdentity, "signal.identity.public", "{}")
	if got := bob.call("signal.session.list", "{}").text("sessions"); got != "[]" {
		t.Errorf("sessions are left: %s", got)
	}
}
