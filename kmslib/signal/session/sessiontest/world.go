// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sessiontest

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
	"ats.run/kms-enclave/kmslib/signal/session"
)

// World has what several Devices have in common. It is not for concurrent use.
type World struct {
	Now    int64      // Unix seconds
	Rand   *rand.Rand // decides what happens
	Random io.Reader  // for keys
	Seed   uint64
}

// NewWorld returns a World in which everything depends on the seed.
func NewWorld(seed uint64) *World {
	return &World{Now: 1_700_000_000, Rand: rand.New(rand.NewPCG(seed, 1)), Random: NewRandom(seed), Seed: seed}
}

// NewRandom returns bytes that depend on the seed alone.
func NewRandom(seed uint64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}

// Device is an account in a World, with what its server has of it.
type Device struct {
	Address session.Address
	Store   Store
	World   *World
	// Published is what the server has: NewBundle takes from it.
	Published session.PreKeys
	// Crashes, if set, says after a unit of work whether the device dies before
	// anything is stored, and has to begin it again.
	Crashes func() bool
}

// NewDevice makes a device with an identity in an empty store, and publishes
// prekeys, so many for one session each.
func (w *World) NewDevice(ctx context.Context, address session.Address, policy session.Policy, oneTime int, store Store) (*Device, error) {
	d := &Device{Address: address, Store: store, World: w}
	err := d.Do(ctx, func(a *session.Account) error {
		_, err := a.CreateIdentity(ctx, session.IdentityOptions{Address: address, Policy: policy})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create %v: %w", address, err)
	}
	return d, d.Publish(ctx, oneTime)
}

// Env returns the environment of the device's units of work.
func (d *Device) Env() session.Env { return session.Env{Now: d.World.Now, Random: d.World.Random} }

// Do runs a unit of work and stores what it changed, also if it returns an error:
// what came before that in it stands.
func (d *Device) Do(ctx context.Context, work func(*session.Account) error) error {
	a := session.Open(d.Store, d.Env())
	err := work(a)
	for d.Crashes != nil && d.Crashes() {
		a = session.Open(d.Store, d.Env())
		err = work(a)
	}
	if applyErr := d.Store.Apply(ctx, a.Changes()); applyErr != nil {
		return applyErr
	}
	return err
}

// Publish publishes prekeys.
func (d *Device) Publish(ctx context.Context, oneTime int) error {
	return d.Do(ctx, func(a *session.Account) error {
		made, err := a.PublishPreKeys(ctx, oneTime)
		if err != nil {
			return fmt.Errorf("publish %v: %w", d.Address, err)
		}
		made.OneTime = append(d.Published.OneTime, made.OneTime...)
		made.Kyber = append(d.Published.Kyber, made.Kyber...)
		d.Published = made
		return nil
	})
}

// NewBundle returns a bundle as the server gives out: one-time prekeys as long as
// there are some, each once.
func (d *Device) NewBundle() *pqxdh.Bundle {
	p := &d.Published
	b := BundleOf(*p)
	if len(p.OneTime) > 0 {
		p.OneTime = p.OneTime[1:]
	}
	if len(p.Kyber) > 0 {
		p.Kyber = p.Kyber[1:]
	}
	return b
}

// BundleOf returns the bundle of published prekeys, with the first one-time prekeys
// if there are any.
func BundleOf(p session.PreKeys) *pqxdh.Bundle {
	b := &pqxdh.Bundle{
		RegistrationID: p.Identity.RegistrationID, IdentityKey: p.Identity.Key,
		SignedPreKeyID: p.Signed.ID, SignedPreKey: p.Signed.Key, SignedPreKeySignature: p.Signed.Signature,
		HasKyber: true, KyberPreKeyID: p.LastResort.ID, KyberPreKey: p.LastResort.Key, KyberPreKeySignature: p.LastResort.Signature,
	}
	if len(p.OneTime) > 0 {
		b.HasPreKey, b.PreKeyID, b.PreKey = true, p.OneTime[0].ID, p.OneTime[0].Key
	}
	if len(p.Kyber) > 0 {
		b.KyberPreKeyID, b.KyberPreKey, b.KyberPreKeySignature = p.Kyber[0].ID, p.Kyber[0].Key, p.Kyber[0].Signature
	}
	return b
}

// Start begins a session with a bundle from the server.
func (d *Device) Start(ctx context.Context, with *Device) error {
	return d.StartFrom(ctx, with.Address, with.NewBundle())
}

// StartFrom begins a session with this bundle.
func (d *Device) StartFrom(ctx context.Context, with session.Address, b *pqxdh.Bundle) error {
	return d.Do(ctx, func(a *session.Account) error {
		_, err := a.StartSession(ctx, with, b)
		return err
	})
}

// Letter is a message on its way.
type Letter struct {
	From, To session.Address
	Type     message.Type
	Body     []byte
	Text     string // that must come out
}

// Send encrypts a text.
func (d *Device) Send(ctx context.Context, to session.Address, text string) (Letter, error) {
	var e session.Envelope
	err := d.Do(ctx, func(a *session.Account) (err error) {
		e, err = a.Encrypt(ctx, to, []byte(text))
		return err
	})
	return Letter{d.Address, to, e.Type, e.Body, text}, err
}

// Receive decrypts a letter.
func (d *Device) Receive(ctx context.Context, l Letter) (opened session.Opened, err error) {
	err = d.Do(ctx, func(a *session.Account) error {
		opened, err = a.Decrypt(ctx, l.From, l.Type, l.Body)
		return err
	})
	return opened, err
}

// Read receives a letter, of which the text must come out.
func (d *Device) Read(ctx context.Context, l Letter) (session.Opened, error) {
	opened, err := d.Receive(ctx, l)
	if err == nil && string(opened.Plaintext) != l.Text {
		err = fmt.Errorf("from %v to %v came another text than was sent", l.From, l.To)
	}
	return opened, err
}

// Exchange sends a text and receives it.
func (d *Device) Exchange(ctx context.Context, to *Device, text string) (session.Opened, error) {
	l, err := d.Send(ctx, to.Address, text)
	if err != nil {
		return session.Opened{}, err
	}
	return to.Read(ctx, l)
}

// Info returns the sessions with another device.
func (d *Device) Info(ctx context.Context, with session.Address) (info session.SessionInfo, err error) {
	err = d.Do(ctx, func(a *session.Account) error {
		all, err := a.Sessions(ctx)
		for _, one := range all {
			if one.Peer == with {
				info = one
				return nil
			}
		}
		if err == nil {
			err = session.ErrNoSession
		}
		return err
	})
	return info, err
}
