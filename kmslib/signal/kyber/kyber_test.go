// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package kyber_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cloudflare/circl/kem/mlkem/mlkem1024"

	"ats.run/kms-enclave/kmslib/signal/kyber"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func generate(t testing.TB) (kyber.PrivateKey, kyber.PublicKey) {
	t.Helper()
	private, public, err := kyber.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

func encapsulate(t testing.TB, p kyber.PublicKey) ([]byte, [32]byte) {
	t.Helper()
	ciphertext, shared, err := kyber.Encapsulate(p, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ciphertext, shared
}

// The first case of PQCkemKAT_3168.rsp of the submission to round 3. The file
// has the seed of its generator; these are the bytes that one gives, and the
// secret of the file. The other cases are run by the library in use.
func TestFirstKnownAnswerOfRound3(t *testing.T) {
	seed := unhex(t, "7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d"+
		"8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f")
	random := unhex(t, "147c03f7a5bebba406c8fae1874d7f13c80efe79a3a9a874cc09fe76f6997615")
	const want = "b10f7394926ad3b49c5d62d5aeb531d5757538bcc0da9e550d438f1b61bd7419"

	private, err := kyber.ParsePrivateKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, shared, err := kyber.Encapsulate(private.Public(), bytes.NewReader(random))
	if err != nil || hex.EncodeToString(shared[:]) != want {
		t.Errorf("Encapsulate = %x, %v, want %s", shared, err, want)
	}
	if opened, err := kyber.Decapsulate(private, ciphertext); err != nil || opened != shared {
		t.Errorf("Decapsulate = %x, %v, want %s", opened, err, want)
	}
}

func TestBothSidesHaveTheSecret(t *testing.T) {
	for range 10 {
		private, public := generate(t)
		ciphertext, shared := encapsulate(t, public)
		opened, err := kyber.Decapsulate(private, ciphertext)
		if err != nil || opened != shared || len(ciphertext) != kyber.CiphertextSize || ciphertext[0] != 8 {
			t.Fatalf("%x and %x of %d bytes: %v", opened, shared, len(ciphertext), err)
		}
		if again, other := encapsulate(t, public); bytes.Equal(again, ciphertext) || other == shared {
			t.Error("two encapsulations are the same")
		}
	}
}

// The sizes are those of ML-KEM-1024, so that nothing but the secret tells the
// two apart. Should this test fail, the library has changed what it does.
func TestTheSameBytesAsMLKEMGiveAnotherSecret(t *testing.T) {
	private, public := generate(t)
	var key mlkem1024.PublicKey
	if err := key.Unpack(public.Bytes()[1:]); err != nil {
		t.Fatalf("the trap is gone: %v", err)
	}
	seed, random := private.Bytes(), bytes.Repeat([]byte{9}, 32)
	ciphertext, ours, err := kyber.Encapsulate(public, bytes.NewReader(random))
	if err != nil {
		t.Fatal(err)
	}
	theirCiphertext, theirs := make([]byte, mlkem1024.CiphertextSize), make([]byte, mlkem1024.SharedKeySize)
	key.EncapsulateTo(theirCiphertext, theirs, random)
	if bytes.Equal(ours[:], theirs) || bytes.Equal(ciphertext[1:], theirCiphertext) {
		t.Error("the secrets are the same")
	}
	opened, err := kyber.Decapsulate(private, append([]byte{8}, theirCiphertext...))
	if err != nil || bytes.Equal(opened[:], theirs) {
		t.Errorf("a ciphertext of ML-KEM gives its secret: %v", err)
	}
	other, _ := mlkem1024.NewKeyFromSeed(seed)
	packed := make([]byte, mlkem1024.PublicKeySize)
	other.Pack(packed)
	if bytes.Equal(packed, public.Bytes()[1:]) {
		t.Error("the seed gives the same key")
	}
}

func TestAlteredCiphertextsGiveUnrelatedSecrets(t *testing.T) {
	private, public := generate(t)
	ciphertext, shared := encapsulate(t, public)
	seen := map[[32]byte]bool{shared: true}
	for i := 1; i < len(ciphertext); i += 97 {
		changed := bytes.Clone(ciphertext)
		changed[i] ^= 1
		opened, err := kyber.Decapsulate(private, changed)
		if err != nil || seen[opened] {
			t.Errorf("byte %d: a secret seen before, or %v", i, err)
		}
		seen[opened] = true
		if again, err := kyber.Decapsulate(private, changed); err != nil || again != opened {
			t.Errorf("byte %d: another secret the second time, or %v", i, err)
		}
	}
	other, _ := generate(t)
	if opened, err := kyber.Decapsulate(other, ciphertext); err != nil || opened == shared {
		t.Errorf("another key has the secret, or %v", err)
	}
}

func TestOneLengthAndTypeIsRead(t *testing.T) {
	private, public := generate(t)
	ciphertext, _ := encapsulate(t, public)
	if k, err := kyber.ParsePublicKey(public.Bytes()); err != nil || k != public || k.IsZero() {
		t.Errorf("a good key is not read: %v", err)
	}
	wrong := func(b []byte) [][]byte {
		all := [][]byte{nil, {8}, b[:len(b)-1], b[1:], append(bytes.Clone(b), 0)}
		for _, kind := range []byte{0x00, 0x05, 0x07, 0x0a} {
			all = append(all, append([]byte{kind}, b[1:]...))
		}
		return all
	}
	for _, b := range wrong(public.Bytes()) {
		if k, err := kyber.ParsePublicKey(b); !errors.Is(err, kyber.ErrKey) || !k.IsZero() {
			t.Errorf("a key of %d bytes that begins with %x: %v", len(b), b[:min(1, len(b))], err)
		}
	}
	for _, b := range wrong(ciphertext) {
		if shared, err := kyber.Decapsulate(private, b); !errors.Is(err, kyber.ErrCiphertext) || shared != [32]byte{} {
			t.Errorf("a ciphertext of %d bytes that begins with %x: %v", len(b), b[:min(1, len(b))], err)
		}
	}
	for _, n := range []int{0, 32, 63, 65, 3168} {
		if k, err := kyber.ParsePrivateKey(make([]byte, n)); !errors.Is(err, kyber.ErrKey) || !k.IsZero() {
			t.Errorf("a seed of %d bytes: %v", n, err)
		}
	}
}

// A key with coefficients that are not reduced is none of ML-KEM, but clients
// check the length alone, so that to refuse it would be to refuse a peer.
func TestAnyBytesOfTheLengthAreAKey(t *testing.T) {
	b := bytes.Repeat([]byte{0xff}, kyber.PublicKeySize)
	b[0] = 8
	k, err := kyber.ParsePublicKey(b)
	if err != nil || !bytes.Equal(k.Bytes(), b) {
		t.Fatalf("ParsePublicKey: %v", err)
	}
	if _, _, err := kyber.Encapsulate(k, rand.Reader); err != nil {
		t.Error(err)
	}
}

func TestPrivateKeyIsItsSeed(t *testing.T) {
	private, public := generate(t)
	seed := private.Bytes()
	again, err := kyber.ParsePrivateKey(seed)
	if err != nil || again.Public() != public || private.Public() != public || len(seed) != kyber.SeedSize {
		t.Fatalf("what was stored is another key: %v", err)
	}
	clear(seed)
	if again.Public() != public || bytes.Equal(again.Bytes(), seed) {
		t.Error("the key shares its bytes with the caller")
	}
}

func TestNoKeyDoesNothing(t *testing.T) {
	private, public := generate(t)
	ciphertext, _ := encapsulate(t, public)
	var noPrivate kyber.PrivateKey
	var noPublic kyber.PublicKey
	if !noPrivate.IsZero() || !noPublic.IsZero() || private.IsZero() || noPrivate.Bytes() != nil || noPublic.Bytes() != nil || noPrivate.Public() != noPublic {
		t.Error("a zero key is one")
	}
	if _, err := kyber.Decapsulate(noPrivate, ciphertext); !errors.Is(err, kyber.ErrKey) {
		t.Errorf("Decapsulate: %v", err)
	}
	if _, _, err := kyber.Encapsulate(noPublic, rand.Reader); !errors.Is(err, kyber.ErrKey) {
		t.Errorf("Encapsulate: %v", err)
	}
}

func TestBrokenRandomnessIsAnError(t *testing.T) {
	broken := errors.New("broken")
	if k, _, err := kyber.Generate(iotest.ErrReader(broken)); !errors.Is(err, broken) || !k.IsZero() {
		t.Errorf("Generate: %v", err)
	}
	if k, _, err := kyber.Generate(bytes.NewReader(make([]byte, 63))); err == nil || !k.IsZero() {
		t.Error("a key was made of too little randomness")
	}
	_, public := generate(t)
	if c, shared, err := kyber.Encapsulate(public, iotest.ErrReader(broken)); !errors.Is(err, broken) || c != nil || shared != [32]byte{} {
		t.Errorf("Encapsulate: %v", err)
	}
}

func TestNothingPrintsAPrivateKey(t *testing.T) {
	seed := bytes.Repeat([]byte("Kz9!"), 16)
	k, err := kyber.ParsePrivateKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	_, decapsulateError := kyber.Decapsulate(k, seed)
	_, parseError := kyber.ParsePrivateKey(seed[:60])
	for _, value := range []any{k, &k, []kyber.PrivateKey{k}, decapsulateError, parseError} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, value)
			for _, form := range []string{"Kz9!", "4b7a3921", "75 122 57 33", "0x4b, 0x7a"} {
				if strings.Contains(text, form) {
					t.Errorf("%s prints %s", verb, text)
				}
			}
		}
	}
}

