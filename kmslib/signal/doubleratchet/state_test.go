// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package doubleratchet

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/cbc"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// shows says whether text has the beginning of raw in any usual notation.
func shows(text string, raw []byte) bool {
	raw = raw[:6]
	decimal := strings.Trim(fmt.Sprint(raw), "[]")
	for _, form := range []string{
		string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), decimal,
		strings.ReplaceAll(decimal, " ", ", "), fmt.Sprintf("%#v", raw)[7:20], strings.Trim(fmt.Sprintf("%q", raw), `"`),
		base64.StdEncoding.EncodeToString(raw),
	} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestNoVerbPrintsAState(t *testing.T) {
	alice, bob := pair(t)
	exchange(t, &alice, &bob)
	send(t, &alice)
	h, seed := send(t, &alice)
	receive(t, &bob, h, seed)
	v := bob.box.Expose()
	keys := DeriveMessageKeys(&seed, nil)
	sending, received := v.sending.Key(), v.receiving[len(v.receiving)-1].chain
	_, skipped, err := received.Seek(0)
	if err != nil {
		t.Fatal(err)
	}
	receiving := received.Key()
	derived := keys.box.Expose()
	secrets := map[string][]byte{
		"root": v.root[:], "private key": v.ours.Private.Bytes(), "sending chain": sending[:], "receiving chain": receiving[:],
		"skipped seed": skipped[:], "cipher key": derived.cipher[:], "MAC key": derived.mac[:], "IV": derived.iv[:],
	}
	type holder struct {
		state *State
		keys  MessageKeys
		Any   any
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text := fmt.Sprintf(verb, bob) + fmt.Sprintf(verb, &bob) + fmt.Sprintf(verb, keys) + fmt.Sprintf(verb, &holder{&bob, keys, bob})
		for name, raw := range secrets {
			if shows(text, raw) {
				t.Errorf("%s prints the %s", verb, name)
			}
		}
	}
	_, _, err = bob.Receive(h, rand.Reader)
	for name, raw := range secrets {
		if shows(fmt.Sprintf("%v %#v", err, err), raw) {
			t.Errorf("an error has the %s", name)
		}
		if !shows(fmt.Sprint(raw), raw) || !shows(fmt.Sprintf("%x", raw), raw) {
			t.Errorf("the test does not notice the %s", name)
		}
	}
}

func TestMessageKeysAreThoseOfTheProfile(t *testing.T) {
	for _, salt := range [][]byte{nil, fill(0x5a)[:]} {
		keys := DeriveMessageKeys(fill(0x33), salt)
		want, err := hkdf.Key(sha256.New, fill(0x33)[:], salt, "WhisperMessageKeys", 80)
		if err != nil {
			t.Fatal(err)
		}
		h := hmac.New(sha256.New, want[32:64])
		h.Write([]byte("one and two"))
		if mac := keys.MAC([]byte("one "), nil, []byte("and two")); !bytes.Equal(mac[:], h.Sum(nil)[:8]) {
			t.Errorf("MAC = %x", mac)
		}
		sealed := keys.Encrypt([]byte("hello bob"))
		if want := cbc.Seal((*[32]byte)(want), (*[16]byte)(want[64:]), []byte("hello bob")); !bytes.Equal(sealed, want) {
			t.Errorf("ciphertext = %x, want %x", sealed, want)
		}
		if plaintext, err := keys.Decrypt(sealed); err != nil || string(plaintext) != "hello bob" {
			t.Errorf("plaintext = %q, %v", plaintext, err)
		}
		if _, err := keys.Decrypt(sealed[1:]); !errors.Is(err, ErrCiphertext) {
			t.Errorf("error = %v", err)
		}
		keys.Wipe()
		if *keys.box.Expose() != (messageKeys{}) {
			t.Error("keys are left after Wipe")
		}
	}
}

// stored is a state with everything in it.
func stored(t testing.TB) State {
	alice, bob := pair(t)
	exchange(t, &alice, &bob)
	exchange(t, &bob, &alice)
	send(t, &alice)
	h, seed := send(t, &alice)
	receive(t, &bob, h, seed)
	return bob
}

