// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package senderkey

import (
	"crypto/hkdf"
	"crypto/sha256"
	"io"
	"slices"

	"ats.run/kms-enclave/kmslib/signal/doubleratchet/cbc"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

// Encrypt returns a whole SenderKey message. The error is ErrNoKey if the record
// is not our own, ErrTooLarge, ErrSpent, or that of random.
func (r Record) Encrypt(plaintext []byte, random io.Reader) (Record, []byte, error) {
	v := r.box.Expose()
	if !v.isOwn() {
		return Record{}, nil, ErrNoKey
	}
	if len(plaintext) > message.MaxPlaintext {
		return Record{}, nil, ErrTooLarge
	}
	s := v.senders[0]
	m := message.SenderKey{Distribution: v.distribution, Chain: s.id, Iteration: s.chain.Index()}
	after, seed, err := s.chain.Step()
	if err != nil {
		return Record{}, nil, err
	}
	keys := derive(&seed)
	defer keys.wipe()
	m.Ciphertext = cbc.Seal(&keys.cipher, &keys.iv, plaintext)
	body := m.Body()
	signature, err := xeddsa.Sign(s.signing.Private, body, random)
	if err != nil {
		return Record{}, nil, err
	}
	s.chain = after
	return wrap(&record{v.distribution, []sender{s}}), append(body, signature[:]...), nil
}

// Decrypt returns the plaintext of a message of the sender, and the next record
// if the message is authentic. The error is ErrNoKey, ErrAuthentication,
// ErrDuplicate or ErrTooFar; the last two only for authentic messages.
func (r Record) Decrypt(m *message.SenderKey) (Record, []byte, error) {
	v := r.box.Expose()
	if v == nil || v.isOwn() || v.distribution != m.Distribution {
		return Record{}, nil, ErrNoKey
	}
	i := v.find(m.Chain)
	if i < 0 {
		return Record{}, nil, ErrNoKey
	}
	if !xeddsa.Verify(v.senders[i].signing.Public, m.Body(), m.Signature[:]) {
		return Record{}, nil, ErrAuthentication
	}
	after, seed, err := v.senders[i].chain.Seek(m.Iteration)
	if err != nil {
		return Record{}, nil, err
	}
	keys := derive(&seed)
	defer keys.wipe()
	plaintext, ok := cbc.Open(&keys.cipher, &keys.iv, m.Ciphertext)
	if !ok {
		return Record{}, nil, ErrAuthentication
	}
	next := &record{v.distribution, slices.Clone(v.senders)}
	next.senders[i].chain = after
	next.trim()
	return wrap(next), plaintext, nil
}

const infoGroup = "WhisperGroup"

// messageKeys are the keys of one message.
type messageKeys struct {
	iv     [cbc.IVSize]byte
	cipher [cbc.KeySize]byte
}

// derive returns the keys of the message with this seed, and clears that.
func derive(seed *[chain.Size]byte) *messageKeys {
	defer clear(seed[:])
	k := &messageKeys{}
	derived, err := hkdf.Key(sha256.New, seed[:], nil, infoGroup, len(k.iv)+len(k.cipher))
	if err != nil {
		panic("senderkey: 48 bytes are not derived: " + err.Error()) // cannot be: the sizes are fixed
	}
	defer clear(derived)
	copy(k.cipher[:], derived[copy(k.iv[:], derived):])
	return k
}

func (k *messageKeys) wipe() { *k = messageKeys{} }
