// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/safetynumber"
)

// ContactState says what is known of a contact's identity key.
type ContactState string

// The states of a contact.
const (
	StateUnknown  ContactState = "unknown"   // no key was seen yet
	StateFirstUse ContactState = "first-use" // trusted because it was the first, or accepted
	StateVerified ContactState = "verified"  // the person compared safety numbers
	StateChanged  ContactState = "changed"   // another key was seen, and is not accepted
)

// Contact is whom a name stands for. All devices of a name have one identity key;
// names that share a key are different contacts.
type Contact struct {
	Name string
	Key  curve.PublicKey // last seen; zero: none
	// Previous is the key that was trusted before; while the state is
	// StateChanged, the one that still is. Zero: none.
	Previous curve.PublicKey
	State    ContactState
	Since    int64 // Unix seconds, of the state
}

// Contact returns what is known of a name, which for a name that was never seen is
// StateUnknown.
func (a *Account) Contact(ctx context.Context, name string) (c Contact, err error) {
	err = a.do(ctx, func(t *tx) error {
		if err := checkName("name", name); err != nil {
			return err
		}
		c, err = t.contact(name)
		return err
	})
	return c, err
}

// Contacts returns all contacts, sorted by name.
func (a *Account) Contacts(ctx context.Context) (all []Contact, err error) {
	err = a.do(ctx, func(t *tx) error {
		names, err := t.names(KindContact)
		if err != nil {
			return err
		}
		for _, name := range names {
			c, err := t.contact(name)
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	return all, err
}

// AcceptContact says that the person trusts key after a change: the contact's new
// key or, to refuse that, the one from before. Any other is ErrKeyMismatch, also if
// the contact is unknown.
func (a *Account) AcceptContact(ctx context.Context, name string, key curve.PublicKey) error {
	return a.do(ctx, func(t *tx) error {
		c, err := t.contactWith(name, key)
		if err != nil || c.State != StateChanged {
			return err
		}
		t.putContact(c.trust(key, StateFirstUse, t.env.Now))
		return nil
	})
}

// VerifyContact says whether the person found that the safety number with key is
// the one that the contact has. For a key that changed, that accepts it too. Errors
// are those of AcceptContact.
func (a *Account) VerifyContact(ctx context.Context, name string, key curve.PublicKey, verified bool) error {
	return a.do(ctx, func(t *tx) error {
		c, err := t.contactWith(name, key)
		if err != nil {
			return err
		}
		switch {
		case verified && c.State != StateVerified:
			t.putContact(c.trust(key, StateVerified, t.env.Now))
		case !verified && c.State == StateVerified:
			t.putContact(c.trust(key, StateFirstUse, t.env.Now))
		}
		return nil
	})
}

// SafetyNumber returns what the person compares with the contact, computed of both
// names as they are and the contact's last key. Its errors are ErrNoIdentity, and
// ErrNotFound if no key was seen yet.
func (a *Account) SafetyNumber(ctx context.Context, name string) (number safetynumber.Number, err error) {
	err = a.do(ctx, func(t *tx) error {
		if err := checkName("name", name); err != nil {
			return err
		}
		id, err := t.identity()
		if err != nil {
			return err
		}
		c, err := t.contact(name)
		if err != nil {
			return err
		}
		if c.State == StateUnknown {
			return ErrNotFound
		}
		number = safetynumber.Compute(
			safetynumber.Party{ID: []byte(id.Address.Name), Key: id.Key},
			safetynumber.Party{ID: []byte(name), Key: c.Key})
		return nil
	})
	return number, err
}

// contactWith returns a contact that may be trusted with key.
func (t *tx) contactWith(name string, key curve.PublicKey) (Contact, error) {
	if err := checkName("name", name); err != nil {
		return Contact{}, err
	}
	c, err := t.contact(name)
	if err == nil && !c.offers(key) {
		err = ErrKeyMismatch
	}
	return c, err
}

// offers says whether a person may choose the key.
func (c Contact) offers(key curve.PublicKey) bool {
	return !key.IsZero() && (key == c.Key || c.State == StateChanged && key == c.Previous)
}

// trust returns the contact with a key that it offers, trusted.
func (c Contact) trust(key curve.PublicKey, as ContactState, now int64) Contact {
	if key != c.Key {
		c.Key, c.Previous = c.Previous, c.Key
	}
	c.State, c.Since = as, now
	return c
}

// trusted says whether messages under key come from whom the person trusts.
func (c Contact) trusted(key curve.PublicKey) bool {
	return c.State != StateChanged && key == c.Key
}

// see records that a contact has a key now. The first one is trusted. To come back
// to the trusted one ends a change: its owner alone can do that.
func (t *tx) see(name string, key curve.PublicKey) (Contact, error) {
	c, err := t.contact(name)
	if err != nil || key == c.Key {
		return c, err
	}
	switch {
	case c.State == StateUnknown:
		c.Key, c.State, c.Since = key, StateFirstUse, t.env.Now
	case c.State == StateChanged && key == c.Previous:
		c = c.trust(key, StateFirstUse, t.env.Now)
	case c.State == StateChanged:
		c.Key, c.Since = key, t.env.Now
	default:
		c.Key, c.Previous, c.State, c.Since = key, c.Key, StateChanged, t.env.Now
	}
	t.putContact(c)
	return c, nil
}

// contact returns the record of a name; one in StateUnknown if there is none.
func (t *tx) contact(name string) (Contact, error) {
	c, err := load(t, KindContact, name, parseContact)
	if isMissing(err) {
		return Contact{Name: name, State: StateUnknown}, nil
	}
	c.Name = name
	return c, err
}

func (t *tx) putContact(c Contact) { t.put(KindContact, c.Name, c.marshal()) }

// storedStates are the states as numbers.
var storedStates = [...]ContactState{1: StateFirstUse, 2: StateVerified, 3: StateChanged}

func (c Contact) marshal() []byte {
	w := proto.NewWriter(96, format)
	w.Bytes(1, c.Key[:])
	if !c.Previous.IsZero() {
		w.Bytes(2, c.Previous[:])
	}
	for number, state := range storedStates {
		if number > 0 && state == c.State {
			w.Uint(3, uint64(number))
		}
	}
	w.Uint(4, uint64(c.Since))
	return w.Finish()
}

func parseContact(b []byte) (c Contact, err error) {
	err = parseRecord(b, func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			c.Key = readPublic(r, f)
		case 2:
			c.Previous = readPublic(r, f)
		case 3:
			number := r.Uint(f, uint64(len(storedStates)-1))
			if c.State = storedStates[number]; number == 0 {
				r.Refuse(f.Number, "an unknown state")
			}
		case 4:
			c.Since = readTime(r, f)
		default:
			r.Unknown(f)
		}
	}, 1, 3, 4)
	if err == nil && c.State == StateChanged && c.Previous.IsZero() {
		err = errFields
	}
	return c, err
}
