// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package splitkem

import (
	"bytes"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/sha3"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cloudflare/circl/kem/mlkem/mlkem768"
)

// inputs returns a seed and a message that depend on the round alone.
func inputs(round int) (seed [SeedSize]byte, message [MessageSize]byte) {
	source := rand.NewChaCha8([32]byte{byte(round)})
	source.Read(seed[:])
	source.Read(message[:])
	return seed, message
}

// TestHalvesAreMLKEM compares with the two whole implementations at hand, circl
// and the standard library.
func TestHalvesAreMLKEM(t *testing.T) {
	for round := range 50 {
		seed, message := inputs(round)
		header, vector := PublicKey(&seed)
		ct1, shared := Encapsulate1(&header, &message)
		whole, err := Encapsulate2(&header, &message, vector)
		if err != nil {
			t.Fatal(err)
		}
		if len(vector) != VectorSize || len(ct1) != Ciphertext1Size || !bytes.Equal(whole[:Ciphertext1Size], ct1) {
			t.Fatal("the halves do not fit together")
		}

		ek := append(bytes.Clone(vector), header[:32]...)
		standard, err := mlkem.NewEncapsulationKey768(ek)
		if err != nil {
			t.Fatal(err)
		}
		wantShared, wantCiphertext, err := mlkemtest.Encapsulate768(standard, message[:])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(shared[:], wantShared) || !bytes.Equal(whole, wantCiphertext) {
			t.Fatal("not what crypto/mlkem encapsulates")
		}
		public, _ := mlkem768.NewKeyFromSeed(seed[:])
		circlShared, circlCiphertext := make([]byte, SharedSize), make([]byte, CiphertextSize)
		public.EncapsulateTo(circlCiphertext, circlShared, message[:])
		if !bytes.Equal(shared[:], circlShared) || !bytes.Equal(whole, circlCiphertext) {
			t.Fatal("not what circl encapsulates")
		}

		private, err := mlkem.NewDecapsulationKey768(seed[:])
		if err != nil {
			t.Fatal(err)
		}
		hash := sha3.Sum256(private.EncapsulationKey().Bytes())
		if !bytes.Equal(private.EncapsulationKey().Bytes(), ek) || !bytes.Equal(header[32:], hash[:]) {
			t.Fatal("not the public key of crypto/mlkem")
		}
		if Decapsulate(&seed, whole) != shared {
			t.Fatal("another secret came out")
		}
		whole[round] ^= 1
		rejected, err := private.Decapsulate(whole)
		if got := Decapsulate(&seed, whole); err != nil || !bytes.Equal(got[:], rejected) || got == shared {
			t.Fatal("a changed ciphertext is not rejected as FIPS 203 does")
		}
	}
}

func TestAnotherKeyThanTheHeadersIsRefused(t *testing.T) {
	seed, message := inputs(1)
	header, vector := PublicKey(&seed)
	for i := 0; i < VectorSize; i += 37 {
		changed := bytes.Clone(vector)
		changed[i] ^= 1
		if _, err := Encapsulate2(&header, &message, changed); !errors.Is(err, ErrKey) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	for i := range header {
		changed := header
		changed[i] ^= 1
		if _, err := Encapsulate2(&changed, &message, vector); !errors.Is(err, ErrKey) {
			t.Errorf("byte %d of the header changed: %v", i, err)
		}
	}
}

// TestKeysBeyondTheModulusAreRefused makes a header that fits, so that nothing
// but the check of FIPS 203, section 7.2, is left to refuse it.
func TestKeysBeyondTheModulusAreRefused(t *testing.T) {
	seed, message := inputs(2)
	header, vector := PublicKey(&seed)
	for _, coefficient := range []uint16{3329, 3330, 4095} {
		vector[0], vector[1] = byte(coefficient), vector[1]&0xf0|byte(coefficient>>8)
		hash := sha3.Sum256(append(bytes.Clone(vector), header[:32]...))
		copy(header[32:], hash[:])
		if _, err := Encapsulate2(&header, &message, vector); !errors.Is(err, ErrKey) {
			t.Errorf("coefficient %d: %v", coefficient, err)
		}
	}
	vector[0], vector[1] = 0, vector[1]&0xf0|0x0d // 3328
	hash := sha3.Sum256(append(bytes.Clone(vector), header[:32]...))
	copy(header[32:], hash[:])
	if _, err := Encapsulate2(&header, &message, vector); err != nil {
		t.Errorf("coefficient 3328: %v", err)
	}
}

func TestInputsStayAsTheyWere(t *testing.T) {
	seed, message := inputs(3)
	seedBefore, messageBefore := seed, message
	header, vector := PublicKey(&seed)
	headerBefore, vectorBefore := header, bytes.Clone(vector)
	Encapsulate1(&header, &message)
	ciphertext, err := Encapsulate2(&header, &message, vector)
	if err != nil {
		t.Fatal(err)
	}
	Decapsulate(&seed, ciphertext)
	if seed != seedBefore || message != messageBefore || header != headerBefore || !bytes.Equal(vector, vectorBefore) {
		t.Error("inputs were changed")
	}
}

func BenchmarkPublicKey(b *testing.B) {
	seed, _ := inputs(4)
	for b.Loop() {
		PublicKey(&seed)
	}
}

func BenchmarkEncapsulateBothParts(b *testing.B) {
	seed, message := inputs(5)
	header, vector := PublicKey(&seed)
	for b.Loop() {
		Encapsulate1(&header, &message)
		Encapsulate2(&header, &message, vector)
	}
}
