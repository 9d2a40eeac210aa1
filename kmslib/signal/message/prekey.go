// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// PreKey is a message that starts a session, and everything its receiver needs
// for that.
type PreKey struct {
	Version         uint8 // 3 for X3DH, 4 for PQXDH
	RegistrationID  uint32
	HasPreKey       bool // PreKeyID is that of a one-time prekey
	PreKeyID        uint32
	SignedPreKeyID  uint32
	HasKyber        bool // in version 4, and only there
	KyberPreKeyID   uint32
	KyberCiphertext []byte
	BaseKey         curve.PublicKey
	IdentityKey     curve.PublicKey
	Message         *Signal
}

// ParsePreKey reads a message of envelope type PreKeyType. That its version is
// that of the message inside is for whoever opens that. The error is a
// *VersionError or has ErrSyntax in its tree.
func ParsePreKey(b []byte) (*PreKey, error) {
	version, r, err := open(b, 0, versionX3DH, versionPQXDH)
	if err != nil {
		return nil, err
	}
	m := &PreKey{Version: version}
	var inner []byte
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			m.PreKeyID = readUint32(r, f)
		case 2:
			m.BaseKey = readKey(r, f)
		case 3:
			m.IdentityKey = readKey(r, f)
		case 4:
			inner = r.Bytes(f, 0, MaxSize)
		case 5:
			m.RegistrationID = readUint32(r, f)
		case 6:
			m.SignedPreKeyID = readUint32(r, f)
		case 7:
			m.KyberPreKeyID = readUint32(r, f)
		case 8:
			m.KyberCiphertext = r.Bytes(f, 1, MaxSize)
		default:
			r.Unknown(f)
		}
	}
	m.HasPreKey, m.HasKyber = r.Has(1), r.Has(7) && r.Has(8)
	switch {
	case version >= versionPQXDH:
		r.Require(7, 8)
	case r.Has(7) || r.Has(8):
		r.Refuse(0, "version 3 has no Kyber key")
	}
	if err := finish(r, 2, 3, 4, 6); err != nil {
		return nil, err
	}
	if m.Message, err = ParseSignal(inner); err != nil {
		return nil, err
	}
	return m, nil
}

// Marshal returns the whole message. Its Message must have its MAC.
func (m *PreKey) Marshal() []byte {
	inner := m.Message.Append(m.Message.MAC)
	w := proto.NewWriter(len(inner)+len(m.KyberCiphertext)+256, versionByte(m.Version, versionPQXDH))
	if m.HasPreKey {
		w.Uint(1, uint64(m.PreKeyID))
	}
	w.Bytes(2, m.BaseKey[:])
	w.Bytes(3, m.IdentityKey[:])
	w.Bytes(4, inner)
	w.Uint(5, uint64(m.RegistrationID))
	w.Uint(6, uint64(m.SignedPreKeyID))
	if m.HasKyber {
		w.Uint(7, uint64(m.KyberPreKeyID))
		w.Bytes(8, m.KyberCiphertext)
	}
	return w.Finish()
}
