// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// Sizes in messages of groups, in bytes.
const (
	DistributionSize = 16
	SignatureSize    = 64
	ChainKeySize     = 32
)

// SenderKey is a message to a group.
type SenderKey struct {
	Distribution [DistributionSize]byte // which group
	Chain        uint32                 // which of its sender's chains
	Iteration    uint32
	Ciphertext   []byte
	Signature    [SignatureSize]byte

	body []byte // as received
}

// ParseSenderKey reads a message of envelope type SenderKeyType. The error is a
// *VersionError or has ErrSyntax in its tree.
func ParseSenderKey(b []byte) (*SenderKey, error) {
	_, r, err := open(b, SignatureSize, versionSenderKey, versionSenderKey)
	if err != nil {
		return nil, err
	}
	end := len(b) - SignatureSize
	m := &SenderKey{Signature: [SignatureSize]byte(b[end:]), body: b[:end:end]}
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			copy(m.Distribution[:], r.Bytes(f, DistributionSize, DistributionSize))
		case 2:
			m.Chain = readUint32(r, f)
		case 3:
			m.Iteration = readUint32(r, f)
		case 4:
			m.Ciphertext = readCiphertext(r, f)
		default:
			r.Unknown(f)
		}
	}
	if err := finish(r, 1, 2, 3, 4); err != nil {
		return nil, err
	}
	return m, nil
}

// Body returns the bytes that the signature covers: version byte and fields, as
// received, or for a message of our own as encoded.
func (m *SenderKey) Body() []byte {
	if m.body != nil {
		return m.body
	}
	w := proto.NewWriter(len(m.Ciphertext)+128, versionByte(versionSenderKey, versionSenderKey))
	w.Bytes(1, m.Distribution[:])
	w.Uint(2, uint64(m.Chain))
	w.Uint(3, uint64(m.Iteration))
	w.Bytes(4, m.Ciphertext)
	return w.Finish()
}

// Append returns the whole message: Body and signature.
func (m *SenderKey) Append(signature [SignatureSize]byte) []byte {
	return append(m.Body(), signature[:]...)
}

// SenderKeyDistribution tells a member of a group how to read its sender.
type SenderKeyDistribution struct {
	Distribution [DistributionSize]byte
	Chain        uint32
	Iteration    uint32 // the first that ChainKey can read
	ChainKey     secret.Box[[ChainKeySize]byte]
	SigningKey   curve.PublicKey
}

// ParseSenderKeyDistribution reads a message that came inside of a Signal
// message. The error is a *VersionError or has ErrSyntax in its tree.
func ParseSenderKeyDistribution(b []byte) (*SenderKeyDistribution, error) {
	_, r, err := open(b, 0, versionSenderKey, versionSenderKey)
	if err != nil {
		return nil, err
	}
	m := &SenderKeyDistribution{}
	key := new([ChainKeySize]byte)
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		switch f.Number {
		case 1:
			copy(m.Distribution[:], r.Bytes(f, DistributionSize, DistributionSize))
		case 2:
			m.Chain = readUint32(r, f)
		case 3:
			m.Iteration = readUint32(r, f)
		case 4:
			copy(key[:], r.Bytes(f, ChainKeySize, ChainKeySize))
		case 5:
			m.SigningKey = readKey(r, f)
		default:
			r.Unknown(f)
		}
	}
	m.ChainKey = secret.NewBox(key)
	if err := finish(r, 1, 2, 3, 4, 5); err != nil {
		clear(key[:])
		return nil, err
	}
	return m, nil
}

// Marshal returns the whole message, which is secret.
func (m *SenderKeyDistribution) Marshal() []byte {
	w := proto.NewWriter(128, versionByte(versionSenderKey, versionSenderKey))
	w.Bytes(1, m.Distribution[:])
	w.Uint(2, uint64(m.Chain))
	w.Uint(3, uint64(m.Iteration))
	w.Bytes(4, m.ChainKey.Expose()[:])
	w.Bytes(5, m.SigningKey[:])
	return w.Finish()
}
