// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony/ceremonytest"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/vault"
)

// aged passes days and opens the vault of p again, which has locked itself.
func (p *party) aged(days int64) {
	p.t.Helper()
	p.clock.Advance(days * 24 * 60 * 60)
	p.person.Then(ceremonytest.Step{Screen: "unlock", Answer: ceremonytest.Give("passphrase", testPassphrase)})
	p.call("vault.unlock", "{}")
}

// counterAt is where a message has its counter, after the version and the
// ratchet key: field 2 of package message.
const counterAt = 1 + 2 + 33 + 1

// skipping returns a message that claims to be far ahead of all others.
func skipping(body []byte) []byte {
	head := binary.AppendUvarint(slices.Clone(body[:counterAt]), 30_000)
	return append(head, body[counterAt+1:]...)
}

// signalCases end each with one of the codes of Signal's protocol.
var signalCases = map[Code]func(t *testing.T){
	NoIdentity: func(t *testing.T) {
		p := &party{bench: newOpenBench(t), t: t, name: "ada"}
		for _, m := range Methods() {
			bodies := bodiesOf(m.Name)
			switch {
			case !slices.Contains(m.Errors, NoIdentity):
				continue
			case strings.HasPrefix(m.Name, "signal.decrypt"):
				bodies = [][]byte{someMessage}
			}
			p.refused(NoIdentity, m.Name, paramsOf(m.Name), bodies...)
		}
		if len(p.person.Shown()) > 0 {
			t.Error("the person is asked about an identity that there is not")
		}
	},
	AlreadyExists: func(t *testing.T) {
		newParty(t, "ada", "").refused(AlreadyExists, "signal.identity.create", `{"name":"eve","device":1}`)
	},
	NoSession: func(t *testing.T) {
		ada := newParty(t, "ada", "")
		for _, method := range []string{"signal.session.close", "signal.session.archive", "signal.encrypt"} {
			ada.refused(NoSession, method, paramsOf(method), bodiesOf(method)...)
		}
		ada, bob := newPair(t)
		ada.call("signal.session.archive", `{`+bob.peer()+`}`)
		ada.refused(NoSession, "signal.encrypt", `{`+bob.peer()+`}`, []byte("x"))
	},
	IdentityChanged: func(t *testing.T) {
		ada, _, _ := changedKey(t)
		ada.refused(IdentityChanged, "signal.encrypt", `{"name":"bob","device":1}`, []byte("x"))
		sealed := ada.call("signal.encryptBatch", `{"messages":[{"name":"bob","device":1}]}`, []byte("x"))
		if got := sealed.text("results.0.code"); got != string(IdentityChanged) {
			t.Errorf("in a batch it is %q", got)
		}
	},
	DuplicateMessage: func(t *testing.T) {
		ada, bob := newPair(t)
		e := ada.encrypt(bob, "once")
		bob.decrypt(ada, e)
		bob.refused(DuplicateMessage, "signal.decrypt", `{"type":`+e.kind+`,`+ada.peer()+`}`, e.body)
	},
	MessageTooFarAhead: func(t *testing.T) {
		ada, bob := newPair(t)
		ada.send(bob, "hello")
		bob.send(ada, "hello")
		e := ada.encrypt(bob, "far")
		bob.refused(MessageTooFarAhead, "signal.decrypt", `{"type":2,`+ada.peer()+`}`, skipping(e.body))
		bob.decrypt(ada, e)
	},
	MessageNotAuthentic: func(t *testing.T) {
		ada, bob := newPair(t)
		ada.send(bob, "hello")
		bob.send(ada, "hello")
		e := ada.encrypt(bob, "true")
		forged := slices.Clone(e.body)
		forged[len(forged)-1] ^= 1
		bob.refused(MessageNotAuthentic, "signal.decrypt", `{"type":2,`+ada.peer()+`}`, forged)
		bob.decrypt(ada, e)
	},
	MessageMalformed: func(t *testing.T) {
		ada, bob := newPair(t)
		const said = "what a peer wrote"
		for _, kind := range []string{"2", "3", "8"} {
			refused := ada.refused(MessageMalformed, "signal.decrypt", `{"type":`+kind+`,`+bob.peer()+`}`, []byte("\x44"+said))
			if strings.Contains(refused.Message, said) {
				t.Errorf("%q repeats the message", refused.Message)
			}
		}
		ada.refused(MessageMalformed, "signal.group.process", `{`+bob.peer()+`}`, []byte("\x33"+said))
		ada.refused(MessageMalformed, "signal.group.decrypt", `{`+bob.peer()+`}`, []byte("\x33"+said))
	},
	UnsupportedMessage: func(t *testing.T) {
		ada, bob := newParty(t, "ada", ""), newParty(t, "bob", "")
		bundle := bob.bundle(bob.call("signal.prekeys.publish", "{}"), 0)
		old := bundle[:strings.Index(bundle, `,"kyberPreKey"`)] + "}"
		ada.refused(UnsupportedMessage, "signal.session.start", `{"bundle":`+old+`,`+bob.peer()+`}`)
		ada.refused(UnsupportedMessage, "signal.decrypt", `{"type":2,`+bob.peer()+`}`, []byte("\x22 a message of version 2, which is long over"))
	},
	PreKeyGone: func(t *testing.T) {
		ada, bob, eve := newParty(t, "ada", ""), newParty(t, "bob", ""), newParty(t, "eve", "")
		bundle := `{"bundle":` + bob.bundle(bob.call("signal.prekeys.publish", "{}"), 0) + `,` + bob.peer() + `}`
		ada.call("signal.session.start", bundle)
		eve.call("signal.session.start", bundle)
		ada.send(bob, "first")
		e := eve.encrypt(bob, "second")
		bob.refused(PreKeyGone, "signal.decrypt", `{"type":`+e.kind+`,`+eve.peer()+`}`, e.body)
	},
	SessionStale: func(t *testing.T) {
		ada, bob := newPair(t)
		ada.send(bob, "hello?")
		ada.aged(31)
		ada.refused(SessionStale, "signal.encrypt", `{`+bob.peer()+`}`, []byte("hello??"))
	},
	InvalidBundle: func(t *testing.T) {
		ada, bob := newParty(t, "ada", ""), newParty(t, "bob", "")
		published := bob.call("signal.prekeys.publish", "{}")
		mixed := strings.Replace(bob.bundle(published, 0), published.text("identityKey"), ada.call("signal.identity.public", "{}").text("identityKey"), 1)
		ada.refused(InvalidBundle, "signal.session.start", `{"bundle":`+mixed+`,`+bob.peer()+`}`)
	},
	UnknownContact: func(t *testing.T) {
		newParty(t, "ada", "").refused(UnknownContact, "signal.safetyNumber", `{"name":"bob"}`)
	},
	UnknownGroup: func(t *testing.T) {
		ada := newParty(t, "ada", "")
		for _, method := range []string{"signal.group.rotate", "signal.group.leave", "signal.group.encrypt"} {
			ada.refused(UnknownGroup, method, groupParams, bodiesOf(method)...)
		}
	},
	UnknownStream: func(t *testing.T) {
		ada := newParty(t, "ada", "")
		for _, method := range []string{"signal.attachment.update", "signal.attachment.finish", "signal.attachment.cancel"} {
			ada.refused(UnknownStream, method, `{"stream":"AAAAAAAAAAAAAAAAAAAAAA"}`, bodiesOf(method)...)
		}
	},
}

