// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import (
	"encoding/binary"

	"ats.run/kms-enclave/kmslib/keys"
)

// The numbers of COSE keys (RFC 9052, section 7.1; RFC 9053, section 7.1; RFC
// 8230, section 4).
const (
	coseKeyType = 1
	coseAlg     = 3
	coseFirst   = -1 // curve, or modulus
	coseSecond  = -2 // x, or exponent
	coseThird   = -3 // y

	coseEC2  = 2
	coseRSA  = 3
	coseP256 = 1
)

// The bounds of an RSA key.
const (
	minModulus = 256 // bytes
	maxModulus = 512 // bytes
)

// coseKey is a public key as an authenticator writes it.
type coseKey struct {
	keyType, alg, curve int64
	first               []byte // modulus
	second              []byte // x, or exponent
	third               []byte // y
}

// readCOSEKey reads a key that Algorithms knows: its members, no others, each
// once.
func readCOSEKey(r *cborReader) coseKey {
	var k coseKey
	var seen [7]bool // by number + 3
	for range r.mapSize() {
		number := r.integer()
		if number < coseThird || number > coseAlg || seen[number-coseThird] {
			r.failed = true
			return coseKey{}
		}
		seen[number-coseThird] = true
		switch number {
		case coseKeyType:
			k.keyType = r.integer()
		case coseAlg:
			k.alg = r.integer()
		case coseFirst:
			if len(r.rest) > 0 && r.rest[0]>>5 == cborBytes {
				k.first = r.byteString()
			} else {
				k.curve = r.integer()
			}
		case coseSecond:
			k.second = r.byteString()
		case coseThird:
			k.third = r.byteString()
		default:
			r.failed = true
		}
	}
	return k
}

// spki returns the key in DER with its algorithm, or false if it is not one
// that Algorithms knows.
func (k coseKey) spki() ([]byte, keys.Algorithm, bool) {
	switch {
	case k.keyType == coseEC2 && keys.Algorithm(k.alg) == keys.ES256:
		if k.curve != coseP256 || k.first != nil || len(k.second) != 32 || len(k.third) != 32 {
			return nil, 0, false
		}
		point := append(append([]byte{4}, k.second...), k.third...)
		spki, err := keys.SPKI(point)
		return spki, keys.ES256, err == nil
	case k.keyType == coseRSA && keys.Algorithm(k.alg) == keys.RS256:
		if k.curve != 0 || k.third != nil || len(k.first) < minModulus || len(k.first) > maxModulus ||
			k.first[0] == 0 || string(k.second) != "\x01\x00\x01" {
			return nil, 0, false
		}
		return rsaSPKI(k.first, k.second), keys.RS256, true
	}
	return nil, 0, false
}

// rsaSPKI returns an RSA key in DER (RFC 8017, appendix A.1; RFC 5280, section
// 4.1.2.7). Neither number begins with a zero byte.
func rsaSPKI(modulus, exponent []byte) []byte {
	const rsaEncryption = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
	numbers := der(0x30, derInteger(modulus), derInteger(exponent))
	return der(0x30, der(0x30, []byte(rsaEncryption)), der(0x03, []byte{0}, numbers))
}

// derInteger returns a positive number of big-endian bytes without leading zeros.
func derInteger(magnitude []byte) []byte {
	if magnitude[0] >= 0x80 {
		return der(0x02, []byte{0}, magnitude)
	}
	return der(0x02, magnitude)
}

// der returns an element of fewer than 65,536 bytes.
func der(tag byte, parts ...[]byte) []byte {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	out := []byte{tag}
	switch {
	case size < 0x80:
		out = append(out, byte(size))
	case size < 0x100:
		out = append(out, 0x81, byte(size))
	default:
		out = binary.BigEndian.AppendUint16(append(out, 0x82), uint16(size))
	}
	for _, part := range parts {
		out = append(out, part...)
	}
	return out
}