func FuzzDecapsulate(f *testing.F) {
	private, err := kyber.ParsePrivateKey(make([]byte, 64))
	if err != nil {
		f.Fatal(err)
	}
	ciphertext, _ := encapsulate(f, private.Public())
	f.Add(ciphertext)
	f.Add(make([]byte, kyber.CiphertextSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		shared, err := kyber.Decapsulate(private, b)
		if (err == nil) != (len(b) == kyber.CiphertextSize && b[0] == 8) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
		if (err == nil) == (shared == [32]byte{}) {
			t.Errorf("secret %x with error %v", shared, err)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	_, public := generate(f)
	f.Add(public.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := kyber.ParsePublicKey(b)
		if err != nil {
			if !errors.Is(err, kyber.ErrKey) {
				t.Errorf("error = %v", err)
			}
			return
		}
		if !bytes.Equal(k.Bytes(), b) {
			t.Error("a key is written in another way")
		}
		if _, _, err := kyber.Encapsulate(k, rand.Reader); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		generate(b)
	}
}

func BenchmarkEncapsulate(b *testing.B) {
	_, public := generate(b)
	for b.Loop() {
		encapsulate(b, public)
	}
}

func BenchmarkDecapsulate(b *testing.B) {
	private, public := generate(b)
	ciphertext, _ := encapsulate(b, public)
	for b.Loop() {
		if _, err := kyber.Decapsulate(private, ciphertext); err != nil {
			b.Fatal(err)
		}
	}
}