// someMessage is a message of type 2 in form.
var someMessage = slices.Concat([]byte{0x44, 0x0a, 0x21, 5}, make([]byte, 32), []byte{0x10, 0, 0x22, 0x10}, make([]byte, 24))

func TestEveryCodeOfSignalsMethodsIsReached(t *testing.T) {
	for _, m := range signalTable {
		for _, code := range m.Errors {
			if implied := find("vapid.list").Errors; !slices.Contains(implied, code) && signalCases[code] == nil {
				t.Errorf("%s lists %s, which nothing shows", m.Name, code)
			}
		}
	}
	for code, reach := range signalCases {
		t.Run(string(code), reach)
	}
}

func TestEveryErrorOfSessionsHasACode(t *testing.T) {
	for _, r := range signalRefusals {
		cause := errors.Join(errors.New("what a peer wrote"), r.err)
		refused, ok := errors.AsType[*Error](refusalOf(cause))
		if !ok || refused.Code != r.code || refused.Message != r.text {
			t.Errorf("%v becomes %v, want %s", r.err, refused, r.code)
		}
	}
	for _, test := range []struct {
		err  error
		code Code
	}{
		{&session.InputError{Field: "type", Reason: "expected 2, 3 or 8"}, InvalidParams},
		{&session.StateError{Kind: session.KindSession, Reason: "damaged"}, StorageUnavailable},
		{&vault.LimitError{What: "attachments open at once", Limit: 4}, TooLarge},
	} {
		if refused, ok := errors.AsType[*Error](refusalOf(test.err)); !ok || refused.Code != test.code {
			t.Errorf("%v becomes %v, want %s", test.err, refused, test.code)
		}
	}
}

func TestFaultsEndABatchWhole(t *testing.T) {
	ada, bob := newPair(t)
	ada.store.fail(&vault.StorageError{Op: "get", Kind: vault.StorageUnavailable})
	ada.refused(StorageUnavailable, "signal.encryptBatch", `{"messages":[{`+bob.peer()+`}]}`, []byte("x"))
	ada.store.err.Store(nil)
	nobody := &party{bench: newOpenBench(t), t: t}
	nobody.refused(NoIdentity, "signal.encryptBatch", `{"messages":[{`+bob.peer()+`}]}`, []byte("x"))
	for _, code := range singleCodes() {
		if code == string(NoIdentity) || code == string(Internal) {
			t.Errorf("%s is not of one message", code)
		}
	}
}
