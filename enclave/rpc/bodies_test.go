// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/ceremony"
)

func TestBodiesAreDeclaredWithBoundsThatMakeSense(t *testing.T) {
	eachMessage(func(where string, m Message) {
		names := map[string]Field{}
		for _, f := range Fields(m) {
			names[f.Name] = f
			if f.Name == BodyName || f.Name == BodiesName {
				t.Errorf("%s: a member has the name of bodies", where)
			}
		}
		b, carries := BodiesOf(m)
		if !carries {
			return
		}
		if !strings.HasSuffix(b.Doc, ".") || b.MinSize < 0 || b.MaxSize < b.MinSize || b.MaxSize == 0 {
			t.Errorf("%s: bodies of %s, documented as %q", where, b.Span(), b.Doc)
		}
		if b.Per != "" && (names[b.Per].Kind != KindObjects || names[b.Per].Max > MaxBodies || b.many == nil) {
			t.Errorf("%s: one body for each of %s, of which there may be %d", where, b.Per, names[b.Per].Max)
		}
		if b.Per == "" && b.one == nil {
			t.Errorf("%s: the body is not bound to a variable", where)
		}
		if strings.HasSuffix(where, " request") && b.MaxSize > MaxBodyBytes {
			t.Errorf("%s: takes %s, but the channel does not", where, b.Span())
		}
		if parts := strings.Fields(where); len(parts) > 2 {
			t.Errorf("%s: an object inside a message has bodies", where)
		}
	})
}

func TestRequestsWithOtherCountsOfBodiesAreRefused(t *testing.T) {
	b := newOpenBench(t)
	for _, m := range Methods() {
		right := len(bodiesOf(m.Name))
		for n := range MaxBodies + 1 {
			carried, carries := BodiesOf(m.Request())
			if n == right || carries && carried.Optional && n <= 1 {
				continue
			}
			bodies := make([][]byte, n)
			refused := wantCode(t, b, testCaller, m.Name, paramsOf(m.Name), InvalidParams, bodies...)
			if !strings.Contains(refused.Message, "bod") {
				t.Errorf("%s with %d bodies: %q does not say what is wrong", m.Name, n, refused.Message)
			}
		}
	}
}

func TestBodiesOfOtherSizesAreRefused(t *testing.T) {
	b := newOpenBench(t)
	wantCode(t, b, testCaller, "signal.attachment.begin", `{"mode":"decrypt"}`, InvalidParams, make([]byte, 31))
	wantCode(t, b, testCaller, "signal.attachment.begin", `{"mode":"decrypt"}`, InvalidParams, []byte{})
	wantCode(t, b, testCaller, "signal.attachment.begin", `{"mode":"decrypt"}`, InvalidParams)
	wantCode(t, b, testCaller, "signal.encrypt", paramsOf("signal.encrypt"), InvalidParams, make([]byte, MaxBodyBytes+1))
}

func TestBodiesThatCameAreCleared(t *testing.T) {
	b := newOpenBench(t)
	for _, method := range []string{"status", "signal.encrypt", "signal.decryptBatch", "no.such.method"} {
		body := []byte("a plaintext")
		Call(t.Context(), b, testCaller, Request{ID: 1, Method: method, Params: paramsOf(method), Bodies: [][]byte{body}})
		if !slices.Equal(body, make([]byte, len(body))) {
			t.Errorf("%s left %q", method, body)
		}
	}
}

// The person sees the sizes of bodies, and what is inside of objects and lists.
func TestDetailsShowObjectsListsAndSizes(t *testing.T) {
	start := new(SignalSessionStartRequest)
	if err := Decode(paramsOf("signal.session.start"), start); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"name": "bob", "bundle.registrationId": "7", "bundle.preKey.id": "3"} {
		if !slices.Contains(Details(start), ceremony.Detail{Name: name, Value: want}) {
			t.Errorf("%s is not shown as %q in %v", name, want, Details(start))
		}
	}
	batch := &SignalEncryptBatchRequest{Messages: []Peer{{"ada", 1}, {"bob", 2}}, Plaintexts: [][]byte{make([]byte, 3), make([]byte, 44)}}
	want := []ceremony.Detail{{Name: "messages", Value: "ada 1, bob 2"}, {Name: "bodies", Value: "3, 44"}}
	if got := Details(batch); !slices.Equal(got, want) {
		t.Errorf("the details of a batch are %v", got)
	}
	verify := &SignalTrustVerifyRequest{Name: "bob", IdentityKey: "k"}
	if !slices.Contains(Details(verify), ceremony.Detail{Name: "verified", Value: "false"}) {
		t.Errorf("a boolean is not shown in %v", Details(verify))
	}
	if got := Details(&SignalSafetyNumberRequest{Name: "bob"}); len(got) != 1 {
		t.Errorf("a body that was left out is shown: %v", got)
	}
}

func TestObjectsAndBooleansAreReadAndWritten(t *testing.T) {
	text := paramsOf("signal.session.start")
	first := new(SignalSessionStartRequest)
	if err := Decode(text, first); err != nil || first.Bundle.OneTime == nil || first.Bundle.OneTime.ID != 3 || first.Bundle.Kyber != nil {
		t.Fatalf("%+v, %v", first, err)
	}
	canonical, err := Encode(first)
	if err != nil {
		t.Fatal(err)
	}
	second := new(SignalSessionStartRequest)
	if err := Decode(canonical, second); err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("%s is read as %+v, %v", canonical, second, err)
	}
	for _, test := range []struct{ old, new, want string }{
		{`"bundle":{`, `"bundle":{"extra":1,`, "unknown field"},
		{`"preKey":{"id":3`, `"preKey":{"id":3,"x":1`, "unknown field"},
		{`"preKey":{"id":3`, `"preKey":{"id":-3`, "bundle.preKey.id"},
		{`"preKey":{"id":3,`, `"preKey":{`, "missing"},
		{`"preKey":{`, `"kyberPreKey":null,"preKey":{`, "bundle.kyberPreKey"},
		{`"registrationId":7`, `"registrationId":4294967296`, "bundle.registrationId"},
		{`"name":"bob"`, `"name":"bob bob"`, "printable"},
		{`"name":"bob"`, `"name":"bobé"`, "printable"},
		{`"device":1`, `"device":128`, "device"},
	} {
		err := Decode(strings.Replace(text, test.old, test.new, 1), new(SignalSessionStartRequest))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.new, err, test.want)
		}
	}
	for _, text := range []string{`"true"`, "1", "null"} {
		err := Decode(`{"name":"b","identityKey":"`+testCurveKey+`","verified":`+text+`}`, new(SignalTrustVerifyRequest))
		if err == nil || !strings.Contains(err.Error(), "verified") {
			t.Errorf("verified: %s is read: %v", text, err)
		}
	}
}

func TestAnswersWithWrongBodiesAreNotSent(t *testing.T) {
	for _, m := range []Message{
		&SignalSealed{Type: 2},
		&SignalSealedBatch{Results: []SignalSealedResult{{Type: 2}}},
		&SignalAttachmentBeginResponse{Stream: "s", Key: make([]byte, 31)},
	} {
		if _, err := encodeAnswer(m); err == nil {
			t.Errorf("%+v is sent", m)
		}
	}
	if answer, err := encodeAnswer(&SignalAttachmentBeginResponse{Stream: "s"}); err != nil || answer.Bodies != nil {
		t.Errorf("without a key: %v, %v", answer, err)
	}
}
