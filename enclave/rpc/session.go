// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "sync"

// Envelope is a message that came on a port: its members as they were found,
// not yet believed.
type Envelope struct {
	Malformed   bool // a member is missing, unknown or of another type
	ID          float64
	Method      string
	MethodUnits int // length of the method name in UTF-16 code units
	Params      string
	ParamsUnits int // length of params in UTF-16 code units
	Bodies      int // how many came
}

// NoID is the id of an answer to a message that had no usable id.
const NoID int64 = -1

// Session holds one port to the rules of the channel: order of ids and limits
// of flow. It decides, and neither reads messages nor runs requests.
//
//	Admit ── nil ──▶ run the request, answer ──▶ Done
//	   └── *Error ─▶ answer with it
type Session struct {
	mu       sync.Mutex
	now      func() int64
	lastID   int64
	inFlight int
	bucket   bucket
}

// NewSession returns the session of a new port. now returns milliseconds on a
// clock that never goes back.
func NewSession(now func() int64) *Session {
	return &Session{now: now, bucket: bucket{credit: Burst * bucketUnit, at: now()}}
}

// ResumeSession returns the session of a port that another worker served
// before, with lastID as the greatest id that was seen there. now is as for
// NewSession.
func ResumeSession(now func() int64, lastID int64) *Session {
	s := NewSession(now)
	s.lastID = lastID
	return s
}

// LastID returns the greatest id that was seen on the port, 0 at the start.
func (s *Session) LastID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastID
}

// Admit decides on a message. The id is that of the answer, NoID if the
// message has none that can be used. If the error is nil, the request is in
// flight until Done.
func (s *Session) Admit(e Envelope) (int64, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := usableID(e.ID)
	wait := s.bucket.take(s.now())
	duplicate := id != NoID && id <= s.lastID
	s.lastID = max(s.lastID, id)
	switch {
	case wait > 0:
		return id, &Error{Busy, "messages come faster than the channel lets in", wait}
	case id == NoID:
		return id, &Error{Code: InvalidMessage, Message: "expected an id from 1 to 2^53-1"}
	case duplicate:
		return id, &Error{Code: DuplicateID, Message: "expected an id greater than every id before it"}
	case e.Malformed:
		return id, &Error{Code: InvalidMessage, Message: "expected {id: number, method: string, params: string, bodies?: ArrayBuffer[]}"}
	}
	if err := admitSize(e); err != nil {
		return id, err
	}
	if s.inFlight >= MaxInFlight {
		return id, &Error{Busy, "too many requests are not answered yet", inFlightWait}
	}
	s.inFlight++
	return id, nil
}

// Done ends the flight of one admitted request.
func (s *Session) Done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight == 0 {
		panic("rpc: internal error: more requests done than admitted")
	}
	s.inFlight--
}

// inFlightWait is how long to wait for an answer to make room, in
// milliseconds: a few signatures.
const inFlightWait = 20

func usableID(id float64) int64 {
	if id >= 1 && id <= maxInteger && id == float64(int64(id)) {
		return int64(id)
	}
	return NoID
}

func admitSize(e Envelope) *Error {
	switch {
	case e.MethodUnits > MaxMethodUnits:
		return &Error{Code: TooLarge, Message: "the method name is longer than any method's"}
	case e.ParamsUnits > MaxParamsUnits:
		return &Error{Code: TooLarge, Message: "params are longer than 65536 UTF-16 code units"}
	case e.Bodies > MaxBodies:
		return &Error{Code: TooLarge, Message: "more than 8 bodies"}
	case e.Bodies > 0:
		return &Error{Code: InvalidParams, Message: "no method of this enclave takes bodies"}
	case e.Method == HelloMethod:
		return &Error{Code: AlreadyConnected, Message: "hello was said on this connection already"}
	}
	return nil
}

// bucket is a token bucket that counts thousandths of a message.
type bucket struct {
	credit int64
	at     int64 // milliseconds
}

// bucketUnit is the credit that one message takes. Rate is then the credit
// that one millisecond gives.
const bucketUnit = 1000

// take takes one message at the time now, and returns 0, or how many
// milliseconds to wait before there is one to take.
func (b *bucket) take(now int64) int64 {
	passed := min(max(now-b.at, 0), Burst*bucketUnit/Rate)
	b.credit = min(b.credit+passed*Rate, Burst*bucketUnit)
	b.at = max(b.at, now)
	if b.credit < bucketUnit {
		return (bucketUnit - b.credit + Rate - 1) / Rate
	}
	b.credit -= bucketUnit
	return 0
}
