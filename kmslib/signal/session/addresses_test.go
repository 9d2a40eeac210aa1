// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
)

const (
	aliceUUID = "9d0652a3-dcc3-4d11-975f-74d61598733f"
	bobUUID   = "796abedb-ca4e-4f18-8803-1fde5b921f9f"
)

// named makes a device with one-time prekeys.
func named(t *testing.T, w *sessiontest.World, name string, device uint32) *sessiontest.Device {
	t.Helper()
	return newDevice(t, w, name, device, full, 2, new(sessiontest.MemStore))
}

// addressesOf returns the field in a message.
func addressesOf(t *testing.T, l sessiontest.Letter) []byte {
	t.Helper()
	if l.Type == message.Whisper {
		return value[*message.Signal](t)(message.ParseSignal(l.Body)).Addresses
	}
	return value[*message.PreKey](t)(message.ParsePreKey(l.Body)).Message.Addresses
}

func TestServiceIDsAreInTheMessagesThatStartASession(t *testing.T) {
	w := sessiontest.NewWorld(1)
	alice, bob := named(t, w, aliceUUID, 1), named(t, w, "PNI:"+strings.ToUpper(bobUUID), 7)
	ok(t, alice.Start(t.Context(), bob))
	l := send(t, alice, bob, "first")
	want, err := hex.DecodeString("00" + strings.ReplaceAll(aliceUUID, "-", "") + "01" + "01" + strings.ReplaceAll(bobUUID, "-", "") + "07")
	ok(t, err)
	if got := addressesOf(t, l); !bytes.Equal(got, want) {
		t.Errorf("addresses %x, want %x", got, want)
	}
	for what, from := range map[string]session.Address{
		"device": {Name: aliceUUID, Device: 2}, "name": {Name: bobUUID, Device: 1}, "kind": {Name: "PNI:" + aliceUUID, Device: 1},
		"not a service id": {Name: "alice", Device: 1},
	} {
		t.Run(what, func(t *testing.T) {
			redirected := l
			redirected.From = from
			refuse(t, bob, redirected, session.ErrAuthentication)
		})
	}
	read(t, bob, l)
	answer := send(t, bob, alice, "answer")
	read(t, alice, answer)
	if addressesOf(t, answer) != nil || addressesOf(t, send(t, alice, bob, "later")) != nil {
		t.Error("messages of a session that has started have addresses")
	}
}

func TestOtherNamesAreNotInMessages(t *testing.T) {
	for _, name := range []string{
		"alice", aliceUUID[:35], strings.ReplaceAll(aliceUUID, "-", "_"), "pni:" + aliceUUID, strings.ReplaceAll(aliceUUID, "9", "g"),
	} {
		w := sessiontest.NewWorld(1)
		alice, bob := named(t, w, name, 1), named(t, w, bobUUID, 1)
		ok(t, alice.Start(t.Context(), bob))
		l := send(t, alice, bob, "first")
		if got := addressesOf(t, l); got != nil {
			t.Errorf("%s: addresses %x", name, got)
		}
		read(t, bob, l)
	}
}

func TestAddressesAsText(t *testing.T) {
	for _, text := range []string{"a.1", "alice.127", "a.b.3", "a/b.3", "..1", aliceUUID + ".1"} {
		a, err := session.ParseAddress(text)
		if err != nil || a.String() != text {
			t.Errorf("%q is read as %+v, %v", text, a, err)
		}
	}
	for _, text := range []string{"", "a", ".1", "a.", "a.0", "a.128", "a.01", "a.+1", "a.-1", "a. 1", "a b.1", "é.1", strings.Repeat("a", 129) + ".1"} {
		_, err := session.ParseAddress(text)
		isInput(t, err, "address")
	}
}
