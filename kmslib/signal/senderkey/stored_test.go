// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package senderkey

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/message"
)

func key(b byte) curve.PublicKey {
	return curve.PublicKey(append([]byte{5}, bytes.Repeat([]byte{b}, 32)...))
}

// shows says whether text has the beginning of raw in any usual notation.
func shows(text string, raw []byte) bool {
	raw = raw[:6]
	decimal := strings.Trim(fmt.Sprint(raw), "[]")
	for _, form := range []string{
		string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), decimal,
		strings.ReplaceAll(decimal, " ", ", "), fmt.Sprintf("%#v", raw)[7:20], strings.Trim(fmt.Sprintf("%q", raw), `"`),
	} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestNoVerbPrintsARecord(t *testing.T) {
	own, peer := pair(t)
	encrypt(t, &own, "skipped")
	b := encrypt(t, &own, "hello")
	decrypt(t, &peer, b, "hello")
	o, p := own.box.Expose().senders[0], peer.box.Expose().senders[0]
	sending, receiving := o.chain.Key(), p.chain.Key()
	_, skipped, err := p.chain.Seek(0)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{
		"sending chain": sending[:], "receiving chain": receiving[:], "skipped seed": skipped[:], "signing key": o.signing.Private.Bytes(),
	}
	_, _, duplicate := peer.Decrypt(parse(t, b))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, own) + fmt.Sprintf(verb, &peer) + fmt.Sprintf(verb, []Record{own, peer}) + fmt.Sprintf(verb, duplicate)
		for name, raw := range secrets {
			if shows(text, raw) {
				t.Errorf("%s prints the %s", verb, name)
			}
			if !shows(fmt.Sprintf(verb, raw), raw) {
				t.Errorf("the test does not notice the %s with %s", name, verb)
			}
		}
	}
}

func TestRecordsGoOnAfterTheyWereStored(t *testing.T) {
	own, peer := pair(t)
	for i := range 5 {
		var stored [2][]byte
		for j, r := range []*Record{&own, &peer} {
			stored[j] = r.Marshal()
			want := bytes.Clone(stored[j])
			parsed, err := Parse(stored[j])
			clear(stored[j])
			if err != nil || !bytes.Equal(parsed.Marshal(), want) {
				t.Fatalf("stored and read: %v", err)
			}
			*r = parsed
		}
		text := string(rune('a' + i))
		decrypt(t, &peer, encrypt(t, &own, text), text)
	}
	if (Record{}).Marshal() != nil {
		t.Error("the zero Record has a stored form")
	}
}

func TestParseRefuses(t *testing.T) {
	own, peer := pair(t)
	plain := chain.New(&[32]byte{7}, 0)
	full, err := plain.Skip(chain.MaxSkipped)
	if err != nil {
		t.Fatal(err)
	}
	private := own.box.Expose().senders[0].signing.Private
	public := curve.KeyPair{Public: key(1)}
	record := func(senders ...sender) []byte { return wrap(&record{group, senders}).Marshal() }
	if _, err := Parse(record(sender{1, full, public}, sender{2, full, public})); err != nil {
		t.Fatal(err)
	}
	good := peer.Marshal()
	for name, b := range map[string][]byte{
		"nothing":              {},
		"another version":      append([]byte{2}, good[1:]...),
		"an unknown field":     append(bytes.Clone(good), 0x18, 0),
		"no chain":             record(),
		"an empty chain":       append(bytes.Clone(good), 0x12, 0),
		"a chain twice":        record(sender{1, plain, public}, sender{1, plain, public}),
		"too many chains":      record(sender{1, plain, public}, sender{2, plain, public}, sender{3, plain, public}, sender{4, plain, public}, sender{5, plain, public}, sender{6, plain, public}),
		"two chains, our own":  record(sender{1, plain, public}, sender{2, plain, curve.KeyPair{Public: key(1), Private: private}}),
		"our own that skips":   record(sender{2, full, curve.KeyPair{Public: key(1), Private: private}}),
		"no signing key":       record(sender{1, plain, curve.KeyPair{}}),
		"too many skipped":     record(sender{1, full, public}, sender{2, full, public}, sender{3, full, public}),
		"longer than any":      append(bytes.Clone(good), make([]byte, MaxEncoded)...),
		"only a distribution":  good[:19],
		"without distribution": append([]byte{1}, good[19:]...),
	} {
		if _, err := Parse(b); !errors.Is(err, proto.ErrSyntax) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range good {
		if _, err := Parse(good[:n]); err == nil {
			t.Errorf("cut to %d bytes it is read", n)
		}
	}
}

func FuzzParse(f *testing.F) {
	own, peer := pair(f)
	f.Add(own.Marshal())
	f.Add(peer.Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(r.Marshal())
		if err != nil || !bytes.Equal(again.Marshal(), r.Marshal()) {
			t.Fatalf("not read back: %v", err)
		}
	})
}

func FuzzDecrypt(f *testing.F) {
	own, peer := pair(f)
	encrypt(f, &own, "lost")
	f.Add(encrypt(f, &own, "hello"))
	before := peer.Marshal()
	known := own.box.Expose().senders[0]
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := message.ParseSenderKey(b)
		if err != nil {
			return
		}
		m.Distribution, m.Chain = group, known.id
		next, _, err := peer.Decrypt(m)
		if !bytes.Equal(peer.Marshal(), before) {
			t.Fatal("the old record was changed")
		}
		if err != nil {
			return
		}
		if _, err := Parse(next.Marshal()); err != nil {
			t.Fatalf("the next record is not read back: %v", err)
		}
	})
}

func FuzzProcess(f *testing.F) {
	own, peer := pair(f)
	d, err := own.Distribution()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := message.ParseSenderKeyDistribution(b)
		if err != nil {
			return
		}
		d.Distribution = group
		next, err := peer.Process(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(next.Marshal()); err != nil {
			t.Fatalf("the next record is not read back: %v", err)
		}
	})
}

func BenchmarkEncrypt1KiB(b *testing.B) {
	own := newOwn(b)
	plaintext := make([]byte, 1024)
	b.ReportAllocs()
	for b.Loop() {
		next, _, err := own.Encrypt(plaintext, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		own = next
	}
}

func BenchmarkDecrypt1KiB(b *testing.B) {
	own, peer := pair(b)
	m := parse(b, encrypt(b, &own, string(make([]byte, 1024))))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := peer.Decrypt(m); err != nil {
			b.Fatal(err)
		}
	}
}
