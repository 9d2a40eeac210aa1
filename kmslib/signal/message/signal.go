// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// MACSize is the length of the MAC of a Signal message, in bytes.
const MACSize = 8

// Signal is a message of a session.
type Signal struct {
	Version    uint8 // 3 for X3DH, 4 for PQXDH
	RatchetKey curve.PublicKey
	Counter    uint32
	Previous   uint32
	Ciphertext []byte
	PQRatchet  []byte // empty: none
	Addresses  []byte // nil: absent; not written if empty
	MAC        [MACSize]byte

	body []byte // as received
}

// ParseSignal reads a message of envelope type Whisper. The error is a
// *VersionError or has ErrSyntax in its tree.
func ParseSignal(b []byte) (*Signal, error) {
	version, r, err := open(b, MACSize, versionX3DH, versionPQXDH)
	if err != nil {
		return nil, err
	}
	end := len(b) - MACSize
	m := &Signal{Version: version, MAC: [MACSize]byte(b[end:]), body: b[:end:end]}
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			m.RatchetKey = readKey(r, f)
		case 2:
			m.Counter = readUint32(r, f)
		case 3:
			m.Previous = readUint32(r, f)
		case 4:
			m.Ciphertext = readCiphertext(r, f)
		case 5:
			m.PQRatchet = r.Bytes(f, 0, MaxSize)
		case 6:
			m.Addresses = r.Bytes(f, 0, MaxSize)
		default:
			r.Unknown(f)
		}
	}
	if err := finish(r, 1, 2, 4); err != nil {
		return nil, err
	}
	return m, nil
}

// Body returns the bytes that the MAC covers, after the identities: version byte
// and fields, as received, or for a message of our own as encoded.
func (m *Signal) Body() []byte {
	if m.body != nil {
		return m.body
	}
	w := proto.NewWriter(len(m.Ciphertext)+len(m.PQRatchet)+len(m.Addresses)+128, versionByte(m.Version, versionPQXDH))
	w.Bytes(1, m.RatchetKey[:])
	w.Uint(2, uint64(m.Counter))
	w.Uint(3, uint64(m.Previous))
	w.Bytes(4, m.Ciphertext)
	if len(m.PQRatchet) > 0 {
		w.Bytes(5, m.PQRatchet)
	}
	if len(m.Addresses) > 0 {
		w.Bytes(6, m.Addresses)
	}
	return w.Finish()
}

// Append returns the whole message: Body and mac.
func (m *Signal) Append(mac [MACSize]byte) []byte { return append(m.Body(), mac[:]...) }
