// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package curve_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/signal/curve"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// public returns the key with the u coordinate in hexadecimal.
func public(t testing.TB, u string) curve.PublicKey {
	t.Helper()
	k, err := curve.ParsePublicKey(append([]byte{5}, unhex(t, u)...))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func private(t testing.TB, scalar string) curve.PrivateKey {
	t.Helper()
	k, err := curve.ParsePrivateKey(unhex(t, scalar))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func generate(t testing.TB) curve.KeyPair {
	t.Helper()
	pair, err := curve.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// RFC 7748, section 5.2. The u coordinate of the second has its top bit set.
var functionVectors = []struct{ scalar, u, output string }{
	{
		"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		"e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		"c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
	},
	{
		"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		"e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		"95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
	},
}

func TestAgreeGivesTheVectorsOfTheRFC(t *testing.T) {
	for _, v := range functionVectors {
		shared, err := curve.Agree(private(t, v.scalar), public(t, v.u))
		if err != nil || !bytes.Equal(shared[:], unhex(t, v.output)) {
			t.Errorf("Agree = %x, %v, want %s", shared, err, v.output)
		}
	}
}

// RFC 7748, section 5.2: the function applied to its own results.
func TestAgreeGivesTheIteratedVectorsOfTheRFC(t *testing.T) {
	k := unhex(t, "0900000000000000000000000000000000000000000000000000000000000000")
	u := k
	for i := 1; i <= 1000; i++ {
		scalar, err := curve.ParsePrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		point, err := curve.ParsePublicKey(append([]byte{5}, u...))
		if err != nil {
			t.Fatal(err)
		}
		shared, err := curve.Agree(scalar, point)
		if err != nil {
			t.Fatal(err)
		}
		k, u = shared[:], k
		want := map[int]string{
			1:    "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
			1000: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51",
		}[i]
		if want != "" && hex.EncodeToString(k) != want {
			t.Errorf("after %d iterations %x, want %s", i, k, want)
		}
	}
}

// RFC 7748, section 6.1.
func TestKeyPairsAndAgreementOfTheRFC(t *testing.T) {
	alice := private(t, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
	bob := private(t, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
	alicePublic := public(t, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
	bobPublic := public(t, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
	if alice.Public() != alicePublic || bob.Public() != bobPublic {
		t.Errorf("public keys %x and %x", alice.Public(), bob.Public())
	}
	const want = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
	one, err1 := curve.Agree(alice, bobPublic)
	other, err2 := curve.Agree(bob, alicePublic)
	if err1 != nil || err2 != nil || one != other || hex.EncodeToString(one[:]) != want {
		t.Errorf("agreed on %x (%v) and %x (%v), want %s", one, err1, other, err2, want)
	}
}

func TestParsePublicKeyTakesOneLengthAndType(t *testing.T) {
	good := generate(t).Public.Bytes()
	if k, err := curve.ParsePublicKey(good); err != nil || !bytes.Equal(k.Bytes(), good) || k.IsZero() {
		t.Errorf("a good key is read as %x, %v", k, err)
	}
	otherType := bytes.Clone(good)
	otherType[0] = 6
	for _, b := range [][]byte{nil, {5}, good[:32], good[1:], append(bytes.Clone(good), 0), otherType, make([]byte, 33)} {
		if k, err := curve.ParsePublicKey(b); !errors.Is(err, curve.ErrKey) || !k.IsZero() {
			t.Errorf("%d bytes that begin with %x: %v", len(b), b[:min(1, len(b))], err)
		}
	}
}

func TestPrivateKeyIsAClampedCopy(t *testing.T) {
	raw := bytes.Repeat([]byte{0xff}, 32)
	k, err := curve.ParsePrivateKey(raw)
	if err != nil || raw[0] != 0xff || raw[31] != 0xff {
		t.Fatalf("ParsePrivateKey changed its argument: %x, %v", raw, err)
	}
	clear(raw)
	stored := k.Bytes()
	if stored[0] != 0xf8 || stored[31] != 0x7f || stored[1] != 0xff {
		t.Errorf("stored as %x, want it clamped", stored)
	}
	again, err := curve.ParsePrivateKey(stored)
	if err != nil || again.Public() != k.Public() || !bytes.Equal(again.Bytes(), stored) {
		t.Error("what was stored is another key")
	}
	clear(stored)
	if bytes.Equal(k.Bytes(), stored) {
		t.Error("Bytes is no copy")
	}
	for _, n := range []int{0, 31, 33, 64} {
		if k, err := curve.ParsePrivateKey(make([]byte, n)); !errors.Is(err, curve.ErrKey) || !k.IsZero() {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestNoKeyAgreesOnNothing(t *testing.T) {
	pair := generate(t)
	var none curve.PrivateKey
	if !none.IsZero() || none.Bytes() != nil || !none.Public().IsZero() || pair.Private.IsZero() {
		t.Error("the zero private key is one")
	}
	if _, err := curve.Agree(none, pair.Public); !errors.Is(err, curve.ErrKey) {
		t.Errorf("without a private key: %v", err)
	}
	if _, err := curve.Agree(pair.Private, curve.PublicKey{}); !errors.Is(err, curve.ErrKey) {
		t.Errorf("without a public key: %v", err)
	}
}

func TestGenerateFailsWithItsSource(t *testing.T) {
	broken := errors.New("broken")
	if pair, err := curve.Generate(iotest.ErrReader(broken)); !errors.Is(err, broken) || !pair.Private.IsZero() {
		t.Errorf("error = %v", err)
	}
	if pair, err := curve.Generate(bytes.NewReader(make([]byte, 31))); err == nil || !pair.Private.IsZero() {
		t.Error("a key was made of too little randomness")
	}
}

func TestAgreementIsSymmetric(t *testing.T) {
	for range 20 {
		a, b := generate(t), generate(t)
		one, err1 := curve.Agree(a.Private, b.Public)
		other, err2 := curve.Agree(b.Private, a.Public)
		if err1 != nil || err2 != nil || one != other {
			t.Fatalf("%v, %v", err1, err2)
		}
	}
}

func TestNothingPrintsAPrivateKey(t *testing.T) {
	raw := bytes.Repeat([]byte("Kz9!"), 8)
	k, err := curve.ParsePrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	pair := curve.KeyPair{Public: k.Public(), Private: k}
	_, agreeError := curve.Agree(k, curve.PublicKey{})
	inner := raw[1:31] // clamping leaves them
	for _, value := range []any{k, &k, pair, &pair, []curve.KeyPair{pair}, agreeError} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, value)
			decimal := strings.Trim(fmt.Sprint(inner[:4]), "[]")
			if strings.Contains(text, string(inner[:4])) || strings.Contains(text, hex.EncodeToString(inner[:4])) ||
				strings.Contains(text, decimal) || strings.Contains(text, "0x4b, 0x7a") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add(append([]byte{5}, make([]byte, 32)...))
	f.Add(bytes.Repeat([]byte{5}, 33))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := curve.ParsePublicKey(b)
		if err != nil {
			if !errors.Is(err, curve.ErrKey) {
				t.Errorf("error = %v", err)
			}
			return
		}
		if !bytes.Equal(k.Bytes(), b) {
			t.Errorf("%x is written as %x", b, k.Bytes())
		}
	})
}

// FuzzAgree compares with the standard library's implementation, which shares
// no code with the one in use.
func FuzzAgree(f *testing.F) {
	for _, v := range functionVectors {
		f.Add(unhex(f, v.scalar), unhex(f, v.u))
	}
	f.Add(make([]byte, 32), make([]byte, 32))
	f.Fuzz(func(t *testing.T, scalar, u []byte) {
		k, err1 := curve.ParsePrivateKey(scalar)
		p, err2 := curve.ParsePublicKey(append([]byte{5}, u...))
		if err1 != nil || err2 != nil {
			return
		}
		shared, err := curve.Agree(k, p)
		stdPrivate, err1 := ecdh.X25519().NewPrivateKey(scalar)
		stdPublic, err2 := ecdh.X25519().NewPublicKey(u)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		want, stdErr := stdPrivate.ECDH(stdPublic)
		if (err == nil) != (stdErr == nil) || err == nil && !bytes.Equal(shared[:], want) {
			t.Errorf("Agree = %x, %v, want %x, %v", shared, err, want, stdErr)
		}
		if made := k.Public(); !bytes.Equal(made[1:], stdPrivate.PublicKey().Bytes()) {
			t.Errorf("public key %x, want %x", made[1:], stdPrivate.PublicKey().Bytes())
		}
	})
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		if _, err := curve.Generate(rand.Reader); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAgree(b *testing.B) {
	one, other := generate(b), generate(b)
	for b.Loop() {
		if _, err := curve.Agree(one.Private, other.Public); err != nil {
			b.Fatal(err)
		}
	}
}
