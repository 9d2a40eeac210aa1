// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
)

const (
	testOrigin = "https://kms.example"
	testRPID   = "kms.example"
)

// device is an authenticator and the browser in front of it.
type device struct {
	key        crypto.Signer
	id         []byte
	rpID       string
	flags      byte
	counter    uint32
	extensions []byte // CBOR
}

func newDevice(t testing.TB) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &device{key: key, id: []byte("credential"), rpID: testRPID, flags: flagUP | flagUV, counter: 7}
}

// rsaKey is made once, since that takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newRSADevice(t testing.TB) *device {
	d := newDevice(t)
	d.key = rsaKey()
	return d
}

func (d *device) alg() keys.Algorithm {
	if _, ok := d.key.(*rsa.PrivateKey); ok {
		return keys.RS256
	}
	return keys.ES256
}

func (d *device) spki() []byte {
	spki, err := x509.MarshalPKIXPublicKey(d.key.Public())
	if err != nil {
		panic(err)
	}
	return spki
}

// cose returns the public key as authenticators write it.
func (d *device) cose() []byte {
	switch key := d.key.Public().(type) {
	case *rsa.PublicKey:
		out := []byte{0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59}
		out = binary.BigEndian.AppendUint16(out, uint16(len(key.N.Bytes())))
		return append(append(out, key.N.Bytes()...), 0x21, 0x43, 0x01, 0x00, 0x01)
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			panic(err)
		}
		out := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
		out = append(append(out, point[1:33]...), 0x22, 0x58, 0x20)
		return append(out, point[33:]...)
	}
	panic("another key")
}

// authData returns authenticator data; with attested data for create().
func (d *device) authData(attest bool) []byte {
	hash := sha256.Sum256([]byte(d.rpID))
	flags := d.flags
	if attest {
		flags |= flagAT
	}
	if d.extensions != nil {
		flags |= flagED
	}
	out := binary.BigEndian.AppendUint32(append(hash[:], flags), d.counter)
	if attest {
		out = append(out, "model of a key.."...)
		out = binary.BigEndian.AppendUint16(out, uint16(len(d.id)))
		out = append(append(out, d.id...), d.cose()...)
	}
	return append(out, d.extensions...)
}

// clientJSON returns client data; more is put in before the end.
func clientJSON(kind string, challenge []byte, origin, more string) []byte {
	return []byte(`{"type":"` + kind + `","challenge":"` + base64.RawURLEncoding.EncodeToString(challenge) +
		`","origin":"` + origin + `"` + more + `}`)
}

const sameOrigin = `,"crossOrigin":false`

func (d *device) create(client []byte) Created {
	return Created{d.id, client, d.authData(true), d.spki(), d.alg(), []string{"usb"}}
}

// assert signs authenticator data and client data.
func (d *device) assert(client []byte) Asserted {
	return d.sign(d.authData(false), client)
}

func (d *device) sign(authData, client []byte) Asserted {
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte(nil), authData...), hash[:]...))
	signature, err := d.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return Asserted{d.id, client, authData, signature, []byte("user")}
}

func testExpect() Expect {
	return Expect{Challenge: []byte("0123456789abcdef0123456789abcdef"), Origin: testOrigin, RPID: testRPID}
}

func expectStep(t *testing.T, err error, want Step) {
	t.Helper()
	got, ok := errors.AsType[*VerifyError](err)
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (!ok || got.Step != want):
		t.Errorf("error %v, want step %q", err, want)
	case ok && (got.Expected == "" || got.Found == ""):
		t.Errorf("the error does not say what was expected and found: %v", err)
	}
}

// refusingOps verifies nothing.
type refusingOps struct{ keys.Ops }

func (refusingOps) Verify(context.Context, keys.Algorithm, []byte, []byte, []byte) error {
	return keys.ErrOpen
}
