// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/keys"
)

func TestSignaturesInDER(t *testing.T) {
	for _, c := range []struct{ name, der, raw string }{
		{"smallest", "3006020101020102", pad("01") + pad("02")},
		{"zero", "3006020100020100", pad("00") + pad("00")},
		{"high bit", "300802020080020200ff", pad("80") + pad("ff")},
		{
			"largest", "3046022100" + strings.Repeat("ff", 32) + "022100" + strings.Repeat("ff", 32),
			strings.Repeat("ff", 64),
		},
		{"empty", "", ""},
		{"no numbers", "3000", ""},
		{"one number", "3003020101", ""},
		{"three numbers", "3009020101020102020103", ""},
		{"a byte behind", "300602010102010200", ""},
		{"too short a length", "3005020101020102", ""},
		{"too long a length", "3007020101020102", ""},
		{"a set", "3106020101020102", ""},
		{"bit strings", "3006030101030102", ""},
		{"long form of a length", "308106020101020102", ""},
		{"indefinite length", "30800201010201020000", ""},
		{"negative r", "3006020180020102", ""},
		{"negative s", "3006020101020180", ""},
		{"a zero too many", "300702020001020102", ""},
		{"an empty number", "30050200020102", ""},
		{"33 bytes", "3026022101" + strings.Repeat("00", 32) + "020101", ""},
		{"a number beyond the end", "3006020101020202", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, ok := rawSignature(unhex(c.der))
			if want := c.raw != ""; ok != want || ok && hex.EncodeToString(raw) != c.raw {
				t.Errorf("%x, %t, want %s", raw, ok, c.raw)
			}
		})
	}
}

func pad(digits string) string { return strings.Repeat("0", 64-len(digits)) + digits }

// ecdsaSignature is what encoding/asn1 reads.
type ecdsaSignature struct{ R, S *big.Int }

func FuzzRawSignature(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	for range 8 {
		digest := sha256.Sum256([]byte("message"))
		signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(signature)
	}
	f.Add(unhex("3006020100020100"))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		raw, ok := rawSignature(encoded)
		var want ecdsaSignature
		rest, err := asn1.Unmarshal(encoded, &want)
		fits := err == nil && len(rest) == 0 && want.R.Sign() >= 0 && want.S.Sign() >= 0 &&
			want.R.BitLen() <= 256 && want.S.BitLen() <= 256
		if fits {
			again, err := asn1.Marshal(want)
			fits = err == nil && bytes.Equal(again, encoded) // nothing else in the sequence
		}
		if ok != fits {
			t.Fatalf("%x: accepted %t, encoding/asn1 %t", encoded, ok, fits)
		}
		if ok && (new(big.Int).SetBytes(raw[:32]).Cmp(want.R) != 0 || new(big.Int).SetBytes(raw[32:]).Cmp(want.S) != 0) {
			t.Errorf("%x: read as %x", encoded, raw)
		}
	})
}

func TestCBORHeads(t *testing.T) {
	for _, c := range []struct {
		name, cbor string
		want       int64
		ok         bool
	}{
		{"0", "00", 0, true},
		{"23", "17", 23, true},
		{"24", "1818", 24, true},
		{"255", "18ff", 255, true},
		{"256", "190100", 256, true},
		{"65536", "1a00010000", 65536, true},
		{"2^32", "1b0000000100000000", 1 << 32, true},
		{"-1", "20", -1, true},
		{"-257", "390100", -257, true},
		{"23 with a byte", "1817", 0, false},
		{"255 with two bytes", "1900ff", 0, false},
		{"65535 with four bytes", "1a0000ffff", 0, false},
		{"2^32-1 with eight bytes", "1b00000000ffffffff", 0, false},
		{"beyond 63 bits", "1bffffffffffffffff", 0, false},
		{"reserved", "1c", 0, false},
		{"indefinite", "1f", 0, false},
		{"cut", "19", 0, false},
		{"cut in the middle", "1901", 0, false},
		{"nothing", "", 0, false},
		{"a byte string", "40", 0, false},
	} {
		r := &cborReader{rest: unhex(c.cbor)}
		got := r.integer()
		if ok := !r.failed && len(r.rest) == 0; ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %d, %t", c.name, got, ok)
		}
	}
}

