// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"ats.run/kms-enclave/kmslib/signal/curve"
)

// Tests of package session_test reach inside through these.

// The limits that are not exported.
const (
	MaxEras      = maxEras
	ReplaySize   = replaySize
	MaxID        = maxID
	MaxRatchet   = maxRatchet
	MaxSenderKey = maxSenderKey
	FarAhead     = farAhead
)

// FillReplays makes it appear as if so many sessions had begun by the current
// signed prekey without spending a one-time prekey.
func FillReplays(ctx context.Context, a *Account, count int) error {
	return a.do(ctx, func(t *tx) error {
		id, err := t.identity()
		if err != nil {
			return err
		}
		m := replays{make([][replaySize]byte, count)}
		t.put(KindReplay, idName(id.eras[len(id.eras)-1].signedID), m.marshal())
		return nil
	})
}

// SetNextIDs makes the next prekeys have these ids.
func SetNextIDs(ctx context.Context, a *Account, next uint32) error {
	return a.do(ctx, func(t *tx) error {
		id, err := t.identity()
		if err != nil {
			return err
		}
		id.next = counters{next, next, next}
		t.putIdentity(id)
		return nil
	})
}

// LinkDevice makes the account another device of the one that r has: with the same
// identity key.
func LinkDevice(ctx context.Context, a *Account, r Reader, device uint32) error {
	var other *identity
	err := Open(r, Env{}).do(ctx, func(t *tx) (err error) {
		other, err = t.identity()
		return err
	})
	if err != nil {
		return err
	}
	return a.do(ctx, func(t *tx) error {
		other.Address.Device, other.RegistrationID, other.eras = device, device, nil
		t.putIdentity(other)
		return nil
	})
}

// AddPeers makes it appear as if there were sessions with so many devices.
func AddPeers(ctx context.Context, a *Account, count int) error {
	return a.do(ctx, func(t *tx) error {
		for i := range count {
			p := peer{active: true, sessions: []ref{{version: 4, baseKey: curve.PublicKey{5}}}}
			t.put(KindPeer, Address{"someone" + idName(uint32(i+1)), 1}.String(), p.marshal())
		}
		return nil
	})
}

// Parsers are those of all stored values: each gives back what it read.
var Parsers = map[Kind]func([]byte) ([]byte, error){
	KindIdentity:     again(parseIdentity),
	KindPreKey:       again(parseOneTime),
	KindSignedPreKey: again(parseSigned),
	KindKyberPreKey:  again(parseKyberPreKey),
	KindReplay:       again(parseReplays),
	KindPeer:         again(parsePeer),
	KindSession:      again(parseConversation),
	KindContact:      again(parseContact),
	KindSenderKey:    again(parseSenderKey),
}

func again[T interface{ marshal() []byte }](parse func([]byte) (T, error)) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		v, err := parse(b)
		if err != nil {
			return nil, err
		}
		clear(b) // nothing of it may be kept
		return v.marshal(), nil
	}
}

// Loaded returns all stored values as they are in memory while they are worked on,
// and a unit of work that has them pending.
func Loaded(ctx context.Context, r Reader) (all []any, err error) {
	a := Open(r, Env{})
	err = a.do(ctx, func(t *tx) error {
		for _, kind := range Kinds() {
			names, err := t.names(kind)
			if err != nil {
				return err
			}
			for _, name := range names {
				value, err := t.get(kind, name)
				if err != nil {
					return err
				}
				v, err := parseAny(kind, value)
				if err != nil {
					return err
				}
				all = append(all, v)
				t.put(kind, name, value)
			}
		}
		return nil
	})
	return append(all, a, *a), err
}

func parseAny(kind Kind, b []byte) (any, error) {
	switch kind {
	case KindIdentity:
		return parseIdentity(b)
	case KindPreKey, KindSignedPreKey:
		return parsePreKey(b)
	case KindKyberPreKey:
		return parseKyberPreKey(b)
	case KindReplay:
		return parseReplays(b)
	case KindPeer:
		return parsePeer(b)
	case KindSession:
		return parseConversation(b)
	case KindContact:
		return parseContact(b)
	}
	return parseSenderKey(b)
}
