// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package pqxdh_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

func generate(t testing.TB) curve.KeyPair {
	t.Helper()
	pair, err := curve.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func sign(t testing.TB, k curve.PrivateKey, message []byte) []byte {
	t.Helper()
	signature, err := xeddsa.Sign(k, message, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signature[:]
}

// shape says which prekeys a responder has.
type shape struct{ oneTime, kyber bool }

var shapes = []shape{{false, false}, {true, false}, {false, true}, {true, true}}

// responder returns the private keys of a device and what it publishes.
func responder(t testing.TB, s shape) (pqxdh.Responder, *pqxdh.Bundle) {
	t.Helper()
	r := pqxdh.Responder{Identity: generate(t), SignedPreKey: generate(t)}
	b := &pqxdh.Bundle{
		RegistrationID: 7, IdentityKey: r.Identity.Public,
		SignedPreKeyID: 1, SignedPreKey: r.SignedPreKey.Public,
		SignedPreKeySignature: sign(t, r.Identity.Private, r.SignedPreKey.Public[:]),
	}
	if s.oneTime {
		r.PreKey = generate(t)
		b.HasPreKey, b.PreKeyID, b.PreKey = true, 2, r.PreKey.Public
	}
	if s.kyber {
		private, public, err := kyber.Generate(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		r.Kyber = private
		b.HasKyber, b.KyberPreKeyID, b.KyberPreKey = true, 3, public
		b.KyberPreKeySignature = sign(t, r.Identity.Private, public.Bytes())
	}
	return r, b
}

func initiate(t testing.TB, identity curve.KeyPair, b *pqxdh.Bundle) pqxdh.Initiation {
	t.Helper()
	i, err := pqxdh.Initiate(identity, b, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// all returns the bytes of secrets one after another.
func all(s pqxdh.Secrets) []byte {
	var b []byte
	for _, part := range []*[32]byte{s.Root(), s.Chain(), s.Ratchet()} {
		if part != nil {
			b = append(b, part[:]...)
		}
	}
	return b
}

func TestBothSidesAgree(t *testing.T) {
	for _, s := range shapes {
		r, b := responder(t, s)
		alice := generate(t)
		i := initiate(t, alice, b)
		secrets, err := r.Respond(alice.Public, i.BaseKey, i.KyberCiphertext)
		if err != nil || !bytes.Equal(all(secrets), all(i.Secrets)) {
			t.Errorf("%+v: the sides have other secrets, or %v", s, err)
		}
		want, size := pqxdh.X3DH, 64
		if s.kyber {
			want, size = pqxdh.PQXDH, 96
		}
		if i.Version != want || b.Version() != want || len(all(secrets)) != size || (secrets.Ratchet() != nil) != s.kyber || (i.KyberCiphertext != nil) != s.kyber {
			t.Errorf("%+v: version %d with %d bytes", s, i.Version, len(all(secrets)))
		}
		if again := initiate(t, alice, b); again.BaseKey == i.BaseKey || bytes.Equal(all(again.Secrets), all(i.Secrets)) {
			t.Errorf("%+v: two agreements are the same", s)
		}
	}
}

// hkdfOf is RFC 5869 with SHA-256 and no salt, written once more.
func hkdfOf(input []byte, info string, size int) []byte {
	mac := func(key []byte, parts ...[]byte) []byte {
		h := hmac.New(sha256.New, key)
		for _, part := range parts {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	extracted := mac(make([]byte, 32), input)
	var output, block []byte
	for n := byte(1); len(output) < size; n++ {
		block = mac(extracted, block, []byte(info), []byte{n})
		output = append(output, block...)
	}
	return output[:size]
}

// The secrets are those of the formulas of the specifications, computed here
// with other implementations of X25519 and HKDF.
func TestSecretsAreThoseOfTheFormulas(t *testing.T) {
	for _, s := range shapes {
		r, b := responder(t, s)
		alice := generate(t)
		baseRandom, kyberRandom := bytes.Repeat([]byte{3}, 32), bytes.Repeat([]byte{4}, 32)
		i, err := pqxdh.Initiate(alice, b, io.MultiReader(bytes.NewReader(baseRandom), bytes.NewReader(kyberRandom)))
		if err != nil {
			t.Fatal(err)
		}
		base, err := curve.ParsePrivateKey(baseRandom)
		if err != nil || base.Public() != i.BaseKey {
			t.Fatalf("the base key is not of the first 32 random bytes: %v", err)
		}
		input := bytes.Repeat([]byte{0xff}, 32)
		dh := func(k curve.PrivateKey, p curve.PublicKey) { // by the standard library
			private, err1 := ecdh.X25519().NewPrivateKey(k.Bytes())
			public, err2 := ecdh.X25519().NewPublicKey(p[1:])
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			shared, err := private.ECDH(public)
			if err != nil {
				t.Fatal(err)
			}
			input = append(input, shared...)
		}
		dh(alice.Private, r.SignedPreKey.Public)
		dh(base, r.Identity.Public)
		dh(base, r.SignedPreKey.Public)
		if s.oneTime {
			dh(base, r.PreKey.Public)
		}
		info, size := "WhisperText", 64
		if s.kyber {
			info, size = "WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024", 96
			ciphertext, shared, err := kyber.Encapsulate(b.KyberPreKey, bytes.NewReader(kyberRandom))
			if err != nil || !bytes.Equal(ciphertext, i.KyberCiphertext) {
				t.Fatalf("another ciphertext: %v", err)
			}
			input = append(input, shared[:]...)
		}
		if want := hkdfOf(input, info, size); !bytes.Equal(all(i.Secrets), want) {
			t.Errorf("%+v: %x, want %x", s, all(i.Secrets), want)
		}
	}
}

// Every private key of either side is needed: with another one, the secrets are
// others.
func TestAnotherKeyGivesOtherSecrets(t *testing.T) {
	r, b := responder(t, shape{true, true})
	alice := generate(t)
	i := initiate(t, alice, b)
	otherKyber, _, err := kyber.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(r *pqxdh.Responder){
		"identity":       func(r *pqxdh.Responder) { r.Identity = generate(t) },
		"signed prekey":  func(r *pqxdh.Responder) { r.SignedPreKey = generate(t) },
		"prekey":         func(r *pqxdh.Responder) { r.PreKey = generate(t) },
		"without prekey": func(r *pqxdh.Responder) { r.PreKey = curve.KeyPair{} },
		"Kyber prekey":   func(r *pqxdh.Responder) { r.Kyber = otherKyber },
	} {
		changed := r
		change(&changed)
		secrets, err := changed.Respond(alice.Public, i.BaseKey, i.KyberCiphertext)
		if err != nil || overlap(secrets, i.Secrets) {
			t.Errorf("%s: the same secrets, or %v", name, err)
		}
	}
	secrets, err := r.Respond(generate(t).Public, i.BaseKey, i.KyberCiphertext)
	if err != nil || overlap(secrets, i.Secrets) {
		t.Errorf("another initiator: the same secrets, or %v", err)
	}
	changed := bytes.Clone(i.KyberCiphertext)
	changed[800] ^= 1
	secrets, err = r.Respond(alice.Public, i.BaseKey, changed)
	if err != nil || overlap(secrets, i.Secrets) {
		t.Errorf("an altered ciphertext: the same secrets, or %v", err)
	}
}

// overlap says whether any part of the secrets is the same.
func overlap(a, b pqxdh.Secrets) bool {
	return *a.Root() == *b.Root() || *a.Chain() == *b.Chain() || *a.Ratchet() == *b.Ratchet()
}

func TestBundlesAreVerifiedBeforeAnyUse(t *testing.T) {
	other := generate(t)
	for name, test := range map[string]struct {
		change func(b *pqxdh.Bundle)
		which  pqxdh.Which
	}{
		"signed prekey":              {func(b *pqxdh.Bundle) { b.SignedPreKey = other.Public }, pqxdh.SignedPreKey},
		"its signature":              {func(b *pqxdh.Bundle) { b.SignedPreKeySignature[0] ^= 1 }, pqxdh.SignedPreKey},
		"no signature":               {func(b *pqxdh.Bundle) { b.SignedPreKeySignature = nil }, pqxdh.SignedPreKey},
		"identity":                   {func(b *pqxdh.Bundle) { b.IdentityKey = other.Public }, pqxdh.SignedPreKey},
		"no identity":                {func(b *pqxdh.Bundle) { b.IdentityKey = curve.PublicKey{} }, pqxdh.SignedPreKey},
		"no prekey":                  {func(b *pqxdh.Bundle) { b.SignedPreKey = curve.PublicKey{} }, pqxdh.SignedPreKey},
		"exchanged signatures":       {func(b *pqxdh.Bundle) { b.KyberPreKeySignature = b.SignedPreKeySignature }, pqxdh.KyberPreKey},
		"Kyber signature":            {func(b *pqxdh.Bundle) { b.KyberPreKeySignature[63] ^= 1 }, pqxdh.KyberPreKey},
		"no Kyber signature":         {func(b *pqxdh.Bundle) { b.KyberPreKeySignature = nil }, pqxdh.KyberPreKey},
		"no Kyber prekey":            {func(b *pqxdh.Bundle) { b.KyberPreKey = kyber.PublicKey{} }, pqxdh.KyberPreKey},
		"Kyber signature over bytes": {func(b *pqxdh.Bundle) { b.KyberPreKeySignature = sign(t, other.Private, b.KyberPreKey.Bytes()) }, pqxdh.KyberPreKey},
	} {
		_, b := responder(t, shape{true, true})
		if err := b.Verify(); err != nil {
			t.Fatal(err)
		}
		test.change(b)
		var refused *pqxdh.SignatureError
		if err := b.Verify(); !errors.As(err, &refused) || refused.Which != test.which {
			t.Errorf("%s: error = %v, want that of the %s", name, err, test.which)
		}
		// A source of randomness that fails would be noticed if it were asked.
		if _, err := pqxdh.Initiate(generate(t), b, iotest.ErrReader(errors.New("asked"))); !errors.As(err, &refused) {
			t.Errorf("%s: Initiate goes on: %v", name, err)
		}
	}
}

// A signature is over the key with its type byte: without it a key of one kind
// could pass for another.
func TestSignaturesCoverTheTypeByte(t *testing.T) {
	r, b := responder(t, shape{true, true})
	b.SignedPreKeySignature = sign(t, r.Identity.Private, b.SignedPreKey[1:])
	if b.Verify() == nil {
		t.Error("a signature over 32 bytes is accepted")
	}
	r, b = responder(t, shape{true, true})
	b.KyberPreKeySignature = sign(t, r.Identity.Private, b.KyberPreKey.Bytes()[1:])
	if b.Verify() == nil {
		t.Error("a signature over 1568 bytes is accepted")
	}
}

func TestPreKeyOfSmallOrderIsRefused(t *testing.T) {
	_, b := responder(t, shape{true, true})
	b.PreKey = curve.PublicKey{5}
	if _, err := pqxdh.Initiate(generate(t), b, rand.Reader); !errors.Is(err, curve.ErrAgreement) {
		t.Errorf("error = %v", err)
	}
	b.PreKey = curve.PublicKey{}
	if _, err := pqxdh.Initiate(generate(t), b, rand.Reader); !errors.Is(err, curve.ErrKey) {
		t.Errorf("error = %v", err)
	}
}

func TestHostileInitiatorsAreRefused(t *testing.T) {
	r, b := responder(t, shape{true, true})
	alice := generate(t)
	i := initiate(t, alice, b)
	topped, small := i.BaseKey, curve.PublicKey{5, 1}
	topped[32] |= 0x80
	alias := curve.PublicKey(append([]byte{5, 0xf6}, slices.Repeat([]byte{0xff}, 31)...)) // 9 + p
	alias[32] = 0x7f
	oldResponder := r
	oldResponder.Kyber = kyber.PrivateKey{}
	for name, test := range map[string]struct {
		responder      pqxdh.Responder
		identity, base curve.PublicKey
		ciphertext     []byte
		want           error
	}{
		"base key with its top bit":     {r, alice.Public, topped, i.KyberCiphertext, pqxdh.ErrBaseKey},
		"base key of small order":       {r, alice.Public, small, i.KyberCiphertext, pqxdh.ErrBaseKey},
		"base key not reduced":          {r, alice.Public, alias, i.KyberCiphertext, pqxdh.ErrBaseKey},
		"no base key":                   {r, alice.Public, curve.PublicKey{}, i.KyberCiphertext, pqxdh.ErrBaseKey},
		"identity of small order":       {r, small, i.BaseKey, i.KyberCiphertext, curve.ErrAgreement},
		"no identity":                   {r, curve.PublicKey{}, i.BaseKey, i.KyberCiphertext, curve.ErrKey},
		"no ciphertext":                 {r, alice.Public, i.BaseKey, nil, pqxdh.ErrKyber},
		"short ciphertext":              {r, alice.Public, i.BaseKey, i.KyberCiphertext[:1568], kyber.ErrCiphertext},
		"ciphertext without a key":      {oldResponder, alice.Public, i.BaseKey, i.KyberCiphertext, pqxdh.ErrKyber},
		"responder without private key": {pqxdh.Responder{Kyber: r.Kyber}, alice.Public, i.BaseKey, i.KyberCiphertext, curve.ErrKey},
	} {
		secrets, err := test.responder.Respond(test.identity, test.base, test.ciphertext)
		if !errors.Is(err, test.want) || secrets.Root() != nil {
			t.Errorf("%s: error = %v, want %v", name, err, test.want)
		}
	}
}

func TestInitiateFailsWithItsSource(t *testing.T) {
	_, b := responder(t, shape{true, true})
	broken := errors.New("broken")
	for _, n := range []int{0, 31, 32, 63} {
		source := io.MultiReader(bytes.NewReader(make([]byte, n)), iotest.ErrReader(broken))
		if i, err := pqxdh.Initiate(generate(t), b, source); !errors.Is(err, broken) || i.Secrets.Root() != nil {
			t.Errorf("after %d bytes: error = %v", n, err)
		}
	}
}

func TestWipedSecretsAreGone(t *testing.T) {
	_, b := responder(t, shape{true, true})
	s := initiate(t, generate(t), b).Secrets
	copied, root, chain, ratchet := s, s.Root(), s.Chain(), s.Ratchet()
	s.Wipe()
	if *root != [32]byte{} || *chain != [32]byte{} || *ratchet != [32]byte{} {
		t.Error("bytes are left after Wipe")
	}
	if copied.Root() != nil || copied.Chain() != nil || copied.Ratchet() != nil {
		t.Error("a wiped value has secrets")
	}
	s.Wipe()
	var none pqxdh.Secrets
	none.Wipe()
	if none.Root() != nil || none.Chain() != nil || none.Ratchet() != nil {
		t.Error("the zero value has secrets")
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	r, b := responder(t, shape{true, true})
	i := initiate(t, generate(t), b)
	_, agreeError := r.Respond(curve.PublicKey{}, i.BaseKey, i.KyberCiphertext)
	hidden := [][]byte{i.Secrets.Root()[:], i.Secrets.Chain()[:], i.Secrets.Ratchet()[:], r.Identity.Private.Bytes(), r.Kyber.Bytes()}
	for _, value := range []any{i, &i, i.Secrets, &i.Secrets, r, &r, agreeError} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := strings.ToLower(fmt.Sprintf(verb, value))
			for _, raw := range hidden {
				forms := []string{
					string(raw[4:12]), fmt.Sprintf("%x", raw[4:12]), strings.Trim(fmt.Sprint(raw[4:12]), "[]"),
					strings.Trim(fmt.Sprintf("%#v", raw[4:12])[len("[]byte{"):], "}"),
				}
				for _, form := range forms {
					if strings.Contains(text, form) {
						t.Errorf("%s of %T prints a secret", verb, value)
					}
				}
			}
		}
	}
}
