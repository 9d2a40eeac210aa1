// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package cbc

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// NIST SP 800-38A, F.2.5: CBC-AES256.Encrypt.
func TestSealIsNISTsCBC(t *testing.T) {
	key := [KeySize]byte(unhex(t, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"))
	iv := [IVSize]byte(unhex(t, "000102030405060708090a0b0c0d0e0f"))
	plaintext := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
	want := unhex(t, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d")
	sealed := Seal(&key, &iv, plaintext)
	if len(sealed) != 48 || !bytes.Equal(sealed[:32], want) {
		t.Errorf("sealed %x, want %x and a block of padding", sealed, want)
	}
}

func TestOpenUndoesSeal(t *testing.T) {
	key, iv := [KeySize]byte{1}, [IVSize]byte{2}
	for n := range 50 {
		plaintext := bytes.Repeat([]byte{0xa5}, n)
		sealed := Seal(&key, &iv, plaintext)
		opened, ok := Open(&key, &iv, sealed)
		if !ok || !bytes.Equal(opened, plaintext) || len(sealed) != n/16*16+16 {
			t.Errorf("%d bytes: opened %x, %v", n, opened, ok)
		}
	}
}

func TestOpenRefusesWhatIsNotPadded(t *testing.T) {
	key, iv := [KeySize]byte{1}, [IVSize]byte{2}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	for name, last := range map[string][]byte{
		"zero":       append(make([]byte, 15), 0),
		"too long":   bytes.Repeat([]byte{17}, 16),
		"255":        bytes.Repeat([]byte{255}, 16),
		"unequal":    append(make([]byte, 14), 1, 2),
		"first byte": append([]byte{15}, bytes.Repeat([]byte{16}, 15)...),
	} {
		sealed := make([]byte, 16)
		cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(sealed, last)
		if opened, ok := Open(&key, &iv, sealed); ok {
			t.Errorf("%s: opened %x", name, opened)
		}
	}
	for _, n := range []int{0, 1, 15, 17} {
		if _, ok := Open(&key, &iv, make([]byte, n)); ok {
			t.Errorf("%d bytes are opened", n)
		}
	}
}
