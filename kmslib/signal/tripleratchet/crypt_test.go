// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package tripleratchet

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
)

func mac256(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

func derive(t *testing.T, secret, salt []byte, info string, n int) []byte {
	t.Helper()
	b, err := hkdf.Key(sha256.New, secret, salt, info, n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The first message of a session, opened by the standard library and the facts
// of the profile alone.
func TestFirstMessagesAreThoseOfTheProfile(t *testing.T) {
	for name, c := range map[string]struct {
		version pqxdh.Version
		mode    Mode
		first   byte
	}{"X3DH": {pqxdh.X3DH, Classic, 0x34}, "PQXDH": {pqxdh.PQXDH, Classic, 0x44}, "triple ratchet": {pqxdh.PQXDH, Required, 0x44}} {
		a := agree(t, c.version)
		root, ratchet := *a.initiator.Root(), a.initiator.Ratchet()
		alice, _ := a.sessions(t, c.mode, c.mode)
		b := encrypt(t, &alice, "hello bob")
		m := parse(t, b)
		if b[0] != c.first || m.Counter != 0 || m.Previous != 0 || m.RatchetKey != alice.RatchetKey() || len(m.Ciphertext) != 16 {
			t.Errorf("%s: %x", name, b)
		}
		shared, err := curve.Agree(a.prekey.Private, m.RatchetKey)
		if err != nil {
			t.Fatal(err)
		}
		chainKey := derive(t, shared[:], root[:], "WhisperRatchet", 64)[32:]
		var salt []byte
		if c.mode == Required {
			chains := derive(t, ratchet[:], make([]byte, 32), "Signal PQ Ratchet V1 Chain  Start", 96)
			salt = derive(t, chains[32:64], make([]byte, 32), "\x00\x00\x00\x01Signal PQ Ratchet V1 Chain Next", 64)[32:]
			if !bytes.Equal(m.PQRatchet[:5], []byte{1, 1, 1, 1, 0}) || len(m.PQRatchet) != 37 {
				t.Errorf("%s: pq_ratchet %x", name, m.PQRatchet)
			}
		}
		keys := derive(t, mac256(chainKey, []byte{1}), salt, "WhisperMessageKeys", 80)
		if want := mac256(keys[32:64], a.alice.Public[:], a.bob.Public[:], b[:len(b)-8])[:8]; !bytes.Equal(m.MAC[:], want) {
			t.Errorf("%s: MAC %x, want %x", name, m.MAC, want)
		}
		block, err := aes.NewCipher(keys[:32])
		if err != nil {
			t.Fatal(err)
		}
		plaintext := make([]byte, 16)
		cipher.NewCBCDecrypter(block, keys[64:]).CryptBlocks(plaintext, m.Ciphertext)
		if string(plaintext) != "hello bob\a\a\a\a\a\a\a" {
			t.Errorf("%s: plaintext %q", name, plaintext)
		}
	}
}

func TestEveryBitIsCovered(t *testing.T) {
	alice, bob := pair(t)
	exchange(t, &alice, &bob)
	next, b, err := alice.Encrypt([]byte("hello"), []byte("addresses"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alice = next
	before := bob.Marshal()
	for bit := range len(b) * 8 {
		forged := bytes.Clone(b)
		forged[bit/8] ^= 1 << (bit % 8)
		m, err := message.ParseSignal(forged)
		if err != nil {
			continue
		}
		_, plaintext, err := bob.Decrypt(m, rand.Reader)
		if err == nil || plaintext != nil {
			t.Errorf("bit %d of byte %d may be flipped", bit%8, bit/8)
		}
		if !bytes.Equal(bob.Marshal(), before) {
			t.Fatalf("bit %d of byte %d flipped changed the state", bit%8, bit/8)
		}
	}
	for i := range 8 {
		forged := bytes.Clone(b)
		forged[len(forged)-1-i] ^= 0x80
		refuse(t, bob, forged, ErrAuthentication)
	}
	decrypt(t, &bob, b, "hello")
	if m := parse(t, b); string(m.Addresses) != "addresses" {
		t.Errorf("addresses %q", m.Addresses)
	}
}

func TestWhatTheMACCoversIsWhatCame(t *testing.T) {
	alice, bob := pair(t)
	v := *alice.box.Expose()
	// A newer client's message: an unknown field, fields in another order.
	sealed := encrypt(t, &alice, "hello")
	m := parse(t, sealed)
	body := append(m.Body(), 0x7a, 1, 0)
	_, _, seed, err := v.double.Send()
	if err != nil {
		t.Fatal(err)
	}
	_, _, salt, err := v.sparse.Send(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := derive(t, seed[:], salt, "WhisperMessageKeys", 80)
	mac := mac256(keys[32:64], v.parties.Ours[:], v.parties.Theirs[:], body)[:8]
	decrypt(t, &bob, append(body, mac...), "hello")
}

func TestMessagesOfOtherPartiesAreRefused(t *testing.T) {
	alice, bob := pair(t)
	b := encrypt(t, &alice, "hello")
	v := *bob.box.Expose()
	v.parties.Theirs = generate(t).Public
	refuse(t, wrap(&v), b, ErrAuthentication)
	v.parties = Parties{v.parties.Theirs, v.parties.Ours}
	refuse(t, wrap(&v), b, ErrAuthentication)
	refuse(t, alice, b, ErrAuthentication) // reflected
	_, stranger := pair(t)
	refuse(t, stranger, b, ErrAuthentication)
	decrypt(t, &bob, b, "hello")
}

func TestMessagesOfAnotherVersionAreRefused(t *testing.T) {
	for _, version := range []pqxdh.Version{pqxdh.X3DH, pqxdh.PQXDH} {
		alice, bob := agree(t, version).sessions(t, Classic, Classic)
		b := encrypt(t, &alice, "hello")
		other := bytes.Clone(b)
		other[0] ^= 0x70 // 3 and 4
		refuse(t, bob, other, ErrVersion)
		decrypt(t, &bob, b, "hello")
	}
}

func TestReplaysAndJumpsAreToldApart(t *testing.T) {
	alice, bob := agree(t, pqxdh.PQXDH).sessions(t, Classic, Classic)
	b := encrypt(t, &alice, "hello")
	decrypt(t, &bob, b, "hello")
	refuse(t, bob, b, ErrDuplicate)
	m := parse(t, b)
	m.Counter += chain.MaxForward + 2
	if _, _, err := bob.Decrypt(m, rand.Reader); !errors.Is(err, ErrTooFar) {
		t.Errorf("error = %v", err)
	}
	alice, bob = pair(t)
	b = encrypt(t, &alice, "hello")
	decrypt(t, &bob, b, "hello")
	refuse(t, bob, b, ErrDuplicate)
}

func TestHostileRatchetKeysAndFieldsAreNotAuthentic(t *testing.T) {
	alice, bob := pair(t)
	b := encrypt(t, &alice, "hello")
	before := bob.Marshal()
	for name, change := range map[string]func(*message.Signal){
		"small order":     func(m *message.Signal) { m.RatchetKey = curve.PublicKey{5} },
		"other key":       func(m *message.Signal) { m.RatchetKey = generate(t).Public },
		"malformed field": func(m *message.Signal) { m.PQRatchet = []byte{1, 0} },
		"no padding":      func(m *message.Signal) { m.Ciphertext = make([]byte, 16) },
	} {
		m := parse(t, b)
		change(m)
		if _, plaintext, err := bob.Decrypt(m, rand.Reader); !errors.Is(err, ErrAuthentication) {
			t.Errorf("%s: plaintext %q, %v", name, plaintext, err)
		}
	}
	if !bytes.Equal(bob.Marshal(), before) {
		t.Error("the state changed")
	}
	decrypt(t, &bob, b, "hello")
}

func TestTooLargePlaintextsAreRefused(t *testing.T) {
	alice, bob := pair(t)
	if _, _, err := alice.Encrypt(make([]byte, message.MaxPlaintext+1), nil, rand.Reader); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v", err)
	}
	largest := string(make([]byte, message.MaxPlaintext))
	b := encrypt(t, &alice, largest)
	decrypt(t, &bob, b, largest)
	outer := &message.PreKey{Version: 4, HasPreKey: true, PreKeyID: 1<<32 - 1, HasKyber: true, KyberCiphertext: make([]byte, 1569),
		BaseKey: alice.RatchetKey(), IdentityKey: alice.RatchetKey(), Message: parse(t, b)}
	if _, err := message.ParsePreKey(outer.Marshal()); err != nil {
		t.Errorf("the first message of a session with the largest plaintext: %v", err)
	}
}

func TestRandomFailsWithItsSource(t *testing.T) {
	broken := errors.New("broken")
	a := agree(t, pqxdh.PQXDH)
	_, err := NewInitiator(a.version, Parties{a.alice.Public, a.bob.Public}, a.initiator, a.prekey.Public, Required, iotest.ErrReader(broken))
	if !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	alice, bob := a.sessions(t, Required, Required)
	b := encrypt(t, &alice, "hello")
	if _, _, err := alice.Encrypt([]byte("more"), nil, iotest.ErrReader(broken)); err != nil && !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	if _, _, err := bob.Decrypt(parse(t, b), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v", err)
	}
	decrypt(t, &bob, b, "hello")
}
