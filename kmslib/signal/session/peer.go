// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/hex"
	"slices"

	"ats.run/kms-enclave/kmslib/signal/curve"
	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/pqxdh"
)

// The sessions that are kept with one device.
const (
	// MaxArchived is how many there are beside the active one, as in Signal's
	// client. A message that fits none costs an attempt with each.
	MaxArchived = 40
	// ArchivedLife is for how long after its last turn as the active one a session
	// is kept, in seconds, 45 days: as long as Signal's server keeps a message that
	// may have been sent in it. Beyond that it could only help a thief.
	ArchivedLife = 45 * day
	// MaxPeers is the most devices there are sessions with: it bounds what somebody
	// who delivers messages can make us store by inventing senders.
	MaxPeers = 10_000
)

// peer is the record of the sessions with one device.
type peer struct {
	active   bool  // the first is active
	sessions []ref // last used as the active one first
}

// ref is a session, with what says whether a message is for it.
type ref struct {
	id       sessionID
	version  pqxdh.Version
	baseKey  curve.PublicKey
	archived int64 // Unix seconds; 0 for the active one
}

// sessionID is random.
type sessionID [16]byte

// String returns the id as 32 digits of lower-case hexadecimal.
func (id sessionID) String() string { return hex.EncodeToString(id[:]) }

// find returns the place of the session that began with a message of this version
// and base key; -1 if there is none.
func (p *peer) find(v pqxdh.Version, baseKey curve.PublicKey) int {
	return slices.IndexFunc(p.sessions, func(r ref) bool { return r.version == v && r.baseKey == baseKey })
}

// archive ends the turn of the active session.
func (p *peer) archive(now int64) {
	if p.active {
		p.sessions[0].archived = now
		p.active = false
	}
}

// add makes a new session the active one.
func (p *peer) add(r ref, now int64) {
	p.archive(now)
	p.sessions = slices.Insert(p.sessions, 0, r)
	p.active = true
}

// promote makes a session the active one.
func (p *peer) promote(i int, now int64) {
	r := p.sessions[i]
	r.archived = 0
	p.sessions = slices.Delete(p.sessions, i, i+1)
	p.add(r, now)
}

// archivedCount returns how many sessions are not active.
func (p *peer) archivedCount() int {
	if p.active {
		return len(p.sessions) - 1
	}
	return len(p.sessions)
}

// peer returns the record of a device; an empty one if there is none.
func (t *tx) peer(of Address) (*peer, error) {
	p, err := load(t, KindPeer, of.String(), parsePeer)
	if isMissing(err) {
		return new(peer), nil
	}
	return p, err
}

// putPeer writes the record of a device without the sessions that have had their
// time, and erases those.
func (t *tx) putPeer(of Address, p *peer) {
	archived := 0
	p.sessions = slices.DeleteFunc(p.sessions, func(r ref) bool {
		if p.active && r.id == p.sessions[0].id {
			return false
		}
		archived++
		old := archived > MaxArchived || t.elapsed(r.archived, ArchivedLife)
		if old {
			t.delete(KindSession, sessionName(of, r.id))
		}
		return old
	})
	if len(p.sessions) == 0 {
		t.delete(KindPeer, of.String())
		return
	}
	t.put(KindPeer, of.String(), p.marshal())
}

// sweepPeers erases the archived sessions of all devices that have had their
// time. Those of a device whose record cannot be read stay.
func (t *tx) sweepPeers() error {
	names, err := t.names(KindPeer)
	if err != nil {
		return err
	}
	for _, name := range names {
		of, err := ParseAddress(name)
		if err != nil {
			continue
		}
		p, err := load(t, KindPeer, name, parsePeer)
		if isState(err) {
			continue
		} else if err != nil {
			return err
		}
		if slices.ContainsFunc(p.sessions, func(r ref) bool { return r.archived > 0 && t.elapsed(r.archived, ArchivedLife) }) {
			t.putPeer(of, p)
		}
	}
	return nil
}

func (p *peer) marshal() []byte {
	w := proto.NewWriter(16+len(p.sessions)*72, format)
	w.Bool(1, p.active)
	for _, r := range p.sessions {
		w.Message(2, func(w *proto.Writer) {
			w.Bytes(1, r.id[:])
			w.Uint(2, uint64(r.version))
			w.Bytes(3, r.baseKey[:])
			w.Uint(4, uint64(r.archived))
		})
	}
	return w.Finish()
}

func parsePeer(b []byte) (*peer, error) {
	p := new(peer)
	err := parseRecord(b, func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			p.active = r.Bool(f)
		case 2:
			p.sessions = append(p.sessions, readRef(r, f))
		default:
			r.Unknown(f)
		}
	}, 1)
	if err != nil {
		return nil, err
	}
	for i, r := range p.sessions {
		if (r.archived == 0) != (p.active && i == 0) {
			return nil, errFields
		}
	}
	if len(p.sessions) == 0 || len(p.sessions) > MaxArchived+1 {
		return nil, errFields
	}
	return p, nil
}

func readRef(r *proto.Reader, f proto.Field) (one ref) {
	readNested(r, f, r.Repeated(f, 0, maxPart), func(r *proto.Reader, f proto.Field) {
		switch f.Number {
		case 1:
			copy(one.id[:], r.Bytes(f, len(one.id), len(one.id)))
		case 2:
			one.version = readVersion(r, f)
		case 3:
			one.baseKey = readPublic(r, f)
		case 4:
			one.archived = readTime(r, f)
		default:
			r.Unknown(f)
		}
	}, 1, 2, 3, 4)
	return one
}

func readVersion(r *proto.Reader, f proto.Field) pqxdh.Version {
	v := pqxdh.Version(r.Uint(f, uint64(pqxdh.PQXDH)))
	if v != pqxdh.X3DH && v != pqxdh.PQXDH {
		r.Refuse(f.Number, "an unknown version")
	}
	return v
}
