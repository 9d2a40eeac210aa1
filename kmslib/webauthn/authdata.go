// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

import "encoding/binary"

// The flags of authenticator data (section 6.1).
const (
	flagUP = 1 << 0 // user present
	flagUV = 1 << 2 // user verified
	flagBE = 1 << 3 // may be backed up
	flagBS = 1 << 4 // is backed up
	flagAT = 1 << 6 // attested credential data follow
	flagED = 1 << 7 // extensions follow
)

// The sizes of authenticator data, in bytes.
const (
	maxAuthenticatorData = 16 << 10
	authenticatorHead    = 37
	hashSize             = 32
	maxCredentialID      = 1023 // section 5.8.3
)

// authenticatorData is what an authenticator says.
type authenticatorData struct {
	rpIDHash []byte
	flags    byte
	counter  uint32
	attested *attested // with flag AT
}

// attested is a new credential.
type attested struct {
	aaguid [16]byte
	id     []byte
	key    coseKey
}

// parseAuthenticatorData reads authenticator data to the last byte. It returns
// false for what is not of the form.
func parseAuthenticatorData(raw []byte) (*authenticatorData, bool) {
	if len(raw) < authenticatorHead || len(raw) > maxAuthenticatorData {
		return nil, false
	}
	d := &authenticatorData{
		rpIDHash: raw[:hashSize],
		flags:    raw[hashSize],
		counter:  binary.BigEndian.Uint32(raw[hashSize+1:]),
	}
	if d.has(flagBS) && !d.has(flagBE) {
		return nil, false
	}
	r := &cborReader{rest: raw[authenticatorHead:]}
	if d.has(flagAT) {
		d.attested = readAttested(r)
	}
	if d.has(flagED) {
		r.skipMap()
	}
	return d, !r.failed && len(r.rest) == 0
}

func (d *authenticatorData) has(flag byte) bool { return d.flags&flag != 0 }

func readAttested(r *cborReader) *attested {
	a := new(attested)
	copy(a.aaguid[:], r.take(16))
	size := r.take(2)
	if r.failed {
		return nil
	}
	n := binary.BigEndian.Uint16(size)
	a.id = r.take(uint64(n))
	a.key = readCOSEKey(r)
	if n == 0 || n > maxCredentialID {
		r.failed = true
	}
	return a
}
