// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package doubleratchet

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/cbc"
)

// MACSize is the length of a MAC in bytes.
const MACSize = 8

// ErrCiphertext says that a ciphertext has no plaintext under its keys.
var ErrCiphertext = errors.New("the ciphertext is not one of these keys")

const infoMessageKeys = "WhisperMessageKeys"

// MessageKeys are the keys of one message. Copies share them, and nothing prints
// them.
type MessageKeys struct{ box secret.Box[messageKeys] }

type messageKeys struct {
	cipher [cbc.KeySize]byte
	mac    [32]byte
	iv     [cbc.IVSize]byte
}

// DeriveMessageKeys returns the keys of the message with this seed. The salt is
// the key that the post-quantum ratchet has for it, nil if it has none. The
// caller clears both.
func DeriveMessageKeys(seed *[KeySize]byte, salt []byte) MessageKeys {
	k := &messageKeys{}
	derived, err := hkdf.Key(sha256.New, seed[:], salt, infoMessageKeys, len(k.cipher)+len(k.mac)+len(k.iv))
	if err != nil {
		panic("doubleratchet: 80 bytes are not derived: " + err.Error()) // cannot be: the sizes are fixed
	}
	defer clear(derived)
	rest := derived[copy(k.cipher[:], derived):]
	rest = rest[copy(k.mac[:], rest):]
	copy(k.iv[:], rest)
	return MessageKeys{secret.NewBox(k)}
}

// Encrypt returns the ciphertext of the message. These keys may encrypt no
// other.
func (k MessageKeys) Encrypt(plaintext []byte) []byte {
	v := k.box.Expose()
	return cbc.Seal(&v.cipher, &v.iv, plaintext)
}

// Decrypt returns the plaintext. The caller must have checked the MAC. The error
// is ErrCiphertext.
func (k MessageKeys) Decrypt(ciphertext []byte) ([]byte, error) {
	v := k.box.Expose()
	plaintext, ok := cbc.Open(&v.cipher, &v.iv, ciphertext)
	if !ok {
		return nil, ErrCiphertext
	}
	return plaintext, nil
}

// MAC returns the MAC of the parts, one after another. To check one, compare
// with hmac.Equal.
func (k MessageKeys) MAC(parts ...[]byte) [MACSize]byte {
	h := hmac.New(sha256.New, k.box.Expose().mac[:])
	for _, part := range parts {
		h.Write(part)
	}
	var sum [sha256.Size]byte
	return [MACSize]byte(h.Sum(sum[:0]))
}

// Wipe clears the keys of this value and all its copies.
func (k MessageKeys) Wipe() {
	if v := k.box.Expose(); v != nil {
		*v = messageKeys{}
	}
}
