// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"bytes"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/internal/sigtest"
)

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x00\x00\x02bc"), 3)
	f.Add([]byte("\xff\xffa"), 1)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, data []byte, count int) {
		if count > tileWidth {
			return
		}
		entries, err := parseBundle(data, count)
		if err != nil {
			return
		}
		if len(entries) != max(count, 0) {
			t.Fatalf("%d entries of %d", len(entries), count)
		}
		var again []byte
		for _, entry := range entries {
			again = append(append(again, byte(len(entry)>>8), byte(len(entry))), entry...)
		}
		if !bytes.HasPrefix(data, again) {
			t.Fatal("entries are not those of the bundle")
		}
	})
}

func FuzzParseHead(f *testing.F) {
	stack := sigtest.New(f)
	f.Add(stack.Checkpoint())
	f.Add("a\n-1\nAAAA\n\n")
	f.Add("a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		origin, tree, err := parseHead(text)
		if err == nil && (tree.N < 0 || !strings.HasPrefix(text, origin+"\n")) {
			t.Fatalf("origin %q, size %d", origin, tree.N)
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	stack := sigtest.New(f)
	stack.SignMessage(acme, []byte("x"))
	stack.SignMessage(sigtest.Signer{Key: stack.Key("x")}, []byte("x"))
	f.Add(stack.Entry(0))
	f.Add(stack.Entry(1))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := parseEntry(body)
		if err == nil && (e.digest == "" || (e.certificate == nil) == (e.key == "")) {
			t.Fatalf("entry %+v", e)
		}
	})
}

func FuzzParseState(f *testing.F) {
	stack := sigtest.New(f)
	state := &State{Log: stack.LogOrigin(), Checkpoint: stack.Checkpoint(), Numbered: 2, Alarms: []Alarm{
		{Number: 1, Kind: Fork, Entry: 3, Count: 1}, {Number: 2, Kind: UnreadEntry, Entry: 3, Count: 7, Acknowledged: true},
	}}
	f.Add(state.Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseState(data)
		if err != nil {
			return
		}
		if again := s.Marshal(); !bytes.Equal(again, data) {
			t.Fatalf("read %s, wrote %s", data, again)
		}
	})
}

func FuzzSignedDigest(f *testing.F) {
	f.Add([]byte(`{"dsseEnvelope":{"payload":"e30=","payloadType":"x"}}`))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		if digest := signedDigest(bundle); len(digest) != 0 && len(digest) != 64 {
			t.Fatal(digest)
		}
	})
}
