// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sessiontest

import (
	"context"
	"errors"
	"fmt"

	"ats.run/kms-enclave/kmslib/signal/message"
	"ats.run/kms-enclave/kmslib/signal/session"
)

// Behaviour is how Devices write and how the network delivers. Parts are between 0
// and 1. With the zero Behaviour one writes after the other, and all arrives.
type Behaviour struct {
	Name      string
	Burst     int     // messages at a time, 1 to so many; 0: 1
	Offline   float64 // part of the times at which a device does not fetch its mail
	Hold      float64 // part of the mail that comes at the next time only
	Shuffle   bool    // mail of one time comes in any order
	Loss      float64 // part that never comes
	Duplicate float64 // part that comes twice
	Crash     float64 // part of the units of work whose changes are not stored
}

// Behaviours returns the ones there are names for.
func Behaviours() []Behaviour {
	return []Behaviour{
		{Name: "ping-pong"},
		{Name: "bursts", Burst: 12},
		{Name: "online and offline", Burst: 6, Offline: 0.7},
		{Name: "chaos", Burst: 8, Offline: 0.3, Hold: 0.2, Shuffle: true, Loss: 0.05, Duplicate: 0.05},
		{Name: "chaos and crashes", Burst: 8, Offline: 0.3, Hold: 0.2, Shuffle: true, Loss: 0.05, Duplicate: 0.05, Crash: 0.3},
	}
}

// Traffic is devices that write to each other, and what came of it.
type Traffic struct {
	World     *World
	Behaviour Behaviour
	Devices   []*Device
	// AfterEach, if set, is called after each time at which a device fetched mail.
	AfterEach func(*Device) error

	Sent, Delivered, Repeated, Lost int

	mail   map[session.Address][]Letter
	opened map[string]bool // by body
	keys   map[string]bool // of messages that were sent, by sender, ratchet key and counter
	turn   int
}

// Run sends so many messages, and delivers at last what was not lost. Each one must
// have a key of its own, come out as it went in, the first time, and be ErrDuplicate
// the second time. The error tells the seed.
func (t *Traffic) Run(ctx context.Context, messages int) error {
	if t.mail == nil {
		t.mail, t.opened, t.keys = make(map[session.Address][]Letter), make(map[string]bool), make(map[string]bool)
	}
	for _, d := range t.Devices {
		d.Crashes = func() bool { return t.World.Rand.Float64() < t.Behaviour.Crash }
	}
	for until := t.Sent + messages; t.Sent < until; {
		if err := t.round(ctx); err != nil {
			return fmt.Errorf("seed %d, %s, after %d messages: %w", t.World.Seed, t.Behaviour.Name, t.Sent, err)
		}
	}
	held := t.Behaviour
	t.Behaviour.Offline, t.Behaviour.Hold = 0, 0
	defer func() { t.Behaviour = held }()
	for _, d := range t.Devices {
		if err := t.fetch(ctx, d); err != nil {
			return fmt.Errorf("seed %d, %s, at the end: %w", t.World.Seed, t.Behaviour.Name, err)
		}
	}
	return nil
}

// Meet lets each two devices write once to each other: what is negotiated, is
// negotiated then.
func (t *Traffic) Meet(ctx context.Context) error {
	for i, a := range t.Devices {
		for _, b := range t.Devices[:i] {
			if err := a.Start(ctx, b); err != nil {
				return err
			}
			for _, to := range []*Device{b, a} {
				from := a
				if to == a {
					from = b
				}
				if _, err := from.Exchange(ctx, to, "hello"); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// round lets one device write a burst to another, and all fetch their mail.
func (t *Traffic) round(ctx context.Context) error {
	r := t.World.Rand
	from := t.Devices[t.turn%len(t.Devices)]
	t.turn++
	to := from
	for to == from {
		to = t.Devices[r.IntN(len(t.Devices))]
	}
	for range 1 + r.IntN(max(t.Behaviour.Burst, 1)) {
		if err := t.send(ctx, from, to); err != nil {
			return err
		}
	}
	t.World.Now += int64(r.IntN(600))
	for _, d := range t.Devices {
		if err := t.fetch(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// send sends a message, in a new session if there is none.
func (t *Traffic) send(ctx context.Context, from, to *Device) error {
	r := t.World.Rand
	text := fmt.Sprintf("message %d of %v to %v%*s", t.Sent, from.Address, to.Address, r.IntN(64), "")
	l, err := from.Send(ctx, to.Address, text)
	if errors.Is(err, session.ErrNoSession) {
		if err := from.Start(ctx, to); err != nil {
			return fmt.Errorf("start: %w", err)
		}
		l, err = from.Send(ctx, to.Address, text)
	}
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if err := t.noteKey(l); err != nil {
		return err
	}
	t.Sent++
	copies := 1
	if r.Float64() < t.Behaviour.Loss {
		copies = 0
		t.Lost++
	} else if r.Float64() < t.Behaviour.Duplicate {
		copies = 2
	}
	for range copies {
		t.mail[to.Address] = append(t.mail[to.Address], l)
	}
	return nil
}

// noteKey returns an error if the key of a message was used before.
func (t *Traffic) noteKey(l Letter) error {
	inner := l.Body
	if l.Type == message.PreKeyType {
		outer, err := message.ParsePreKey(l.Body)
		if err != nil {
			return fmt.Errorf("a message of ours: %w", err)
		}
		inner = outer.Message.Append(outer.Message.MAC)
	}
	m, err := message.ParseSignal(inner)
	if err != nil {
		return fmt.Errorf("a message of ours: %w", err)
	}
	key := fmt.Sprintf("%v %x %d", l.From, m.RatchetKey, m.Counter)
	if t.keys[key] {
		return fmt.Errorf("%q: its key was used before", l.Text)
	}
	t.keys[key] = true
	return nil
}

// fetch delivers the mail of a device, unless it is offline.
func (t *Traffic) fetch(ctx context.Context, d *Device) error {
	r := t.World.Rand
	if r.Float64() < t.Behaviour.Offline {
		return nil
	}
	mail := t.mail[d.Address]
	t.mail[d.Address] = nil
	if t.Behaviour.Shuffle {
		r.Shuffle(len(mail), func(i, j int) { mail[i], mail[j] = mail[j], mail[i] })
	}
	for _, l := range mail {
		if r.Float64() < t.Behaviour.Hold {
			t.mail[d.Address] = append(t.mail[d.Address], l)
			continue
		}
		if err := t.deliver(ctx, d, l); err != nil {
			return err
		}
	}
	if t.AfterEach != nil {
		return t.AfterEach(d)
	}
	return nil
}

// deliver delivers a letter, which must come out once and only once.
func (t *Traffic) deliver(ctx context.Context, d *Device, l Letter) error {
	_, err := d.Read(ctx, l)
	if t.opened[string(l.Body)] {
		if !errors.Is(err, session.ErrDuplicate) {
			return fmt.Errorf("second delivery of %q: error %v, want session.ErrDuplicate", l.Text, err)
		}
		t.Repeated++
		return nil
	}
	if err != nil {
		return fmt.Errorf("delivery of %q: %w", l.Text, err)
	}
	t.opened[string(l.Body)] = true
	t.Delivered++
	return nil
}
