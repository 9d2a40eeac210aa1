// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package authenticator

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

func independent(key []byte, data string) (sum [MACSize]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return [MACSize]byte(h.Sum(nil))
}

func TestMACsAreThoseOfTheProtocol(t *testing.T) {
	key, secret := [32]byte{1, 2, 3}, [32]byte{4, 5, 6}
	a := New(&key)
	if root, mac := kdf.AuthenticatorUpdate(&[32]byte{}, &key, 1); a.Root != root || a.Key != mac {
		t.Error("the first update is not that of epoch 1 with a root of zeros")
	}
	next := a.Update(7, &secret)
	if root, mac := kdf.AuthenticatorUpdate(&a.Root, &secret, 7); next.Root != root || next.Key != mac {
		t.Error("an update does not build on the root before it")
	}
	const epoch7 = "\x00\x00\x00\x00\x00\x00\x00\x07"
	if next.Header(7, []byte("head")) != independent(next.Key[:], "Signal_PQCKA_V1_MLKEM768:ekheader"+epoch7+"head") {
		t.Error("wrong MAC of a header")
	}
	if next.Ciphertext(7, []byte("onetwo")) != independent(next.Key[:], "Signal_PQCKA_V1_MLKEM768:ciphertext"+epoch7+"onetwo") {
		t.Error("wrong MAC of a ciphertext")
	}
}
