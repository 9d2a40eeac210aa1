// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
)

// windows returns the distinct parts of a stored form that could be a secret:
// each stretch of eight bytes.
func windows(b []byte) [][]byte {
	var all [][]byte
	for i := 0; i+8 <= len(b); i += 4 {
		all = append(all, b[i:i+8])
	}
	return all
}

func TestNoVerbPrintsAState(t *testing.T) {
	alice, bob := pair(t)
	for range 10 {
		exchange(t, &alice, &bob)
	}
	b := encrypt(t, &alice, "hello")
	decrypt(t, &bob, b, "hello")
	_, _, duplicate := bob.Decrypt(parse(t, b), rand.Reader)
	stored := append(alice.Marshal(), bob.Marshal()...)
	type holder struct {
		state State
		Any   any
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, bob) + fmt.Sprintf(verb, &alice) + fmt.Sprintf(verb, &holder{bob, &alice}) + fmt.Sprintf(verb, duplicate)
		for _, raw := range windows(stored) {
			decimal := strings.Trim(fmt.Sprint(raw), "[]")
			for _, form := range []string{string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), decimal,
				strings.ReplaceAll(decimal, " ", ", "), strings.Trim(fmt.Sprintf("%#v", raw)[7:], "}"), strings.Trim(fmt.Sprintf("%q", raw), `"`)} {
				if strings.Contains(text, form) {
					t.Errorf("%s prints %s", verb, form)
				}
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	alice, bob := pair(t)
	exchange(t, &alice, &bob)
	classic, _ := agree(t, pqxdh.PQXDH).sessions(t, Classic, Classic)
	good := alice.Marshal()
	changed := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	v := *classic.box.Expose()
	v.mode, v.sparse = Required, alice.box.Expose().sparse
	v.version = pqxdh.X3DH
	for name, b := range map[string][]byte{
		"nothing":                  {},
		"another version":          changed(0, 2),
		"an unknown field":         append(bytes.Clone(good), 0x48, 0),
		"a field twice":            append(bytes.Clone(good), 0x40, 0),
		"version 2 of messages":    changed(2, 2),
		"version 5 of messages":    changed(2, 5),
		"mode 0":                   changed(4, 0),
		"mode 5":                   changed(4, 5),
		"classic with a ratchet":   changed(4, byte(Classic)),
		"required without ratchet": append(append(bytes.Clone(classic.Marshal()[:4]), byte(Required)), classic.Marshal()[5:]...),
		"X3DH with a ratchet":      wrap(&v).Marshal(),
		"an identity that is none": changed(7, 6),
		"longer than any":          append(bytes.Clone(good), make([]byte, MaxEncoded)...),
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
	alice, bob := pair(f)
	f.Add(alice.Marshal())
	exchange(f, &alice, &bob)
	f.Add(bob.Marshal())
	classic, _ := agree(f, pqxdh.X3DH).sessions(f, Classic, Classic)
	f.Add(classic.Marshal())
	b := encrypt(f, &alice, "hello")
	f.Fuzz(func(t *testing.T, stored []byte) {
		s, err := Parse(stored)
		if err != nil {
			return
		}
		again, err := Parse(s.Marshal())
		if err != nil || !bytes.Equal(again.Marshal(), s.Marshal()) {
			t.Fatalf("not read back: %v", err)
		}
		s.Encrypt([]byte("hello"), nil, rand.Reader)
		s.Decrypt(parse(t, b), rand.Reader)
	})
}

func FuzzDecrypt(f *testing.F) {
	alice, bob := pair(f)
	exchange(f, &alice, &bob)
	f.Add(encrypt(f, &alice, "hello"))
	f.Add(encrypt(f, &alice, ""))
	classic, _ := agree(f, pqxdh.X3DH).sessions(f, Classic, Classic)
	f.Add(encrypt(f, &classic, "hello"))
	before := bob.Marshal()
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := message.ParseSignal(b)
		if err != nil {
			return
		}
		m.Counter %= 30_000
		next, _, err := bob.Decrypt(m, rand.Reader)
		if !bytes.Equal(bob.Marshal(), before) {
			t.Fatal("the old state was changed")
		}
		if err != nil {
			return
		}
		if _, err := Parse(next.Marshal()); err != nil {
			t.Fatalf("the next state is not read back: %v", err)
		}
	})
}

// sent returns n messages of 1 KiB in order, and their receiver.
func sent(b *testing.B, n int, mode Mode) (bob State, messages []*message.Signal) {
	alice, bob := agree(b, pqxdh.PQXDH).sessions(b, mode, mode)
	exchange(b, &alice, &bob)
	plaintext := make([]byte, 1024)
	for range n {
		next, sealed, err := alice.Encrypt(plaintext, nil, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		alice = next
		messages = append(messages, parse(b, sealed))
	}
	return bob, messages
}

func benchmarkEncrypt(b *testing.B, mode Mode) {
	alice, bob := agree(b, pqxdh.PQXDH).sessions(b, mode, mode)
	exchange(b, &alice, &bob)
	plaintext := make([]byte, 1024)
	b.ReportAllocs()
	for b.Loop() {
		next, _, err := alice.Encrypt(plaintext, nil, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		alice = next
	}
}

func benchmarkDecrypt(b *testing.B, mode Mode) {
	const batch = 1000
	fresh, messages := sent(b, batch, mode)
	bob := fresh
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%batch == 0 {
			bob = fresh
		}
		next, _, err := bob.Decrypt(messages[i%batch], rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		bob = next
	}
}

func BenchmarkEncrypt1KiB(b *testing.B)        { benchmarkEncrypt(b, Required) }
func BenchmarkDecrypt1KiB(b *testing.B)        { benchmarkDecrypt(b, Required) }
func BenchmarkEncrypt1KiBClassic(b *testing.B) { benchmarkEncrypt(b, Classic) }
func BenchmarkDecrypt1KiBClassic(b *testing.B) { benchmarkDecrypt(b, Classic) }

func BenchmarkMarshalAndParse(b *testing.B) {
	alice, bob := pair(b)
	for range 20 {
		exchange(b, &alice, &bob)
	}
	b.ReportAllocs()
	b.ReportMetric(float64(len(bob.Marshal())), "bytes")
	for b.Loop() {
		if _, err := Parse(bob.Marshal()); err != nil {
			b.Fatal(err)
		}
	}
}