func TestCBORMapsArePassedOver(t *testing.T) {
	for _, c := range []struct {
		name, cbor string
		ok         bool
	}{
		{"empty", "a0", true},
		{"hmac-secret", "a16b686d61632d736563726574f5", true},
		{"all kinds", "a8" + "0001" + "6161" + "20" + "6162" + "4101" + "6163" + "8101" + "6164" + "a10102" +
			"6165" + "f6" + "6166" + "f93c00" + "6167" + "fb3ff0000000000000", true},
		{"an array", "80", false},
		{"a cut map", "a161", false},
		{"a map of more than there is", "a2610101", false},
		{"a map of very many", "bbffffffffffffffff", false},
		{"an array of very many", "a101" + "9bffffffffffffffff", false},
		{"a string of very many", "a101" + "5bffffffffffffffff", false},
		{"a tag", "a101c000", false},
		{"an indefinite map", "bf6161f5ff", false},
		{"an indefinite string", "a1015f4101ff", false},
		{"deep", "a101" + strings.Repeat("81", maxCBORDepth-1) + "00", true},
		{"too deep", "a101" + strings.Repeat("81", maxCBORDepth) + "00", false},
	} {
		r := &cborReader{rest: unhex(c.cbor)}
		r.skipMap()
		if ok := !r.failed && len(r.rest) == 0; ok != c.ok {
			t.Errorf("%s: %t", c.name, ok)
		}
	}
}

func TestCOSEKeysThatAreNotOurs(t *testing.T) {
	x, y := strings.Repeat("11", 32), strings.Repeat("22", 32)
	n := strings.Repeat("ff", 256)
	for _, c := range []struct {
		name, cose string
		ok         bool
	}{
		{"P-256", "a5" + "0102" + "0326" + "2001" + "215820" + x + "225820" + y, true},
		{"in another order", "a5" + "225820" + y + "215820" + x + "2001" + "0326" + "0102", true},
		{"RSA", "a4" + "0103" + "03390100" + "20590100" + n + "2143010001", true},
		{"P-384", "a5" + "0102" + "0326" + "2002" + "215820" + x + "225820" + y, false},
		{"ES384", "a5" + "0102" + "033822" + "2001" + "215820" + x + "225820" + y, false},
		{"Ed25519", "a4" + "0101" + "0327" + "2006" + "215820" + x, false},
		{"short x", "a5" + "0102" + "0326" + "2001" + "21581f" + x[2:] + "225820" + y, false},
		{"compressed y", "a5" + "0102" + "0326" + "2001" + "215820" + x + "22f5", false},
		{"no y", "a4" + "0102" + "0326" + "2001" + "215820" + x, false},
		{"no algorithm", "a4" + "0102" + "2001" + "215820" + x + "225820" + y, false},
		{"no curve", "a4" + "0102" + "0326" + "215820" + x + "225820" + y, false},
		{"x twice", "a5" + "0102" + "0326" + "2001" + "215820" + x + "215820" + y, false},
		{"another member", "a6" + "0102" + "0326" + "2001" + "215820" + x + "225820" + y + "0400", false},
		{"a private key", "a6" + "0102" + "0326" + "2001" + "215820" + x + "225820" + y + "235820" + x, false},
		{"member 2", "a6" + "0102" + "0326" + "2001" + "215820" + x + "225820" + y + "024101", false},
		{"RSA of 2040 bits", "a4" + "0103" + "03390100" + "2058ff" + n[2:] + "2143010001", false},
		{"RSA with a zero before", "a4" + "0103" + "03390100" + "20590101" + "00" + n + "2143010001", false},
		{"RSA with exponent 3", "a4" + "0103" + "03390100" + "20590100" + n + "214103", false},
		{"RS1", "a4" + "0103" + "0339fffe" + "20590100" + n + "2143010001", false},
		{"empty", "a0", false},
		{"no map", "80", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &cborReader{rest: unhex(c.cose)}
			key := readCOSEKey(r)
			spki, _, ok := key.spki()
			if ok = ok && !r.failed && len(r.rest) == 0; ok != c.ok {
				t.Fatalf("accepted %t, spki %x", ok, spki)
			}
		})
	}
}

