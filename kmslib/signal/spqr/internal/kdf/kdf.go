// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package kdf derives the keys of the ratchet: HKDF-SHA-256 (RFC 5869) with the
// labels that keep their purposes apart. Numbers in labels are big-endian.
package kdf

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"

	"ats.run/kms-enclave/kmslib/signal/internal/shortmac"
)

// Size is the size in bytes of every secret here.
const Size = 32

// The labels. The two spaces in chainStart are the protocol's.
const (
	chainStart    = "Signal PQ Ratchet V1 Chain  Start"
	chainAddEpoch = "Signal PQ Ratchet V1 Chain Add Epoch"
	chainNext     = "Signal PQ Ratchet V1 Chain Next"

	braid        = "Signal_PQCKA_V1_MLKEM768"
	epochSecret  = braid + ":SCKA Key"
	authenticate = braid + ":Authenticator Update"

	// LabelHeader begins what the MAC of a header is over.
	LabelHeader = braid + ":ekheader"

	// LabelCiphertext begins what the MAC of a ciphertext is over.
	LabelCiphertext = braid + ":ciphertext"
)

// ChainStart derives from the key of the agreement: the root of the chains, the
// chain of the initiator's messages, the chain of the responder's.
func ChainStart(key *[Size]byte) (root, initiator, responder [Size]byte) {
	return three(nil, key[:], chainStart)
}

// ChainAddEpoch derives the same of an epoch from the root before it and the
// secret of the epoch.
func ChainAddEpoch(root, secret *[Size]byte) (next, initiator, responder [Size]byte) {
	return three(root[:], secret[:], chainAddEpoch)
}

// ChainNext derives the chain after step number, which counts from 1, and the
// key of that step's message. It is HKDF written out (RFC 5869, section 2), since
// a message may take many steps at once.
func ChainNext(chain *[Size]byte, step uint32) (next, key [Size]byte) {
	const infoSize = 4 + len(chainNext)
	prk := shortmac.Sum(&[Size]byte{}, chain[:])
	var message [Size + infoSize + 1]byte // T(i-1) ‖ info ‖ i
	binary.BigEndian.PutUint32(message[Size:], step)
	copy(message[Size+4:], chainNext)
	message[Size+infoSize] = 1
	next = shortmac.Sum(&prk, message[Size:])
	copy(message[:], next[:])
	message[Size+infoSize] = 2
	key = shortmac.Sum(&prk, message[:])
	clear(message[:Size])
	clear(prk[:])
	return next, key
}

// EpochSecret derives the secret of an epoch from what ML-KEM agreed on.
func EpochSecret(shared *[Size]byte, epoch uint64) (secret [Size]byte) {
	take(expand(nil, shared[:], WithEpoch(epochSecret, epoch), Size), &secret)
	return secret
}

// AuthenticatorUpdate derives the next root of the authenticator and its MAC key
// from the root before and the secret of an epoch.
func AuthenticatorUpdate(root, secret *[Size]byte, epoch uint64) (next, mac [Size]byte) {
	var ikm [2 * Size]byte
	copy(ikm[:Size], root[:])
	copy(ikm[Size:], secret[:])
	defer clear(ikm[:])
	return two(ikm[:], WithEpoch(authenticate, epoch))
}

// WithEpoch returns label ‖ epoch, 8 bytes.
func WithEpoch(label string, epoch uint64) string {
	b := make([]byte, 0, len(label)+8)
	return string(binary.BigEndian.AppendUint64(append(b, label...), epoch))
}

func two(ikm []byte, info string) (a, b [Size]byte) {
	take(expand(nil, ikm, info, 2*Size), &a, &b)
	return a, b
}

func three(salt, ikm []byte, info string) (a, b, c [Size]byte) {
	take(expand(salt, ikm, info, 3*Size), &a, &b, &c)
	return a, b, c
}

// expand is HKDF. No salt is the same as 32 zero bytes (RFC 5869, section 2.2).
func expand(salt, ikm []byte, info string, size int) []byte {
	out, err := hkdf.Key(sha256.New, ikm, salt, info, size)
	if err != nil {
		panic("kdf: internal error: sizes that HKDF refuses")
	}
	return out
}

// take moves from into the parts, one after another.
func take(from []byte, parts ...*[Size]byte) {
	for i, part := range parts {
		copy(part[:], from[i*Size:])
	}
	clear(from)
}
