// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package keys_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
)

func TestSPKIIsWhatX509Writes(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := keys.SPKI(point)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("SPKI = %x, %v, want %x", got, err, want)
	}
}

func TestSPKIRefusesWhatIsNoUncompressedPoint(t *testing.T) {
	compressed := append([]byte{3}, make([]byte, 64)...)
	for _, point := range [][]byte{nil, make([]byte, 64), make([]byte, 66), compressed} {
		if _, err := keys.SPKI(point); err == nil {
			t.Errorf("SPKI accepts a point of %d bytes", len(point))
		}
	}
}
