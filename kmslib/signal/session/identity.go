// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"encoding/binary"
	"io"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
)

// MaxRegistrationID is the greatest registration id. Signal's have 14 bits, of
// which the last few are not handed out.
const MaxRegistrationID = 16380

// IdentityOptions says which identity to create.
type IdentityOptions struct {
	Address        Address
	RegistrationID uint32 // 1 to MaxRegistrationID; 0: random
	Policy         Policy
}

// Identity is the public side of an account.
type Identity struct {
	Address        Address
	RegistrationID uint32
	Key            curve.PublicKey
	Created        int64 // Unix seconds
	Policy         Policy
}

// CreateIdentity makes the identity key of the account. Its errors are
// *InputError, and ErrExists.
func (a *Account) CreateIdentity(ctx context.Context, o IdentityOptions) (created Identity, err error) {
	err = a.do(ctx, func(t *tx) error {
		created, err = t.createIdentity(o)
		return err
	})
	return created, err
}

func (t *tx) createIdentity(o IdentityOptions) (Identity, error) {
	policy, err := o.Policy.complete()
	if err != nil {
		return Identity{}, err
	}
	if err := o.Address.check("address"); err != nil {
		return Identity{}, err
	}
	if o.RegistrationID > MaxRegistrationID {
		return Identity{}, &InputError{"registrationId", "expected a number from 1 to 16380"}
	}
	if _, err := t.identity(); err == nil {
		return Identity{}, ErrExists
	} else if err != ErrNoIdentity {
		return Identity{}, err
	}
	id := &identity{Identity: Identity{o.Address, o.RegistrationID, curve.PublicKey{}, t.env.Now, policy}}
	if id.RegistrationID == 0 {
		if id.RegistrationID, err = t.number(MaxRegistrationID); err != nil {
			return Identity{}, err
		}
	}
	pair, err := curve.Generate(t.env.Random)
	if err != nil {
		return Identity{}, err
	}
	id.Key, id.private = pair.Public, pair.Private
	for _, counter := range []*uint32{&id.next.ec, &id.next.signed, &id.next.kyber} {
		if *counter, err = t.number(maxID); err != nil {
			return Identity{}, err
		}
	}
	t.putIdentity(id)
	return id.Identity, nil
}

// number returns a random number from 1 to most. The bias is below most / 2^64.
func (t *tx) number(most uint32) (uint32, error) {
	var raw [8]byte
	if _, err := io.ReadFull(t.env.Random, raw[:]); err != nil {
		return 0, err
	}
	return uint32(binary.BigEndian.Uint64(raw[:])%uint64(most)) + 1, nil
}

// Identity returns the public side of the account, or ErrNoIdentity.
func (a *Account) Identity(ctx context.Context) (public Identity, err error) {
	err = a.do(ctx, func(t *tx) error {
		id, err := t.identity()
		if err == nil {
			public = id.Identity
		}
		return err
	})
	return public, err
}

// DeleteIdentity deletes everything of the account, also what cannot be read. It
// returns ErrNoIdentity if there is nothing.
func (a *Account) DeleteIdentity(ctx context.Context) error {
	return a.do(ctx, func(t *tx) error {
		found := false
		for _, kind := range Kinds() {
			names, err := t.names(kind)
			if err != nil {
				return err
			}
			found = found || len(names) > 0
			for _, name := range names {
				t.delete(kind, name)
			}
		}
		if !found {
			return ErrNoIdentity
		}
		return nil
	})
}

// identity is the record of the account itself.
type identity struct {
	Identity
	private curve.PrivateKey
	next    counters // ids that are given out next
	eras    []era    // oldest first; see prekeys.go
}

// counters has the ids of the next prekeys, 1 to maxID each.
type counters struct{ ec, signed, kyber uint32 }

// pair returns the identity key pair.
func (id *identity) pair() curve.KeyPair {
	return curve.KeyPair{Public: id.Key, Private: id.private}
}

// identity returns the record of the account, or ErrNoIdentity.
func (t *tx) identity() (*identity, error) {
	id, err := load(t, KindIdentity, "", parseIdentity)
	if isMissing(err) {
		return nil, ErrNoIdentity
	}
	return id, err
}

func (t *tx) putIdentity(id *identity) { t.put(KindIdentity, "", id.marshal()) }

func (id *identity) marshal() []byte {
	w := proto.NewWriter(256+len(id.eras)*48, format)
	w.Bytes(1, []byte(id.Address.Name))
	w.Uint(2, uint64(id.Address.Device))
	w.Uint(3, uint64(id.RegistrationID))
	w.Bytes(4, id.Key[:])
	writePrivate(w, 5, id.private)
	w.Uint(6, uint64(id.Created))
	w.Uint(7, uint64(id.Policy.Oldest))
	w.Uint(8, uint64(id.Policy.Newest))
	w.Bool(9, id.Policy.ChainOnly)
	w.Uint(10, uint64(id.next.ec))
	w.Uint(11, uint64(id.next.signed))
	w.Uint(12, uint64(id.next.kyber))
	for _, e := range id.eras {
		w.Message(13, e.write)
	}
	return w.Finish()
}

func parseIdentity(b []byte) (*identity, error) {
	id := new(identity)
	err := parseRecord(b, func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			id.Address.Name = string(r.Bytes(f, 1, MaxName))
		case 2:
			id.Address.Device = uint32(r.Uint(f, MaxDevice))
		case 3:
			id.RegistrationID = uint32(r.Uint(f, MaxRegistrationID))
		case 4:
			id.Key = readPublic(r, f)
		case 5:
			id.private = readPrivate(r, f)
		case 6:
			id.Created = readTime(r, f)
		case 7:
			id.Policy.Oldest = Level(r.Uint(f, uint64(TripleRatchet)))
		case 8:
			id.Policy.Newest = Level(r.Uint(f, uint64(TripleRatchet)))
		case 9:
			id.Policy.ChainOnly = r.Bool(f)
		case 10:
			id.next.ec = readID(r, f)
		case 11:
			id.next.signed = readID(r, f)
		case 12:
			id.next.kyber = readID(r, f)
		case 13:
			id.eras = append(id.eras, readEra(r, f))
		default:
			r.Unknown(f)
		}
	}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	if err != nil {
		return nil, err
	}
	if policy, err := id.Policy.complete(); err != nil || policy != id.Policy {
		return nil, errFields
	}
	if id.Address.check("address") != nil || id.RegistrationID == 0 || len(id.eras) > maxEras+1 ||
		len(id.eras) > 0 && !id.eras[0].replaces {
		return nil, errFields
	}
	return id, nil
}