func TestParsedStateCopiesItsInput(t *testing.T) {
	b := stored(t).Marshal()
	parsed, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(b)
	clear(b)
	if !bytes.Equal(parsed.Marshal(), want) {
		t.Error("the state changed with its input")
	}
}

func TestParseRefuses(t *testing.T) {
	good := stored(t).Marshal()
	pub := generate(t).Public
	write := func(f func(*proto.Writer)) []byte {
		w := proto.NewWriter(64, 1)
		f(w)
		return w.Finish()
	}
	encoded := func(c chain.Chain) func(*proto.Writer) { return c.Write }
	plain := chain.New(fill(7), 0)
	skipping, err := plain.Skip(chain.MaxSkipped)
	if err != nil {
		t.Fatal(err)
	}
	state := func(sending chain.Chain, receivers ...receiver) []byte {
		return write(func(w *proto.Writer) {
			w.Bytes(1, fill(1)[:])
			w.Bytes(2, pub[:])
			w.Bytes(3, fill(2)[:])
			w.Message(4, encoded(sending))
			w.Uint(5, 0)
			for i := range receivers {
				w.Message(6, receivers[i].write)
			}
		})
	}
	receiver := func(n byte, c chain.Chain) receiver {
		return receiver{curve.PublicKey(append([]byte{5}, fill(n)[:]...)), c}
	}
	if _, err := Parse(state(plain, receiver(1, skipping), receiver(2, skipping))); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing":                    {},
		"another version":            append([]byte{2}, good[1:]...),
		"an unknown field":           append(bytes.Clone(good), 0x38, 0),
		"a field twice":              append(bytes.Clone(good), 0x28, 0),
		"no chain":                   write(func(w *proto.Writer) { w.Bytes(1, fill(1)[:]) }),
		"a chain that is none":       append(bytes.Clone(good), 0x32, 0),
		"a sending chain that skips": state(skipping),
		"a ratchet key twice":        state(plain, receiver(1, plain), receiver(1, plain)),
		"too many ratchet keys":      state(plain, receiver(1, plain), receiver(2, plain), receiver(3, plain), receiver(4, plain), receiver(5, plain), receiver(6, plain)),
		"too many skipped":           state(plain, receiver(1, skipping), receiver(2, skipping), receiver(3, skipping)),
		"too long":                   append(bytes.Clone(good), make([]byte, MaxEncoded)...),
	} {
		if _, err := Parse(b); !errors.Is(err, proto.ErrSyntax) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range 146 { // before the end of the fields that are required
		if _, err := Parse(good[:n]); err == nil {
			t.Errorf("cut to %d bytes it is read", n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(stored(f).Marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(s.Marshal())
		if err != nil || !bytes.Equal(again.Marshal(), s.Marshal()) {
			t.Fatalf("not read back: %v", err)
		}
		s.Send()
		s.Receive(Header{RatchetKey: s.RatchetKey(), Counter: 3}, rand.Reader)
	})
}

func FuzzReceive(f *testing.F) {
	bob := stored(f)
	before := bob.Marshal()
	known := bob.box.Expose().receiving[0].theirs
	f.Add(known[:], uint32(0), uint32(0))
	f.Add(known[:], uint32(7), uint32(1))
	f.Fuzz(func(t *testing.T, key []byte, counter, previous uint32) {
		h := Header{Counter: counter % 30_000, Previous: previous}
		copy(h.RatchetKey[:], key)
		next, _, err := bob.Receive(h, rand.Reader)
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

// In order, on one chain: what a message costs here without a new ratchet key.
func BenchmarkSendAndReceiveInOrder(b *testing.B) {
	alice, bob := pair(b)
	b.ReportAllocs()
	for b.Loop() {
		next, h, _, err := alice.Send()
		if err != nil {
			b.Fatal(err)
		}
		alice = next
		if bob, _, err = bob.Receive(h, rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPingPong(b *testing.B) {
	alice, bob := pair(b)
	for b.Loop() {
		exchange(b, &alice, &bob)
	}
}

func BenchmarkMarshalAndParseFull(b *testing.B) {
	alice, bob := pair(b)
	for range 2 {
		for range chain.MaxSkipped {
			alice, _, _, _ = alice.Send()
		}
		exchange(b, &alice, &bob)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(bob.Marshal()); err != nil {
			b.Fatal(err)
		}
	}
}
