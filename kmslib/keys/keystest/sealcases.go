// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keystest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// gcm returns Go's own AES-256-GCM, which the tests of this package hold
// against the vectors of the GCM specification.
func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("keystest: internal error: " + err.Error())
	}
	mode, err := cipher.NewGCM(block)
	if err != nil {
		panic("keystest: internal error: " + err.Error())
	}
	return mode
}

// knownKey returns a sealing key with its bytes: those that RFC 5869, appendix
// A.1 derives.
func (t suite) knownKey(ctx context.Context) (keys.Handle, cipher.AEAD, error) {
	v := hkdfVectors[0]
	base, err := t.ops.ImportBase(ctx, unhex(v.secret))
	if err != nil {
		return nil, nil, err
	}
	key, err := t.ops.DeriveKey(ctx, base, unhex(v.salt), unhex(v.info))
	return key, gcm(unhex(v.output)[:32]), err
}

func (t suite) knownSealing(ctx context.Context) error {
	key, known, err := t.knownKey(ctx)
	if err != nil {
		return err
	}
	for _, size := range []int{0, 1, 16, 60, 4096} {
		plaintext, aad := bytes.Repeat([]byte{0xd9}, size), []byte("additional data")
		want := known.Seal(nil, testNonce, plaintext, aad)
		got, err := t.ops.Seal(ctx, key, testNonce, aad, plaintext)
		if err != nil {
			return err
		}
		if err := equal("sealed bytes", got, want); err != nil {
			return err
		}
	}
	return nil
}

func (t suite) sealedOpens(ctx context.Context) error {
	generated, err := t.ops.GenerateAES(ctx)
	if err != nil {
		return err
	}
	derived, err := t.key(ctx, "a")
	if err != nil {
		return err
	}
	for _, key := range []keys.Handle{generated, derived} {
		for i, plaintext := range []string{"", "plaintext"} {
			for j, aad := range []string{"", "additional data"} {
				nonce := append([]byte("nonce here"), byte(i), byte(j))
				sealed, err := t.ops.Seal(ctx, key, nonce, []byte(aad), []byte(plaintext))
				if err != nil {
					return err
				}
				opened, err := t.ops.Open(ctx, key, nonce, []byte(aad), sealed)
				if err != nil {
					return err
				}
				if err := equal("opened bytes", opened, []byte(plaintext)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (t suite) alteredSealing(ctx context.Context) error {
	key, other, err := t.twoKeys(ctx)
	if err != nil {
		return err
	}
	aad := []byte("additional data")
	sealed, err := t.ops.Seal(ctx, key, testNonce, aad, []byte("plaintext"))
	if err != nil {
		return err
	}
	open := func(key keys.Handle, nonce, aad, sealed []byte) error {
		_, err := t.ops.Open(ctx, key, nonce, aad, sealed)
		return err
	}
	for at := range sealed {
		if err := notOpen("an altered byte", open(key, testNonce, aad, flipped(sealed, at))); err != nil {
			return err
		}
	}
	return first(
		notOpen("another key", open(other, testNonce, aad, sealed)),
		notOpen("another nonce", open(key, flipped(testNonce, 11), aad, sealed)),
		notOpen("other data", open(key, testNonce, flipped(aad, 0), sealed)),
		notOpen("no data", open(key, testNonce, nil, sealed)),
		notOpen("longer data", open(key, testNonce, append(bytes.Clone(aad), 0), sealed)),
		notOpen("a shorter ciphertext", open(key, testNonce, aad, sealed[1:])),
		notOpen("a shorter tag", open(key, testNonce, aad, sealed[:len(sealed)-1])),
		notOpen("a tag alone", open(key, testNonce, aad, sealed[len(sealed)-keys.TagSize:])),
		notOpen("less than a tag", open(key, testNonce, aad, sealed[:keys.TagSize-1])),
		notOpen("nothing", open(key, testNonce, aad, nil)),
	)
}

func (t suite) sealingKeysDiffer(ctx context.Context) error {
	a, err := t.ops.GenerateAES(ctx)
	if err != nil {
		return err
	}
	b, err := t.ops.GenerateAES(ctx)
	if err != nil {
		return err
	}
	one, err := t.ops.Seal(ctx, a, testNonce, nil, nil)
	if err != nil {
		return err
	}
	two, err := t.ops.Seal(ctx, b, testNonce, nil, nil)
	if err != nil {
		return err
	}
	if bytes.Equal(one, two) {
		return errors.New("two generated keys seal alike")
	}
	return nil
}
