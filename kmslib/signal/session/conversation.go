// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"io"
	"slices"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/kyber"
	"ats.run/kms-enclave/kmslib/signal/tripleratchet"
)

// maxRatchet is the greatest length of the state of a ratchet, in bytes: all the
// keys that it may skip, and then some. With the rest of its record it is less
// than the mebibyte that a store keeps.
const maxRatchet = 1<<20 - 1<<13

// conversation is the record of one session.
type conversation struct {
	ratchet        tripleratchet.State
	theirs         curve.PublicKey // identity key
	registrationID uint32          // of the device
	created, used  int64
	start          *start // nil once the other side has answered, or if it began
}

// start is what the initiator repeats with each message until the other side
// answers, so that the first one to arrive begins the session there. The base key
// is in the peer record.
type start struct {
	hasPreKey       bool
	preKeyID        uint32
	signedPreKeyID  uint32
	kyberPreKeyID   uint32
	kyberCiphertext []byte // nil for version 3
}

func sessionName(of Address, id sessionID) string { return of.String() + "/" + id.String() }

// newSessionID returns a random id.
func (t *tx) newSessionID() (id sessionID, err error) {
	_, err = io.ReadFull(t.env.Random, id[:])
	return id, err
}

// conversation returns the record of a session, which must be there.
func (t *tx) conversation(of Address, id sessionID) (*conversation, error) {
	c, err := load(t, KindSession, sessionName(of, id), parseConversation)
	return c, missing(KindSession, err)
}

func (t *tx) putConversation(of Address, id sessionID, c *conversation) {
	t.put(KindSession, sessionName(of, id), c.marshal())
}

func (c *conversation) marshal() []byte {
	ratchet := c.ratchet.Marshal()
	defer clear(ratchet)
	size := len(ratchet) + 128
	if c.start != nil {
		size += len(c.start.kyberCiphertext) + 64
	}
	w := proto.NewWriter(size, format)
	w.Bytes(1, ratchet)
	w.Bytes(2, c.theirs[:])
	w.Uint(3, uint64(c.registrationID))
	w.Uint(4, uint64(c.created))
	w.Uint(5, uint64(c.used))
	if c.start != nil {
		w.Message(6, c.start.write)
	}
	return w.Finish()
}

func parseConversation(b []byte) (*conversation, error) {
	c := new(conversation)
	err := parseRecord(b, func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			ratchet, err := tripleratchet.Parse(r.Bytes(f, 1, maxRatchet))
			if err != nil {
				r.Refuse(f.Number, "not the state of a ratchet")
			}
			c.ratchet = ratchet
		case 2:
			c.theirs = readPublic(r, f)
		case 3:
			c.registrationID = readUint32(r, f)
		case 4:
			c.created = readTime(r, f)
		case 5:
			c.used = readTime(r, f)
		case 6:
			c.start = readStart(r, f)
		default:
			r.Unknown(f)
		}
	}, 1, 2, 3, 4, 5)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (s *start) write(w *proto.Writer) {
	if s.hasPreKey {
		w.Uint(1, uint64(s.preKeyID))
	}
	w.Uint(2, uint64(s.signedPreKeyID))
	if s.kyberCiphertext != nil {
		w.Uint(3, uint64(s.kyberPreKeyID))
		w.Bytes(4, s.kyberCiphertext)
	}
}

func readStart(r *proto.Reader, f proto.Field) *start {
	s, hasKyber := new(start), false
	readNested(r, f, r.Bytes(f, 0, kyber.CiphertextSize+64), func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			s.hasPreKey, s.preKeyID = true, readUint32(r, f)
		case 2:
			s.signedPreKeyID = readUint32(r, f)
		case 3:
			hasKyber, s.kyberPreKeyID = true, readUint32(r, f)
		case 4:
			s.kyberCiphertext = slices.Clone(r.Bytes(f, kyber.CiphertextSize, kyber.CiphertextSize))
		default:
			r.Unknown(f)
		}
	}, 2)
	if hasKyber != (s.kyberCiphertext != nil) {
		r.Refuse(f.Number, "a Kyber prekey or ciphertext without the other")
	}
	return s
}