func TestKeysAreTheOnesOfX509(t *testing.T) {
	for name, d := range map[string]*device{"ES256": newDevice(t), "RS256": newRSADevice(t)} {
		key := readCOSEKey(&cborReader{rest: d.cose()})
		spki, alg, ok := key.spki()
		if !ok || alg != d.alg() || !bytes.Equal(spki, d.spki()) {
			t.Errorf("%s: %x, want %x", name, spki, d.spki())
		}
		if _, err := x509.ParsePKIXPublicKey(spki); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCredentialIDsHaveTheirLength(t *testing.T) {
	for n, want := range map[int]bool{0: false, 1: true, 1023: true, 1024: false} {
		d := newDevice(t)
		d.id = make([]byte, n)
		if _, ok := parseAuthenticatorData(d.authData(true)); ok != want {
			t.Errorf("an id of %d bytes: %t", n, ok)
		}
	}
}

func FuzzParseAuthenticatorData(f *testing.F) {
	for _, d := range []*device{newDevice(f), newRSADevice(f)} {
		f.Add(d.authData(true))
		f.Add(d.authData(false))
		d.extensions = unhex("a16b686d61632d736563726574f5")
		f.Add(d.authData(true))
		f.Add(d.authData(false))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		data, ok := parseAuthenticatorData(raw)
		if !bytes.Equal(raw, before) {
			t.Error("the data were changed")
		}
		if !ok {
			return
		}
		if data.has(flagAT) != (data.attested != nil) || data.has(flagBS) && !data.has(flagBE) {
			t.Errorf("accepted: %x", raw)
		}
		// What was accepted has exactly this length.
		if _, ok := parseAuthenticatorData(append(bytes.Clone(raw), 0)); ok {
			t.Error("a byte more is accepted")
		}
		if _, ok := parseAuthenticatorData(raw[:len(raw)-1]); ok {
			t.Error("a byte less is accepted")
		}
		if data.attested == nil {
			return
		}
		if spki, alg, ok := data.attested.key.spki(); ok {
			if _, err := x509.ParsePKIXPublicKey(spki); err != nil && alg == keys.RS256 {
				t.Errorf("%x is no public key: %v", spki, err) // a point may be off the curve
			}
		}
	})
}

func FuzzParseClientData(f *testing.F) {
	challenge := testExpect().Challenge
	f.Add(clientJSON(typeGet, challenge, testOrigin, sameOrigin))
	f.Add(clientJSON(typeCreate, challenge, testOrigin, embedded+`,"topOrigin":"https://app.example","x":[{}]`))
	f.Add([]byte(`{"type":"webauthn.get"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, ok := parseClientData(raw)
		if !ok {
			return
		}
		if len(raw) > maxClientData || !d.hasTopOrigin && d.topOrigin != "" {
			t.Errorf("accepted: %q", raw)
		}
	})
}

// No answer whatever makes the verification panic, or pass with a key that did
// not sign it.
func FuzzVerify(f *testing.F) {
	d, expect := newDevice(f), testExpect()
	genuine := d.assert(clientJSON(typeGet, expect.Challenge, testOrigin, sameOrigin))
	f.Add(genuine.ClientDataJSON, genuine.AuthenticatorData, genuine.Signature)
	created := d.create(clientJSON(typeCreate, expect.Challenge, testOrigin, sameOrigin))
	f.Add(created.ClientDataJSON, created.AuthenticatorData, []byte(nil))
	other := newDevice(f)
	f.Fuzz(func(t *testing.T, client, authData, signature []byte) {
		asserted := Asserted{d.id, client, authData, signature, nil}
		_, err := VerifyAsserted(t.Context(), refusingOps{}, asserted, expect, other.spki(), keys.ES256, 0)
		if _, ok := errors.AsType[*VerifyError](err); !ok {
			t.Errorf("error %v", err)
		}
		made, err := VerifyCreated(Created{d.id, client, authData, d.spki(), keys.ES256, nil}, expect)
		if _, ok := errors.AsType[*VerifyError](err); err != nil && !ok {
			t.Errorf("error %v", err)
		}
		if err == nil && (!bytes.Equal(made.ID, d.id) || !bytes.Equal(made.SPKI, d.spki())) {
			t.Errorf("credential %+v", made)
		}
	})
}
