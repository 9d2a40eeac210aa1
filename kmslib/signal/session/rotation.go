// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/xeddsa"
)

// maxEras is how many signed and last-resort prekeys are kept: those of a
// PreKeyGrace with a rotation each RotationInterval, and some more for rotations
// that were asked for. The oldest go first.
const maxEras = PreKeyGrace/RotationInterval + 9

// era is the time from one rotation to the next.
type era struct {
	signedID, kyberID uint32 // signed and last-resort prekey
	created           int64
	replaces          bool     // one-time prekeys from before do not count
	first             counters // ids at its beginning
}

func (e era) write(w *proto.Writer) {
	w.Uint(1, uint64(e.signedID))
	w.Uint(2, uint64(e.kyberID))
	w.Uint(3, uint64(e.created))
	w.Bool(4, e.replaces)
	w.Uint(5, uint64(e.first.ec))
	w.Uint(6, uint64(e.first.kyber))
}

func readEra(r *proto.Reader, f proto.Field) (e era) {
	readNested(r, f, r.Repeated(f, 0, maxPart), func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			e.signedID = readID(r, f)
		case 2:
			e.kyberID = readID(r, f)
		case 3:
			e.created = readTime(r, f)
		case 4:
			e.replaces = r.Bool(f)
		case 5:
			e.first.ec = readID(r, f)
		case 6:
			e.first.kyber = readID(r, f)
		default:
			r.Unknown(f)
		}
	}, 1, 2, 3, 4, 5, 6)
	return e
}

// rotationDue says whether the signed and last-resort prekeys are to be replaced:
// also if they come from so far in the future that a clock must have been wrong.
func (t *tx) rotationDue(id *identity) (bool, error) {
	if len(id.eras) == 0 {
		return true, nil
	}
	current := id.eras[len(id.eras)-1]
	m, err := t.replays(current.signedID)
	old := t.elapsed(current.created, RotationInterval) || current.created-t.env.Now > RotationInterval
	return old || len(m.seen) >= MaxReplays/2, err
}

// rotate begins an era. With replaces, one-time prekeys of former ones do not
// count any more.
func (t *tx) rotate(id *identity, replaces bool) error {
	next := era{
		signedID: id.next.signed, kyberID: id.next.kyber, created: t.env.Now,
		replaces: replaces || len(id.eras) == 0, first: id.next,
	}
	next.first.signed = 0 // not kept
	pair, err := curve.Generate(t.env.Random)
	if err != nil {
		return err
	}
	signature, err := xeddsa.Sign(id.private, pair.Public[:], t.env.Random)
	if err != nil {
		return err
	}
	id.next.signed = nextID(id.next.signed)
	t.put(KindSignedPreKey, idName(next.signedID), preKey{pair, signature[:], t.env.Now}.marshal())
	if _, err := t.makeKyber(id, true); err != nil {
		return err
	}
	id.eras = append(id.eras, next)
	return t.sweepPeers()
}

// makeOneTime makes a one-time prekey.
func (t *tx) makeOneTime(id *identity) (OneTimePreKey, error) {
	pair, err := curve.Generate(t.env.Random)
	if err != nil {
		return OneTimePreKey{}, err
	}
	one := OneTimePreKey{id.next.ec, pair.Public}
	id.next.ec = nextID(id.next.ec)
	t.put(KindPreKey, idName(one.ID), preKey{pair: pair, created: t.env.Now}.marshal())
	return one, nil
}

// makeKyber makes a Kyber prekey.
func (t *tx) makeKyber(id *identity, lastResort bool) (KyberPreKey, error) {
	private, public, err := kyber.Generate(t.env.Random)
	if err != nil {
		return KyberPreKey{}, err
	}
	signature, err := xeddsa.Sign(id.private, public.Bytes(), t.env.Random)
	if err != nil {
		return KyberPreKey{}, err
	}
	k := kyberPreKey{private, signature[:], t.env.Now, lastResort}
	made := KyberPreKey{id.next.kyber, public, k.signature, k.created, lastResort}
	id.next.kyber = nextID(id.next.kyber)
	t.put(KindKyberPreKey, idName(made.ID), k.marshal())
	return made, nil
}

// public returns what is published of the key.
func (k kyberPreKey) public(id uint32) KyberPreKey {
	return KyberPreKey{id, k.private.Public(), k.signature, k.created, k.lastResort}
}

// countOneTime counts the one-time prekeys that a server may still have.
func (t *tx) countOneTime(id *identity) (ec, kyber int, err error) {
	var from era
	lastResort := make(map[uint32]bool)
	for _, e := range id.eras {
		if e.replaces {
			from = e
		}
		lastResort[e.kyberID] = true
	}
	names, err := t.names(KindPreKey)
	if err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		if between(from.first.ec, parseID(name), id.next.ec) {
			ec++
		}
	}
	if names, err = t.names(KindKyberPreKey); err != nil {
		return 0, 0, err
	}
	for _, name := range names {
		if one := parseID(name); between(from.first.kyber, one, id.next.kyber) && !lastResort[one] {
			kyber++
		}
	}
	return ec, kyber, nil
}

// expire erases the prekeys of eras that ended longer than PreKeyGrace ago, and
// the one-time prekeys that a rotation replaced then.
func (t *tx) expire(id *identity) error {
	gone := 0
	for gone+1 < len(id.eras) && (t.elapsed(id.eras[gone+1].created, PreKeyGrace) || len(id.eras)-gone > maxEras) {
		gone++
	}
	if gone == 0 {
		return nil
	}
	for _, e := range id.eras[:gone] {
		t.delete(KindSignedPreKey, idName(e.signedID))
		t.delete(KindKyberPreKey, idName(e.kyberID))
		t.delete(KindReplay, idName(e.signedID))
	}
	oldest := id.eras[gone]
	for i := gone; !oldest.replaces; i-- { // the first era replaces
		oldest.replaces, oldest.first = id.eras[i-1].replaces, id.eras[i-1].first
	}
	id.eras = append([]era{oldest}, id.eras[gone+1:]...)
	if err := t.eraseOutside(KindPreKey, oldest.first.ec, id.next.ec); err != nil {
		return err
	}
	return t.eraseOutside(KindKyberPreKey, oldest.first.kyber, id.next.kyber)
}

// eraseOutside erases the prekeys whose ids are not between first and next.
func (t *tx) eraseOutside(kind Kind, first, next uint32) error {
	names, err := t.names(kind)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !between(first, parseID(name), next) {
			t.delete(kind, name)
		}
	}
	return nil
}
