// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package senderkey

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	mrand "math/rand/v2"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

var group = [16]byte([]byte("a group's number"))

func newOwn(t testing.TB) Record {
	t.Helper()
	r, err := New(group, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func announce(t testing.TB, own Record) *message.SenderKeyDistribution {
	t.Helper()
	b, err := own.Distribution()
	if err != nil {
		t.Fatal(err)
	}
	d, err := message.ParseSenderKeyDistribution(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func process(t testing.TB, r *Record, d *message.SenderKeyDistribution) {
	t.Helper()
	before := r.Marshal()
	next, err := r.Process(d)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Marshal(), before) {
		t.Fatal("Process changed the old record")
	}
	*r = next
}

// pair returns the record of a sender and that of a member.
func pair(t testing.TB) (own, peer Record) {
	own = newOwn(t)
	process(t, &peer, announce(t, own))
	return own, peer
}

func encrypt(t testing.TB, r *Record, plaintext string) []byte {
	t.Helper()
	before := r.Marshal()
	next, b, err := r.Encrypt([]byte(plaintext), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Marshal(), before) {
		t.Fatal("Encrypt changed the old record")
	}
	*r = next
	return b
}

func parse(t testing.TB, b []byte) *message.SenderKey {
	t.Helper()
	m, err := message.ParseSenderKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func decrypt(t testing.TB, r *Record, b []byte, want string) {
	t.Helper()
	before := r.Marshal()
	next, plaintext, err := r.Decrypt(parse(t, b))
	if err != nil || string(plaintext) != want {
		t.Fatalf("plaintext %q, %v; want %q", plaintext, err, want)
	}
	if !bytes.Equal(r.Marshal(), before) {
		t.Fatal("Decrypt changed the old record")
	}
	*r = next
}

func refuse(t testing.TB, r Record, m *message.SenderKey, want error) {
	t.Helper()
	before := r.Marshal()
	if _, plaintext, err := r.Decrypt(m); !errors.Is(err, want) || plaintext != nil {
		t.Errorf("plaintext %q, error %v; want %v", plaintext, err, want)
	}
	if !bytes.Equal(r.Marshal(), before) {
		t.Error("a refused message changed the record")
	}
}

func TestMessagesAreThoseOfTheProfile(t *testing.T) {
	own := newOwn(t)
	d := announce(t, own)
	if d.Distribution != group || d.Iteration != 0 || d.Chain > 1<<31-1 {
		t.Errorf("%+v", d)
	}
	key := d.ChainKey.Expose()[:]
	step := func(b byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte{b})
		return h.Sum(nil)
	}
	for i := range uint32(3) {
		b := encrypt(t, &own, "hello group")
		m := parse(t, b)
		if m.Distribution != group || m.Chain != d.Chain || m.Iteration != i || b[0] != 0x33 {
			t.Errorf("message %d: %+v", i, m)
		}
		if !xeddsa.Verify(d.SigningKey, b[:len(b)-64], b[len(b)-64:]) {
			t.Errorf("message %d: the signature is not over all before it", i)
		}
		keys, err := hkdf.Key(sha256.New, step(1), nil, "WhisperGroup", 48)
		if err != nil {
			t.Fatal(err)
		}
		block, err := aes.NewCipher(keys[16:])
		if err != nil {
			t.Fatal(err)
		}
		plaintext := make([]byte, len(m.Ciphertext))
		cipher.NewCBCDecrypter(block, keys[:16]).CryptBlocks(plaintext, m.Ciphertext)
		if string(plaintext) != "hello group\x05\x05\x05\x05\x05" {
			t.Errorf("message %d: %q", i, plaintext)
		}
		key = step(2)
	}
}

func TestMessagesAreReadExactlyOnceInAnyOrder(t *testing.T) {
	seed := mrand.Uint64()
	t.Logf("seed %d", seed)
	random := mrand.New(mrand.NewPCG(seed, 0))
	own, peer := pair(t)
	var sent [][]byte
	for i := range 200 {
		b := encrypt(t, &own, string(rune(i)))
		sent = append(sent, b)
	}
	for n, i := range random.Perm(len(sent)) {
		if random.IntN(10) == 0 {
			continue // lost
		}
		decrypt(t, &peer, sent[i], string(rune(i)))
		refuse(t, peer, parse(t, sent[i]), ErrDuplicate)
		if n%20 == 0 {
			b := peer.Marshal()
			parsed, err := Parse(b)
			if err != nil || !bytes.Equal(parsed.Marshal(), b) {
				t.Fatalf("stored and read: %v", err)
			}
			clear(b)
			peer = parsed
		}
	}
}

func TestLateMembersReadFromThenOn(t *testing.T) {
	own := newOwn(t)
	early := encrypt(t, &own, "before")
	var late Record
	process(t, &late, announce(t, own))
	refuse(t, late, parse(t, early), ErrDuplicate)
	decrypt(t, &late, encrypt(t, &own, "after"), "after")
}

func TestForgedMessagesAreRefused(t *testing.T) {
	own, peer := pair(t)
	b := encrypt(t, &own, "hello group")
	for bit := range len(b) * 8 {
		forged := bytes.Clone(b)
		forged[bit/8] ^= 1 << (bit % 8)
		m, err := message.ParseSenderKey(forged)
		if err != nil {
			continue
		}
		if _, _, err := peer.Decrypt(m); !errors.Is(err, ErrAuthentication) && !errors.Is(err, ErrNoKey) {
			t.Errorf("bit %d flipped: %v", bit, err)
		}
	}
	// A member knows the chain, and cannot sign.
	d := announce(t, own)
	other := newOwn(t)
	v := *other.box.Expose()
	v.senders = []sender{{d.Chain, chain.New(d.ChainKey.Expose(), d.Iteration), v.senders[0].signing}}
	_, forged, err := wrap(&v).Encrypt([]byte("not mine"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, peer, parse(t, forged), ErrAuthentication)
	decrypt(t, &peer, b, "hello group")
}

func TestASignedMessageWithoutPaddingIsRefused(t *testing.T) {
	own, peer := pair(t)
	v := own.box.Expose()
	m := &message.SenderKey{Distribution: group, Chain: v.senders[0].id, Ciphertext: make([]byte, 17)}
	signature, err := xeddsa.Sign(v.senders[0].signing.Private, m.Body(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	refuse(t, peer, parse(t, m.Append(signature)), ErrAuthentication)
	decrypt(t, &peer, encrypt(t, &own, "go on"), "go on")
}

func TestJumpsAreBounded(t *testing.T) {
	own, peer := pair(t)
	v := *own.box.Expose()
	far, err := v.senders[0].chain.Skip(chain.MaxForward)
	if err != nil {
		t.Fatal(err)
	}
	v.senders = []sender{{v.senders[0].id, far, v.senders[0].signing}}
	ahead := wrap(&v)
	reached := encrypt(t, &ahead, "25,000 ahead")
	refuse(t, peer, parse(t, encrypt(t, &ahead, "too far")), ErrTooFar)
	decrypt(t, &peer, reached, "25,000 ahead")
	refuse(t, peer, parse(t, encrypt(t, &own, "too old")), ErrDuplicate)
	if n := peer.box.Expose().senders[0].chain.Skipped(); n != chain.MaxSkipped {
		t.Errorf("%d seeds are kept", n)
	}
}

func TestStepsOfTheWrongRecordAreRefused(t *testing.T) {
	own, peer := pair(t)
	b := encrypt(t, &own, "hello")
	d := announce(t, own)
	elsewhere := *d
	elsewhere.Distribution[0] ^= 1
	m := parse(t, b)
	m.Distribution[0] ^= 1
	for name, step := range map[string]func() error{
		"encrypting by a member":       func() error { _, _, err := peer.Encrypt(nil, rand.Reader); return err },
		"distribution by a member":     func() error { _, err := peer.Distribution(); return err },
		"reading our own":              func() error { _, _, err := own.Decrypt(parse(t, b)); return err },
		"processing into our own":      func() error { _, err := own.Process(d); return err },
		"processing of another group":  func() error { _, err := peer.Process(&elsewhere); return err },
		"a message of another group":   func() error { _, _, err := peer.Decrypt(m); return err },
		"encrypting without a record":  func() error { _, _, err := Record{}.Encrypt(nil, rand.Reader); return err },
		"reading without a record":     func() error { _, _, err := Record{}.Decrypt(parse(t, b)); return err },
		"distribution without records": func() error { _, err := Record{}.Distribution(); return err },
	} {
		if err := step(); !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooLargePlaintextsAreRefused(t *testing.T) {
	own, peer := pair(t)
	if _, _, err := own.Encrypt(make([]byte, message.MaxPlaintext+1), rand.Reader); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v", err)
	}
	largest := string(make([]byte, message.MaxPlaintext))
	decrypt(t, &peer, encrypt(t, &own, largest), largest)
}

func TestRandomFailsWithItsSource(t *testing.T) {
	broken := errors.New("broken")
	if _, err := New(group, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	own := newOwn(t)
	if _, _, err := own.Encrypt(nil, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
}
