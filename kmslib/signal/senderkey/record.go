// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package senderkey

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
	"ats.run/kms-enclave/kmslib/signal/message"
)

// MaxChains is how many chains of a sender are kept, the newest. Signal's clients
// keep as many.
const MaxChains = 5

// MaxSkipped is how many seeds of skipped messages are kept in all chains of a
// sender together; those of the oldest chain are erased first. It bounds the
// stored form, which is sealed again for each message, to about 145 kB.
const MaxSkipped = 2 * chain.MaxSkipped

// Errors that callers tell apart with errors.Is.
var (
	// ErrAuthentication: the message is not one of the sender, or was changed.
	ErrAuthentication = errors.New("the message is not authentic")
	// ErrDuplicate: the message was read before, or is too old.
	ErrDuplicate = chain.ErrDuplicate
	// ErrTooFar: too many messages are missing before this one.
	ErrTooFar = chain.ErrTooFar
	// ErrSpent: the chain has no more messages. A new one has to be made.
	ErrSpent = chain.ErrSpent
	// ErrNoKey: there is no chain for the message, or the record is not of the
	// kind that the step needs.
	ErrNoKey = errors.New("no sender key fits")
	// ErrTooLarge: the plaintext has more than message.MaxPlaintext bytes.
	ErrTooLarge = errors.New("the plaintext is too large for a message")
)

// Record is what one device has of one sender in one group. Copies share it, and
// nothing prints it. The zero Record has nothing.
type Record struct{ box secret.Box[record] }

// record is never changed once it is in a Record.
type record struct {
	distribution [message.DistributionSize]byte
	senders      []sender // newest first; one if it is our own
}

// sender is a chain with its signing key.
type sender struct {
	id      uint32
	chain   chain.Chain
	signing curve.KeyPair // private only if it is our own
}

func wrap(r *record) Record { return Record{secret.NewBox(r)} }

// New returns a record of our own, with a new chain. The error is that of random.
func New(distribution [message.DistributionSize]byte, random io.Reader) (Record, error) {
	var raw [4 + chain.Size]byte
	defer clear(raw[:])
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return Record{}, err
	}
	signing, err := curve.Generate(random)
	if err != nil {
		return Record{}, err
	}
	id := binary.BigEndian.Uint32(raw[:]) &^ (1 << 31) // clients store it as a signed number
	return wrap(&record{distribution, []sender{{id, chain.New((*[chain.Size]byte)(raw[4:]), 0), signing}}}), nil
}

// isOwn says whether we send on this record.
func (r *record) isOwn() bool { return r != nil && !r.senders[0].signing.Private.IsZero() }

// Distribution returns the message that lets a member read what we send from now
// on. It is secret. The error is ErrNoKey if the record is not our own.
func (r Record) Distribution() ([]byte, error) {
	v := r.box.Expose()
	if !v.isOwn() {
		return nil, ErrNoKey
	}
	s := &v.senders[0]
	key := s.chain.Key()
	defer clear(key[:])
	d := message.SenderKeyDistribution{
		Distribution: v.distribution, Chain: s.id, Iteration: s.chain.Index(), ChainKey: secret.NewBox(&key), SigningKey: s.signing.Public,
	}
	return d.Marshal(), nil
}

// Process returns the record with the chain that its sender announced; the zero
// Record begins one. The error is ErrNoKey if the record is our own or of
// another group.
//
// Of a chain that is known already the state that is further advanced is kept,
// with the seeds of messages before it that are still on their way.
func (r Record) Process(d *message.SenderKeyDistribution) (Record, error) {
	v := r.box.Expose()
	next := &record{distribution: d.Distribution}
	announced := sender{d.Chain, chain.New(d.ChainKey.Expose(), d.Iteration), curve.KeyPair{Public: d.SigningKey}}
	if v != nil {
		if v.isOwn() || v.distribution != d.Distribution {
			return Record{}, ErrNoKey
		}
		next.senders = slices.Clone(v.senders)
	}
	// A chain has one entry. That of the same number with another signing key is
	// replaced.
	if i := next.find(d.Chain); i >= 0 {
		if known := next.senders[i]; known.signing.Public == d.SigningKey {
			announced.chain = further(known.chain, announced.chain)
		}
		next.senders = slices.Delete(next.senders, i, i+1)
	}
	next.senders = slices.Insert(next.senders, 0, announced)
	next.senders = next.senders[:min(len(next.senders), MaxChains)]
	next.trim()
	return wrap(next), nil
}

// further returns the further advanced of two states of one chain.
func further(known, announced chain.Chain) chain.Chain {
	if announced.Index() <= known.Index() {
		return known
	}
	skipped, err := known.Skip(announced.Index())
	if err != nil {
		return announced
	}
	a, b := skipped.Key(), announced.Key()
	defer clear(a[:])
	defer clear(b[:])
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		return announced // not the same chain after all: its sender knows best
	}
	return skipped
}

// find returns the index of the chain with this id, -1 if there is none.
func (r *record) find(id uint32) int {
	return slices.IndexFunc(r.senders, func(s sender) bool { return s.id == id })
}

// trim erases seeds beyond MaxSkipped, those of the oldest chains first. The
// list of chains must be the record's own.
func (r *record) trim() {
	left := MaxSkipped
	for i := range r.senders {
		c := &r.senders[i].chain
		if n := c.Skipped(); n > left {
			*c = c.Drop(n - left)
		}
		left -= c.Skipped()
	}
}
