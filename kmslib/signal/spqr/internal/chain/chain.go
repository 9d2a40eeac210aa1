// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package chain derives the key of each message from the secrets of the epochs.
//
// Epoch 0 starts from the key of the agreement; each later epoch adds a secret
// to the root. An epoch has two chains, one per direction; message n of a
// direction and epoch, counted from 1, has the key of the chain's step n (package
// kdf). Whoever sends in an epoch will send in no earlier one, so its sending
// chains before are erased, and all of what lies more than one epoch before:
// messages that come later still cannot be read.
//
// A Chain is a value; no method changes the one it is called on.
package chain

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
)

const (
	// MaxJump is how many steps one message may be ahead of the last. It bounds
	// what a message that nobody sent can make its receiver compute: some 50 ms, or
	// 300 in WebAssembly. It is libsignal's limit.
	MaxJump = 25_000

	// MaxSkipped is how many keys of messages that did not come yet an epoch
	// keeps: 72 kB. The oldest are erased first. It is libsignal's limit.
	MaxSkipped = 2_000

	// epochsBefore is how many epochs before that of the last message sent are
	// kept, for messages that are late.
	epochsBefore = 1

	// maxEpochs is how many epochs are kept at rest: those before, that of the
	// last message sent, and the next one, whose secret is there before the first
	// message that uses it.
	maxEpochs = epochsBefore + 2
)

// The errors of keys that are not there.
var (
	ErrDuplicate = errors.New("the key of this message was used or erased before")
	ErrTooFar    = errors.New("message too far ahead of the last")
	ErrEpoch     = errors.New("message of an epoch that has not begun")
)

// Chain is the chains of all epochs that are kept. The zero Chain is not usable.
type Chain struct {
	initiator bool
	root      [kdf.Size]byte
	sending   uint64 // epoch of the last message sent; 0 before
	first     uint64 // epoch of epochs[0]
	epochs    []epoch
}

// epoch is the two chains of an epoch.
type epoch struct {
	send, receive half         // send is zero in epochs before Chain.sending
	skipped       []skippedKey // by rising index, at most MaxSkipped; never changed
}

// half is a chain after its step count.
type half struct {
	count uint32
	next  [kdf.Size]byte
}

// skippedKey is the key of a message that did not come yet.
type skippedKey struct {
	index uint32
	key   [kdf.Size]byte
}

func (h half) step() (half, [kdf.Size]byte) {
	next, key := kdf.ChainNext(&h.next, h.count+1)
	return half{h.count + 1, next}, key
}

// New returns the Chain of a session at epoch 0 from the key of the agreement.
func New(initiator bool, key *[kdf.Size]byte) Chain {
	c := Chain{initiator: initiator}
	var e epoch
	c.root, e.send.next, e.receive.next = kdf.ChainStart(key)
	c.epochs = []epoch{c.turned(e)}
	return c
}

// turned exchanges the directions of an epoch for the responder.
func (c Chain) turned(e epoch) epoch {
	if !c.initiator {
		e.send, e.receive = e.receive, e.send
	}
	return e
}

// Newest returns the newest epoch.
func (c Chain) Newest() uint64 { return c.first + uint64(len(c.epochs)) - 1 }

// Add returns the Chain that has the next epoch, which begins with secret.
func (c Chain) Add(secret *[kdf.Size]byte) Chain {
	var e epoch
	c.root, e.send.next, e.receive.next = kdf.ChainAddEpoch(&c.root, secret)
	c.epochs = append(slices.Clip(c.epochs), c.turned(e))
	return c
}

// Send returns the key of the next message to send in an epoch, and the number
// of that message. The epoch must not be before that of the last message sent.
// It erases what is no longer needed once there are messages of that epoch.
func (c Chain) Send(at uint64) (Chain, uint32, [kdf.Size]byte, error) {
	var none [kdf.Size]byte
	switch {
	case at > c.Newest():
		return c, 0, none, ErrEpoch
	case at < c.sending:
		return c, 0, none, ErrDuplicate
	}
	if at > c.first+epochsBefore {
		drop := at - c.first - epochsBefore
		c.first, c.epochs = c.first+drop, c.epochs[drop:]
	}
	c.epochs, c.sending = slices.Clone(c.epochs), at
	for i := range at - c.first {
		c.epochs[i].send = half{}
	}
	e := &c.epochs[at-c.first]
	if e.send.count == math.MaxUint32 {
		return c, 0, none, ErrTooFar
	}
	var key [kdf.Size]byte
	e.send, key = e.send.step()
	return c, e.send.count, key, nil
}

// Receive returns the key of message index of an epoch, and the Chain that does
// not have it any more.
func (c Chain) Receive(at uint64, index uint32) (Chain, [kdf.Size]byte, error) {
	var key [kdf.Size]byte
	switch {
	case at > c.Newest():
		return c, key, ErrEpoch
	case at < c.first:
		return c, key, ErrDuplicate
	}
	e, key, err := c.epochs[at-c.first].receiveKey(index)
	if err != nil {
		return c, key, err
	}
	c.epochs = slices.Clone(c.epochs)
	c.epochs[at-c.first] = e
	return c, key, nil
}

func (e epoch) receiveKey(index uint32) (epoch, [kdf.Size]byte, error) {
	var key [kdf.Size]byte
	if index <= e.receive.count {
		i, found := slices.BinarySearchFunc(e.skipped, index, func(s skippedKey, index uint32) int {
			return cmp.Compare(s.index, index)
		})
		if !found {
			return e, key, ErrDuplicate
		}
		key = e.skipped[i].key
		e.skipped = slices.Concat(e.skipped[:i], e.skipped[i+1:])
		return e, key, nil
	}
	if index-e.receive.count > MaxJump {
		return e, key, ErrTooFar
	}
	skipped := make([]skippedKey, 0, min(index-e.receive.count-1, MaxSkipped))
	for e.receive.count+1 < index {
		e.receive, key = e.receive.step()
		if index-e.receive.count <= MaxSkipped { // older ones would be erased at once
			skipped = append(skipped, skippedKey{e.receive.count, key})
		}
	}
	if len(skipped) > 0 {
		surplus := max(0, len(e.skipped)+len(skipped)-MaxSkipped)
		e.skipped = slices.Concat(e.skipped[surplus:], skipped)
		clear(skipped)
	}
	e.receive, key = e.receive.step()
	return e, key, nil
}
