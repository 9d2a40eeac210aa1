// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

// preKey is the record of a prekey on the curve, signed or for one session.
type preKey struct {
	pair      curve.KeyPair
	signature []byte // nil: for one session
	created   int64
}

func (k preKey) marshal() []byte {
	w := proto.NewWriter(192, format)
	writePrivate(w, 1, k.pair.Private)
	w.Bytes(2, k.pair.Public[:])
	w.Uint(3, uint64(k.created))
	if k.signature != nil {
		w.Bytes(4, k.signature)
	}
	return w.Finish()
}

func parsePreKey(b []byte) (k preKey, err error) {
	err = parseRecord(b, func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			k.pair.Private = readPrivate(r, f)
		case 2:
			k.pair.Public = readPublic(r, f)
		case 3:
			k.created = readTime(r, f)
		case 4:
			k.signature = slices.Clone(r.Bytes(f, xeddsa.SignatureSize, xeddsa.SignatureSize))
		default:
			r.Unknown(f)
		}
	}, 1, 2, 3)
	return k, err
}

// parseOneTime reads a prekey that has no signature.
func parseOneTime(b []byte) (preKey, error) {
	k, err := parsePreKey(b)
	if err == nil && k.signature != nil {
		err = errFields
	}
	return k, err
}

// parseSigned reads a prekey that has a signature.
func parseSigned(b []byte) (preKey, error) {
	k, err := parsePreKey(b)
	if err == nil && k.signature == nil {
		err = errFields
	}
	return k, err
}

// kyberPreKey is the record of a Kyber prekey.
type kyberPreKey struct {
	private    kyber.PrivateKey
	signature  []byte
	created    int64
	lastResort bool
}

func (k kyberPreKey) marshal() []byte {
	seed := k.private.Bytes()
	defer clear(seed)
	w := proto.NewWriter(192, format)
	w.Bytes(1, seed)
	w.Bytes(2, k.signature)
	w.Uint(3, uint64(k.created))
	w.Bool(4, k.lastResort)
	return w.Finish()
}

func parseKyberPreKey(b []byte) (k kyberPreKey, err error) {
	err = parseRecord(b, func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			private, err := kyber.ParsePrivateKey(r.Bytes(f, kyber.SeedSize, kyber.SeedSize))
			if err != nil {
				r.Refuse(f.Number, "not a seed")
			}
			k.private = private
		case 2:
			k.signature = slices.Clone(r.Bytes(f, xeddsa.SignatureSize, xeddsa.SignatureSize))
		case 3:
			k.created = readTime(r, f)
		case 4:
			k.lastResort = r.Bool(f)
		default:
			r.Unknown(f)
		}
	}, 1, 2, 3, 4)
	return k, err
}

// MaxReplays is how many sessions may begin by one signed prekey without
// spending a one-time prekey that makes a second time impossible. Each is
// remembered by replaySize bytes, in a value that is read and written whole. One
// more is refused, as to forget the first would open the door again; at half of
// them prekeys are due for rotation, which ends it.
const MaxReplays = 1000

const replaySize = 16 // bytes of a hash: enough against a second preimage

// replays remembers which sessions began so.
type replays struct{ seen [][replaySize]byte }

// replayOf returns what is remembered of a session.
func replayOf(signedID, kyberID uint32, baseKey curve.PublicKey) [replaySize]byte {
	var input [8 + curve.PublicKeySize]byte
	binary.BigEndian.PutUint32(input[:], signedID)
	binary.BigEndian.PutUint32(input[4:], kyberID)
	copy(input[8:], baseKey[:])
	sum := sha256.Sum256(input[:])
	return [replaySize]byte(sum[:])
}

func (m replays) marshal() []byte {
	all := make([]byte, 0, len(m.seen)*replaySize)
	for _, one := range m.seen {
		all = append(all, one[:]...)
	}
	w := proto.NewWriter(len(all)+16, format)
	w.Bytes(1, all)
	return w.Finish()
}

func parseReplays(b []byte) (m replays, err error) {
	err = parseRecord(b, func(r *proto.Reader, f proto.Field) {
		if f.Number != 1 {
			r.Unknown(f)
			return
		}
		all := r.Bytes(f, replaySize, MaxReplays*replaySize)
		if len(all)%replaySize != 0 {
			r.Refuse(f.Number, "a part of a hash")
			return
		}
		m.seen = make([][replaySize]byte, 0, len(all)/replaySize)
		for one := range slices.Chunk(all, replaySize) {
			m.seen = append(m.seen, [replaySize]byte(one))
		}
	}, 1)
	return m, err
}

// replays returns what is remembered of a signed prekey.
func (t *tx) replays(signedID uint32) (replays, error) {
	m, err := load(t, KindReplay, idName(signedID), parseReplays)
	if isMissing(err) {
		return replays{}, nil
	}
	return m, err
}
