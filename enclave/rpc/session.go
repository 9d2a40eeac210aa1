// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"slices"
	"sync"
)

// Envelope is a message that came on a port: its members as they were found,
// not yet believed.
type Envelope struct {
	Malformed   bool // a member is missing, unknown or of another type
	ID          float64
	Method      string
	MethodUnits int // length of the method name in UTF-16 code units
	Params      string
	ParamsUnits int    // length of params in UTF-16 code units
	Bodies      int    // how many came
	Content     []Body // those, unless they are more than MaxBodies
}

// Body is a binary body as it came, which nobody has copied yet.
type Body interface {
	Size() int             // in bytes
	Take() ([]byte, error) // a copy, for the only time: what came is wiped
}

// BodyBytes returns how long the bodies are together.
func (e Envelope) BodyBytes() int {
	sum := 0
	for _, b := range e.Content {
		sum += b.Size()
	}
	return sum
}

// AnswerID returns the id of the answer, NoID if the message has none that can
// be used.
func (e Envelope) AnswerID() int64 {
	if e.ID >= 1 && e.ID <= maxInteger && e.ID == float64(int64(e.ID)) {
		return int64(e.ID)
	}
	return NoID
}

// NoID is the id of an answer to a message that had no usable id.
const NoID int64 = -1

// Session holds one port to the rules of the channel: order of ids and limits
// of flow. It decides, and neither reads messages nor runs requests.
//
//	Admit ── nil ──▶ take the bodies, run the request, answer ──▶ Done
//	   └── *Error ─▶ answer with it
type Session struct {
	mu       sync.Mutex
	now      func() int64
	lastID   int64
	inFlight int
	bytes    int // of the bodies of those
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
	id := e.AnswerID()
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
	size := e.BodyBytes()
	switch {
	case s.inFlight >= MaxInFlight:
		return id, &Error{Busy, "too many requests are not answered yet", inFlightWait}
	case s.bytes+size > MaxInFlightBytes:
		return id, &Error{Busy, "too many bytes of requests are not answered yet", inFlightWait}
	}
	s.inFlight++
	s.bytes += size
	return id, nil
}

// Done ends the flight of an admitted request.
func (s *Session) Done(e Envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	s.bytes -= e.BodyBytes()
	if s.inFlight < 0 || s.bytes < 0 {
		panic("rpc: internal error: more requests done than admitted")
	}
}

// inFlightWait is how long to wait for an answer to make room, in
// milliseconds: a few signatures.
const inFlightWait = 20

func admitSize(e Envelope) *Error {
	switch {
	case e.MethodUnits > MaxMethodUnits:
		return &Error{Code: TooLarge, Message: "the method name is longer than any method's"}
	case e.ParamsUnits > MaxParamsUnits:
		return &Error{Code: TooLarge, Message: "params are longer than 65536 UTF-16 code units"}
	case e.Bodies > MaxBodies:
		return &Error{Code: TooLarge, Message: "more than 64 bodies"}
	case e.Bodies != len(e.Content):
		return &Error{Code: InvalidMessage, Message: "bodies that are no ArrayBuffers"}
	case slices.ContainsFunc(e.Content, func(b Body) bool { return b.Size() > MaxBodyBytes }):
		return &Error{Code: TooLarge, Message: "a body is longer than 1049600 bytes"}
	case e.BodyBytes() > MaxBodiesBytes:
		return &Error{Code: TooLarge, Message: "the bodies together are longer than 4194304 bytes"}
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
