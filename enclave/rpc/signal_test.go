// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"strings"
	"testing"
)

var (
	testCurveKey = base64URLOf(append([]byte{5}, make([]byte, 32)...))
	testGroup    = base64URLOf([]byte("0123456789abcdef"))
)

// signalParams are good parameters of Signal's methods.
var signalParams = map[string]string{
	"signal.identity.create": `{"name":"ada","device":1}`,
	"signal.session.start": `{"name":"bob","device":1,"bundle":{"registrationId":7,"identityKey":"` + testCurveKey +
		`","signedPreKey":{"id":2,"publicKey":"` + testCurveKey + `","signature":"` + strings.Repeat("A", signatureLength) +
		`"},"preKey":{"id":3,"publicKey":"` + testCurveKey + `"}}}`,
	"signal.session.close":     `{"name":"bob","device":1}`,
	"signal.session.archive":   `{"name":"bob","device":1}`,
	"signal.encrypt":           `{"name":"bob","device":1}`,
	"signal.encryptBatch":      `{"messages":[{"name":"bob","device":1}]}`,
	"signal.decrypt":           `{"name":"bob","device":1,"type":2}`,
	"signal.decryptBatch":      `{"messages":[{"name":"bob","device":1,"type":2}]}`,
	"signal.retry":             `{"name":"bob","device":1,"type":2,"timestamp":1790000000000}`,
	"signal.group.create":      `{"group":"` + testGroup + `"}`,
	"signal.group.rotate":      `{"group":"` + testGroup + `"}`,
	"signal.group.leave":       `{"group":"` + testGroup + `"}`,
	"signal.group.process":     `{"name":"bob","device":1}`,
	"signal.group.encrypt":     `{"group":"` + testGroup + `"}`,
	"signal.group.decrypt":     `{"name":"bob","device":1}`,
	"signal.safetyNumber":      `{"name":"bob"}`,
	"signal.trust.get":         `{"name":"bob"}`,
	"signal.trust.accept":      `{"name":"bob","identityKey":"` + testCurveKey + `"}`,
	"signal.trust.verify":      `{"name":"bob","identityKey":"` + testCurveKey + `","verified":true}`,
	"signal.attachment.begin":  `{"mode":"encrypt"}`,
	"signal.attachment.update": `{"stream":"s"}`,
	"signal.attachment.finish": `{"stream":"s"}`,
	"signal.attachment.cancel": `{"stream":"s"}`,
}

// bodiesOf returns good bodies for those parameters.
func bodiesOf(method string) [][]byte {
	m := find(method)
	if m == nil {
		return nil
	}
	b, carries := BodiesOf(m.Request())
	if !carries || b.Optional {
		return nil
	}
	return [][]byte{[]byte("the body of a request")}
}

func TestSampleRequestsAreGood(t *testing.T) {
	for _, m := range Methods() {
		request := m.Request()
		if err := Decode(paramsOf(m.Name), request); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		if err := fill(request, bodiesOf(m.Name)); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}
