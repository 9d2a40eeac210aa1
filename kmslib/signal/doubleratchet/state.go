// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package doubleratchet

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"io"

	"ats.run/kms-enclave/kmslib/secret"
	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/doubleratchet/chain"
)

// KeySize is that of root keys, chain keys and seeds, in bytes.
const KeySize = chain.Size

// MaxReceiving is how many ratchet keys of the peer are kept, the newest. Signal's
// clients keep as many.
const MaxReceiving = 5

// MaxSkipped is how many seeds of skipped messages are kept in all receiving
// chains together; those of the oldest chain are erased first. It bounds the
// stored form, which is sealed again for each message, to about 145 kB: two full
// chains, since one is full when a long silence ends and its peer may go on to
// the next at once.
const MaxSkipped = 2 * chain.MaxSkipped

// Errors that callers tell apart with errors.Is.
var (
	// ErrDuplicate: the message was received before, or its seed was erased
	// because it is too old.
	ErrDuplicate = chain.ErrDuplicate
	// ErrTooFar: more than chain.MaxForward messages are missing before it.
	ErrTooFar = chain.ErrTooFar
	// ErrSpent: no counter is left on the sending chain. The peer has to answer.
	ErrSpent = chain.ErrSpent
	// ErrKey: the ratchet key gives no agreement.
	ErrKey = errors.New("the ratchet key is none to agree with")
)

// Header is what a message says about its keys.
type Header struct {
	RatchetKey curve.PublicKey // of its sender
	Counter    uint32          // of the message in the chain of that key, from 0
	Previous   uint32          // last counter of its sender's chain before
}

// State is one party's side of a session. Copies share it, and nothing prints
// it. The zero State is not usable.
type State struct{ box secret.Box[state] }

// state is never changed once it is in a State.
type state struct {
	root      [KeySize]byte
	ours      curve.KeyPair
	sending   chain.Chain
	previous  uint32
	receiving []receiver // oldest first
}

// receiver is a receiving chain.
type receiver struct {
	theirs curve.PublicKey
	chain  chain.Chain
}

func wrap(s *state) State { return State{secret.NewBox(s)} }

// NewInitiator returns the state of who starts the session, with the keys of the
// agreement and the signed prekey of the peer, which is its first ratchet key.
// The caller clears root and chain. The error is ErrKey or that of random.
func NewInitiator(root, key *[KeySize]byte, theirs curve.PublicKey, random io.Reader) (State, error) {
	s := &state{root: *root, receiving: []receiver{{theirs, chain.New(key, 0)}}}
	if err := s.turn(theirs, random); err != nil {
		return State{}, err
	}
	return wrap(s), nil
}

// NewResponder returns the state of the peer, whose signed prekey is ours. The
// caller clears root and chain.
func NewResponder(root, key *[KeySize]byte, ours curve.KeyPair) State {
	return wrap(&state{root: *root, ours: ours, sending: chain.New(key, 0)})
}

// RatchetKey returns our ratchet key, on whose chain Send sends.
func (s State) RatchetKey() curve.PublicKey { return s.box.Expose().ours.Public }

// Send returns the header and the seed of the next message to send; the caller
// clears the seed. The error is ErrSpent.
func (s State) Send() (State, Header, [KeySize]byte, error) {
	next := *s.box.Expose()
	h := Header{RatchetKey: next.ours.Public, Counter: next.sending.Index(), Previous: next.previous}
	sending, seed, err := next.sending.Step()
	if err != nil {
		return State{}, Header{}, seed, err
	}
	next.sending = sending
	return wrap(&next), h, seed, nil
}

// Receive returns the seed of the message with the header h; the caller clears
// it. The error is ErrDuplicate, ErrTooFar, ErrKey or that of random.
func (s State) Receive(h Header, random io.Reader) (State, [KeySize]byte, error) {
	next := *s.box.Expose()
	seed, err := next.receive(h, random)
	if err != nil {
		return State{}, [KeySize]byte{}, err
	}
	return wrap(&next), seed, nil
}

// receive is Receive on a copy of the state.
func (s *state) receive(h Header, random io.Reader) ([KeySize]byte, error) {
	for i := range s.receiving {
		if r := &s.receiving[i]; r.theirs == h.RatchetKey {
			next, seed, err := r.chain.Seek(h.Counter)
			if err != nil {
				return seed, err
			}
			receiving := append([]receiver(nil), s.receiving...)
			receiving[i].chain = next
			s.receiving = receiving
			s.trim()
			return seed, nil
		}
	}
	// A counter that is refused costs no agreement.
	if h.Counter > chain.MaxForward {
		return [KeySize]byte{}, ErrTooFar
	}
	first, err := s.mix(h.RatchetKey)
	if err != nil {
		return [KeySize]byte{}, err
	}
	received, seed, err := chain.New(&first, 0).Seek(h.Counter)
	clear(first[:])
	if err != nil {
		return seed, err
	}
	s.previous = max(s.sending.Index(), 1) - 1
	if err := s.turn(h.RatchetKey, random); err != nil {
		clear(seed[:])
		return seed, err
	}
	kept := s.receiving[max(0, len(s.receiving)-MaxReceiving+1):]
	s.receiving = append(append(make([]receiver, 0, len(kept)+1), kept...), receiver{h.RatchetKey, received})
	s.trim()
	return seed, nil
}

// turn makes a new pair of ours and its sending chain.
func (s *state) turn(theirs curve.PublicKey, random io.Reader) error {
	ours, err := curve.Generate(random)
	if err != nil {
		return err
	}
	s.ours = ours
	first, err := s.mix(theirs)
	if err != nil {
		return err
	}
	s.sending = chain.New(&first, 0)
	clear(first[:])
	return nil
}

const infoRatchet = "WhisperRatchet"

// mix mixes the agreement of our pair with theirs into the root key, and returns
// the first key of the chain that belongs to both.
func (s *state) mix(theirs curve.PublicKey) ([KeySize]byte, error) {
	shared, err := curve.Agree(s.ours.Private, theirs)
	if err != nil {
		return [KeySize]byte{}, ErrKey
	}
	defer clear(shared[:])
	derived, err := hkdf.Key(sha256.New, shared[:], s.root[:], infoRatchet, 2*KeySize)
	if err != nil {
		return [KeySize]byte{}, err
	}
	defer clear(derived)
	s.root = [KeySize]byte(derived)
	return [KeySize]byte(derived[KeySize:]), nil
}

// trim erases seeds beyond MaxSkipped, those of the oldest chains first. The
// list of chains must be the state's own.
func (s *state) trim() {
	total := 0
	for i := range s.receiving {
		total += s.receiving[i].chain.Skipped()
	}
	for i := 0; total > MaxSkipped; i++ {
		c := &s.receiving[i].chain
		n := min(total-MaxSkipped, c.Skipped())
		*c = c.Drop(n)
		total -= n
	}
}
