// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package cbc is AES-256 in CBC mode with PKCS#7 padding (NIST SP 800-38A,
// section 6.2; RFC 5652, section 6.3), as Signal's messages have it. It
// authenticates nothing: the caller opens only what a MAC or a signature covers,
// so that nobody can ask it about paddings.
package cbc

import (
	"crypto/aes"
	"crypto/cipher"
)

// The sizes of a key and of an initialisation vector, in bytes.
const (
	KeySize = 32
	IVSize  = aes.BlockSize
)

// Seal encrypts plaintext, which it pads by 1 to 16 bytes.
func Seal(key *[KeySize]byte, iv *[IVSize]byte, plaintext []byte) []byte {
	pad := aes.BlockSize - len(plaintext)%aes.BlockSize
	sealed := append(make([]byte, 0, len(plaintext)+pad), plaintext...)
	for range pad {
		sealed = append(sealed, byte(pad))
	}
	cipher.NewCBCEncrypter(newBlock(key), iv[:]).CryptBlocks(sealed, sealed)
	return sealed
}

// Open decrypts what Seal made; false if its length or its padding is none.
func Open(key *[KeySize]byte, iv *[IVSize]byte, sealed []byte) ([]byte, bool) {
	if len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return nil, false
	}
	plaintext := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(newBlock(key), iv[:]).CryptBlocks(plaintext, sealed)
	pad := plaintext[len(plaintext)-1]
	if pad == 0 || pad > aes.BlockSize {
		clear(plaintext)
		return nil, false
	}
	end := len(plaintext) - int(pad)
	for _, b := range plaintext[end:] {
		if b != pad {
			clear(plaintext)
			return nil, false
		}
	}
	return plaintext[:end], true
}

func newBlock(key *[KeySize]byte) cipher.Block {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("cbc: a key of 32 bytes is refused: " + err.Error()) // cannot be: the size is fixed
	}
	return block
}
