// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"strings"
	"testing"
)

func TestSignalKeysAreReadAsTheyWereWritten(t *testing.T) {
	for text, want := range map[string]SignalKey{
		"https://app.example account":                               {"https://app.example", "account", ""},
		"https://app.example:8443 prekey 17":                        {"https://app.example:8443", "prekey", "17"},
		exampleSignal:                                               {"https://app.example", "session", exampleID},
		"https://app.example account AAECAwQFBgcICQoLDA0ODw":        {"https://app.example", "account", exampleID},
		"https://app.example sender-key AAECAwQFBgcICQoLDA0ODw":     {"https://app.example", "sender-key", exampleID},
		"https://app.example sender-key 0000000000":                 {"https://app.example", "sender-key", "0000000000"},
		"https://app.example identity AAECAwQFBgcICQoLDA0ODw":       {"https://app.example", "identity", exampleID},
		"http://localhost:8080 signed-prekey 4294967295":            {"http://localhost:8080", "signed-prekey", "4294967295"},
		"https://app.example " + strings.Repeat("k", 32) + " 1":     {"https://app.example", strings.Repeat("k", 32), "1"},
		"https://app.example kyber-prekey BBECAwQFBgcICQoLDA0ODw":   {"https://app.example", "kyber-prekey", "BBECAwQFBgcICQoLDA0ODw"},
		"https://app.example contact CCECAwQFBgcICQoLDA0ODw":        {"https://app.example", "contact", "CCECAwQFBgcICQoLDA0ODw"},
		"https://xn--bcher-kva.example peer AAECAwQFBgcICQoLDA0ODw": {"https://xn--bcher-kva.example", "peer", exampleID},
	} {
		got, err := ParseSignalKey(text)
		if err != nil || got != want || got.String() != text || got.IsAccount() != (want.Name == "") {
			t.Errorf("%q: read as %+v, %v, which is %q", text, got, err, got)
		}
	}
}

func TestImpossibleSignalKeysAreRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "https://app.example", "https://app.example ", "https://app.example session", "https://app.example account ",
		"https://app.example session ", "https://app.example session bob.1", "https://app.example session 12345678901",
		"https://app.example  AAECAwQFBgcICQoLDA0ODw", "https://app.example Session 1", "https://app.example s1 1",
		"https://app.example " + strings.Repeat("k", 33) + " 1", "https://app.example/ session 1", "null session 1",
		"https://app.example session 1 1", "https://app.example session +1",
		"https://app.example session AAECAwQFBgcICQoLDA0OD/",
	} {
		if k, err := ParseSignalKey(text); err == nil {
			t.Errorf("%q: read as %+v", text, k)
		}
	}
}

func TestHiddenNamesDependOnAccountKindAndName(t *testing.T) {
	seen := make(map[string]bool)
	for _, naming := range [][]byte{counting(32), make([]byte, 32)} {
		for _, kind := range []string{"peer", "session"} {
			for _, name := range []string{"", "bob.1", "bob.11", "peer\nbob.1"} {
				hidden := HideSignalName(naming, kind, name)
				if seen[hidden] || !IsID(hidden) || IsSignalNumber(hidden) || hidden != HideSignalName(naming, kind, name) {
					t.Errorf("%s %q is hidden as %q", kind, name, hidden)
				}
				seen[hidden] = true
			}
		}
	}
}

func TestSignalPlaintextsAreReadAsTheyWereWritten(t *testing.T) {
	for _, name := range []string{"", "bob.1", strings.Repeat("x", MaxSignalName)} {
		for _, value := range [][]byte{nil, {0}, counting(5000)} {
			gotName, got, err := ParseSignalValue(SignalValue(name, value))
			if err != nil || gotName != name || !bytes.Equal(got, value) {
				t.Errorf("%d and %d bytes are read as %d and %d, %v", len(name), len(value), len(gotName), len(got), err)
			}
		}
	}
	for _, b := range [][]byte{nil, {0}, {0, 1}, {2, 1}, append([]byte{2, 1}, counting(600)...)} {
		if _, _, err := ParseSignalValue(b); err == nil {
			t.Errorf("%d bytes are read", len(b))
		}
	}
	naming, err := ParseSignalAccount(SignalAccount(counting(NamingSize)))
	if err != nil || !bytes.Equal(naming, counting(NamingSize)) {
		t.Errorf("naming key %x, %v", naming, err)
	}
	for _, b := range [][]byte{nil, counting(32), SignalAccount(counting(31)), SignalAccount(counting(33)), SignalValue("bob.1", counting(32))} {
		if _, err := ParseSignalAccount(b); err == nil {
			t.Errorf("%x is read as an account", b)
		}
	}
}

func TestLongestSignalValueFitsAStore(t *testing.T) {
	sealed := SignalValue(strings.Repeat("x", MaxSignalName), make([]byte, MaxSignalValue))
	r := Signal{1<<53 - 1, counting(nonceSize), append(sealed, counting(tagSize)...)}
	value := r.Marshal()
	if len(value) > 1<<20 || len(value)-len(r.Sealed) > maxSignalHeader {
		t.Errorf("%d bytes around %d", len(value)-len(r.Sealed), len(r.Sealed))
	}
	if again, err := ParseSignal(exampleSignal, value); err != nil || !bytes.Equal(again.Sealed, r.Sealed) {
		t.Error(err)
	}
}

func TestDataOfASignalRecordDependsOnItsPlaceAndGeneration(t *testing.T) {
	r := Signal{1, counting(12), counting(40)}
	p := Place{"u/signal", exampleSignal, 1}
	seen := map[string]bool{string(r.Data(p)): true}
	for _, place := range []Place{{"v/signal", p.Key, 1}, {p.Collection, "x", 1}, {p.Collection, p.Key, 2}} {
		seen[string(r.Data(place))] = true
	}
	r.Generation = 2
	seen[string(r.Data(p))] = true
	if len(seen) != 5 {
		t.Errorf("%d different data, want 5", len(seen))
	}
}

func FuzzSignalPlaintext(f *testing.F) {
	f.Add(SignalValue("bob.1", []byte("value")))
	f.Add(SignalAccount(counting(NamingSize)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if name, value, err := ParseSignalValue(b); err == nil && !bytes.Equal(SignalValue(name, value), b) {
			t.Errorf("%x is read as %q with %x", b, name, value)
		}
		if naming, err := ParseSignalAccount(b); err == nil && !bytes.Equal(SignalAccount(naming), b) {
			t.Errorf("%x is read as a naming key", b)
		}
	})
}

func FuzzSignalKey(f *testing.F) {
	f.Add(exampleSignal)
	f.Add("https://app.example account")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseSignalKey(text); err == nil && k.String() != text {
			t.Errorf("%q is read as %+v", text, k)
		}
	})
}
