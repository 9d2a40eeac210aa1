// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/kyber"
)

// The life of prekeys.
const (
	// RotationInterval is the age in seconds, two days, at which signed and
	// last-resort prekeys are due to be replaced: what a thief of a private one
	// can read is the first messages of that time, to those who found no one-time
	// prekey.
	RotationInterval = 2 * day
	// PreKeyGrace is how long, 30 days, they are kept after that for messages on
	// the way: as long as servers keep messages.
	PreKeyGrace = 30 * day
	// MaxOneTime is the most one-time prekeys of each kind that one call makes or
	// tops up to: it bounds the time of a call.
	MaxOneTime = 100

	day = 24 * 60 * 60
)

// OneTimePreKey is a public prekey for one session.
type OneTimePreKey struct {
	ID  uint32
	Key curve.PublicKey
}

// SignedPreKey is a public prekey with the identity key's signature.
type SignedPreKey struct {
	ID        uint32
	Key       curve.PublicKey
	Signature []byte
	Created   int64 // Unix seconds
}

// KyberPreKey is a public post-quantum prekey with the identity key's signature,
// for one session or, LastResort, for those that find no other left.
type KyberPreKey struct {
	ID         uint32
	Key        kyber.PublicKey
	Signature  []byte
	Created    int64 // Unix seconds
	LastResort bool
}

// PreKeys is what an account publishes.
type PreKeys struct {
	Identity   Identity
	Signed     SignedPreKey    // the current one
	LastResort KyberPreKey     // the current one
	OneTime    []OneTimePreKey // those that the call made
	Kyber      []KyberPreKey   // those that the call made
}

// PublishPreKeys makes what is missing: signed and last-resort prekeys if there
// are none or rotation is due, and one-time prekeys of both kinds until there are
// oneTime of each, up to MaxOneTime. The caller adds the one-time prekeys to those
// that the server has, and replaces the others.
//
// Its errors are ErrNoIdentity and *InputError.
func (a *Account) PublishPreKeys(ctx context.Context, oneTime int) (made PreKeys, err error) {
	err = a.do(ctx, func(t *tx) error {
		if oneTime < 0 || oneTime > MaxOneTime {
			return &InputError{"oneTime", "expected a number from 0 to 100"}
		}
		id, err := t.identity()
		if err != nil {
			return err
		}
		due, err := t.rotationDue(id)
		if err != nil {
			return err
		}
		if due {
			if err := t.rotate(id, false); err != nil {
				return err
			}
		}
		made, err = t.publish(id, oneTime)
		return err
	})
	return made, err
}

// RotatePreKeys replaces all prekeys now, also as many one-time prekeys as there
// are: for a server that has lost them, or after a compromise. The caller replaces
// everything that the server has by what it returns. What was replaced goes on
// working for PreKeyGrace, for messages that are on the way, and is erased then.
//
// Its error is ErrNoIdentity.
func (a *Account) RotatePreKeys(ctx context.Context) (made PreKeys, err error) {
	err = a.do(ctx, func(t *tx) error {
		id, err := t.identity()
		if err != nil {
			return err
		}
		ec, kyber, err := t.countOneTime(id)
		if err != nil {
			return err
		}
		if err := t.rotate(id, true); err != nil {
			return err
		}
		made, err = t.publish(id, min(max(ec, kyber), MaxOneTime))
		return err
	})
	return made, err
}

// PreKeyCount says how many one-time prekeys there are, and how old the others.
type PreKeyCount struct {
	OneTime, Kyber                   int   // not spent; the server may have fewer
	SignedCreated, LastResortCreated int64 // Unix seconds; 0: none
	RotationDue                      bool  // PublishPreKeys will do it
}

// CountPreKeys counts the prekeys. Its error is ErrNoIdentity.
func (a *Account) CountPreKeys(ctx context.Context) (count PreKeyCount, err error) {
	err = a.do(ctx, func(t *tx) error {
		id, err := t.identity()
		if err != nil {
			return err
		}
		if count.RotationDue, err = t.rotationDue(id); err != nil {
			return err
		}
		if len(id.eras) > 0 {
			created := id.eras[len(id.eras)-1].created
			count.SignedCreated, count.LastResortCreated = created, created
		}
		count.OneTime, count.Kyber, err = t.countOneTime(id)
		return err
	})
	return count, err
}

// publish tops up the one-time prekeys and returns them with the current others.
func (t *tx) publish(id *identity, oneTime int) (PreKeys, error) {
	if err := t.expire(id); err != nil {
		return PreKeys{}, err
	}
	current := id.eras[len(id.eras)-1]
	signed, err := load(t, KindSignedPreKey, idName(current.signedID), parseSigned)
	if err != nil {
		return PreKeys{}, missing(KindSignedPreKey, err)
	}
	lastResort, err := load(t, KindKyberPreKey, idName(current.kyberID), parseKyberPreKey)
	if err != nil {
		return PreKeys{}, missing(KindKyberPreKey, err)
	}
	made := PreKeys{
		Identity:   id.Identity,
		Signed:     SignedPreKey{current.signedID, signed.pair.Public, signed.signature, signed.created},
		LastResort: lastResort.public(current.kyberID),
	}
	ec, kyber, err := t.countOneTime(id)
	if err != nil {
		return PreKeys{}, err
	}
	for ; ec < oneTime; ec++ {
		one, err := t.makeOneTime(id)
		if err != nil {
			return PreKeys{}, err
		}
		made.OneTime = append(made.OneTime, one)
	}
	for ; kyber < oneTime; kyber++ {
		one, err := t.makeKyber(id, false)
		if err != nil {
			return PreKeys{}, err
		}
		made.Kyber = append(made.Kyber, one)
	}
	t.putIdentity(id)
	return made, nil
}

// missing makes the absence of a value that must be there a *StateError.
func missing(kind Kind, err error) error {
	if isMissing(err) {
		return &StateError{Kind: kind, Reason: "it is not there"}
	}
	return err
}
