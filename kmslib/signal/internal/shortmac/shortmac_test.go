// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package shortmac_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/internal/shortmac"
)

func TestSumIsHMAC(t *testing.T) {
	for n := range shortmac.MaxMessage + 1 {
		var key [shortmac.Size]byte
		message := make([]byte, n)
		rand.Read(key[:])
		rand.Read(message)
		h := hmac.New(sha256.New, key[:])
		h.Write(message)
		if got, want := shortmac.Sum(&key, message), [shortmac.Size]byte(h.Sum(nil)); got != want {
			t.Errorf("of %d bytes: %x, crypto/hmac has %x", n, got, want)
		}
	}
}

func TestLongMessagesAreNotCut(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a message that is too long has a code")
		}
	}()
	shortmac.Sum(new([shortmac.Size]byte), make([]byte, shortmac.MaxMessage+1))
}

func BenchmarkSum(b *testing.B) {
	var key [shortmac.Size]byte
	b.ReportAllocs()
	for b.Loop() {
		key = shortmac.Sum(&key, []byte{1})
	}
}

func BenchmarkStandardHMAC(b *testing.B) {
	var key [shortmac.Size]byte
	b.ReportAllocs()
	for b.Loop() {
		h := hmac.New(sha256.New, key[:])
		h.Write([]byte{1})
		h.Sum(key[:0])
	}
}
