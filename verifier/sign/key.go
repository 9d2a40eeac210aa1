// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// Key makes ECDSA signatures with P-256 and SHA-256.
type Key interface {
	Public() *ecdsa.PublicKey
	// Sign returns the DER of a signature over a SHA-256 digest.
	Sign(ctx context.Context, digest []byte) ([]byte, error)
}

// SPKI returns a public key in the form in which policies name keys: base64 of
// the DER of its SubjectPublicKeyInfo.
func SPKI(key *ecdsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	return base64.StdEncoding.EncodeToString(der), err
}

// memoryKey is a private key in memory.
type memoryKey struct{ private *ecdsa.PrivateKey }

func (k memoryKey) Public() *ecdsa.PublicKey { return &k.private.PublicKey }

func (k memoryKey) Sign(_ context.Context, digest []byte) ([]byte, error) {
	return k.private.Sign(rand.Reader, digest, crypto.SHA256)
}

// NewKey returns a new private key.
func NewKey() (Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, unavailable("key", "no randomness", "")
	}
	return memoryKey{private}, nil
}

const keyName = "key file"

// ParseKey reads a PEM private key for P-256: PKCS#8, SEC 1, or encrypted PKCS#8
// with a passphrase.
func ParseKey(data, passphrase []byte) (Key, error) {
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, misused(keyName, "one private key in PEM", "something else", adviceKey)
	}
	encrypted := false
	switch block.Type {
	case "PRIVATE KEY", "EC PRIVATE KEY":
	case "ENCRYPTED PRIVATE KEY", "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY":
		encrypted = true
	default:
		return nil, misused(keyName, "a private key", "another kind of PEM", adviceKey)
	}
	if encrypted && len(passphrase) == 0 {
		return nil, misused(keyName, "a passphrase for this encrypted key", "none", "Name a file with --passphrase-file, or set KMSSIGN_PASSPHRASE")
	}
	private, err := unmarshal(data, passphrase)
	if err != nil && encrypted {
		return nil, misused(keyName, "the passphrase that decrypts this key", "another passphrase, or damage", "Check the passphrase")
	}
	key, ok := private.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, misused(keyName, "an ECDSA key for P-256", "another key, or damage", adviceKey)
	}
	return memoryKey{key}, nil
}

const adviceKey = "Make one with \"kmssign keygen\", or \"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256\""

// unmarshal keeps a fault in a decryption library from taking the program down
// with the key in a trace.
func unmarshal(data, passphrase []byte) (key crypto.PrivateKey, err error) {
	defer func() {
		if recover() != nil {
			err = misused(keyName, "a private key", "damage", adviceKey)
		}
	}()
	return cryptoutils.UnmarshalPEMToPrivateKey(data, cryptoutils.StaticPasswordFunc(passphrase))
}

// MarshalKey returns a key of NewKey or ParseKey as PEM, PKCS#8, not encrypted.
func MarshalKey(key Key) ([]byte, error) {
	k, ok := key.(memoryKey)
	if !ok {
		return nil, misused("key", "a key in memory", "one that stays where it is", "")
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// keypair makes a Key one of sigstore-go.
type keypair struct{ Key }

func (k keypair) GetHashAlgorithm() protocommon.HashAlgorithm {
	return protocommon.HashAlgorithm_SHA2_256
}

func (k keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
}

// GetHint is what sigstore-go's own keys have: base64 of the SHA-256 of the SPKI.
func (k keypair) GetHint() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(der)
	return []byte(base64.StdEncoding.EncodeToString(sum[:]))
}

func (k keypair) GetKeyAlgorithm() string { return "ECDSA" }

func (k keypair) GetPublicKey() crypto.PublicKey { return k.Public() }

func (k keypair) GetPublicKeyPem() (string, error) {
	text, err := cryptoutils.MarshalPublicKeyToPEM(k.Public())
	return string(text), err
}

// SignData checks each signature before anybody else sees it: a broken token or
// signer program must not leave a useless entry in a public log.
func (k keypair) SignData(ctx context.Context, data []byte) (signature, digest []byte, err error) {
	sum := sha256.Sum256(data)
	signature, err = k.Sign(ctx, sum[:])
	if err != nil {
		return nil, nil, err
	}
	if !ecdsa.VerifyASN1(k.Public(), sum[:], signature) {
		return nil, nil, refused("key", "a signature that its public key verifies", "another one", "The key or the signer program is not what it says")
	}
	return signature, sum[:], nil
}
