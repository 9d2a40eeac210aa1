// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"ats.run/kms-enclave/verifier/sign"
)

func pemOf(kind string, der []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestKeyIsReadInEachForm(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err8 := x509.MarshalPKCS8PrivateKey(key)
	sec1, err1 := x509.MarshalECPrivateKey(key)
	sealed, errSealed := cryptoutils.MarshalPrivateKeyToEncryptedDER(key, cryptoutils.StaticPasswordFunc([]byte("open sesame")))
	for name, c := range map[string]struct{ data, passphrase []byte }{
		"PKCS#8":           {pemOf("PRIVATE KEY", pkcs8, err8), nil},
		"SEC 1":            {pemOf("EC PRIVATE KEY", sec1, err1), nil},
		"encrypted":        {pemOf("ENCRYPTED SIGSTORE PRIVATE KEY", sealed, errSealed), []byte("open sesame")},
		"passphrase extra": {pemOf("PRIVATE KEY", pkcs8, err8), []byte("unused")},
	} {
		read, err := sign.ParseKey(c.data, c.passphrase)
		if err != nil || !read.Public().Equal(key.Public()) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		digest := sha256.Sum256([]byte(name))
		signature, err := read.Sign(t.Context(), digest[:])
		if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
			t.Errorf("%s signs nothing that can be verified: %v", name, err)
		}
	}
}

func TestOtherKeyIsRefusedInWords(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	good, err := x509.MarshalPKCS8PrivateKey(p256)
	large, errLarge := x509.MarshalPKCS8PrivateKey(p384)
	ed, errEd := x509.MarshalPKCS8PrivateKey(edwards)
	public, errPublic := x509.MarshalPKIXPublicKey(p256.Public())
	sealed, errSealed := cryptoutils.MarshalPrivateKeyToEncryptedDER(p256, cryptoutils.StaticPasswordFunc([]byte("right")))
	locked := pemOf("ENCRYPTED SIGSTORE PRIVATE KEY", sealed, errSealed)
	text := pemOf("PRIVATE KEY", good, err)
	for _, c := range []struct {
		name             string
		data, passphrase []byte
		want             string
	}{
		{"nothing", nil, nil, "one private key in PEM"},
		{"no PEM", []byte("hunter2"), nil, "one private key in PEM"},
		{"two keys", append(bytes.Clone(text), text...), nil, "one private key in PEM"},
		{"public key", pemOf("PUBLIC KEY", public, errPublic), nil, "another kind of PEM"},
		{"P-384", pemOf("PRIVATE KEY", large, errLarge), nil, "an ECDSA key for P-256"},
		{"Ed25519", pemOf("PRIVATE KEY", ed, errEd), nil, "an ECDSA key for P-256"},
		{"damaged", pemOf("PRIVATE KEY", good[:40], nil), nil, "an ECDSA key for P-256"},
		{"no passphrase", locked, nil, "--passphrase-file"},
		{"wrong passphrase", locked, []byte("wrong"), "another passphrase"},
		{"damaged and encrypted", pemOf("ENCRYPTED PRIVATE KEY", []byte{1, 2}, nil), []byte("x"), "damage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sign.ParseKey(c.data, c.passphrase)
			wantFault(t, err, sign.Usage, c.want)
		})
	}
}

func TestNewKeyIsWrittenAndReadBack(t *testing.T) {
	key, err := sign.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := sign.MarshalKey(key)
	if err != nil {
		t.Fatal(err)
	}
	read, err := sign.ParseKey(text, nil)
	if err != nil || !read.Public().Equal(key.Public()) {
		t.Error(err)
	}
}

func FuzzParseKey(f *testing.F) {
	key, _ := sign.NewKey()
	text, _ := sign.MarshalKey(key)
	f.Add(text, []byte(nil))
	f.Add(pemOf("ENCRYPTED PRIVATE KEY", []byte{0x30, 0x03, 0x02, 0x01, 0x01}, nil), []byte("x"))
	f.Fuzz(func(t *testing.T, data, passphrase []byte) {
		if bytes.Contains(data, []byte("SIGSTORE")) || bytes.Contains(data, []byte("COSIGN")) {
			t.Skip("the file says how long scrypt takes")
		}
		key, err := sign.ParseKey(data, passphrase)
		if (key == nil) == (err == nil) {
			t.Error("neither a key nor an error")
		}
	})
}
