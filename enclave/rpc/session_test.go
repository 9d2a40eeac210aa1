// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"math"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/attachment"
)

// clock is a clock that tests move.
type clock struct{ now int64 }

func (c *clock) read() int64 { return c.now }

// request returns a good envelope.
func request(id float64) Envelope {
	return Envelope{ID: id, Method: "status", MethodUnits: 6, Params: "{}", ParamsUnits: 2}
}

// sized is a Body of that many bytes.
type sized int

func (b sized) Size() int             { return int(b) }
func (b sized) Take() ([]byte, error) { return make([]byte, b), nil }

// carrying returns a good envelope with bodies of these sizes.
func carrying(id float64, sizes ...int) Envelope {
	e := request(id)
	e.Bodies = len(sizes)
	for _, size := range sizes {
		e.Content = append(e.Content, sized(size))
	}
	return e
}

func wantRefusal(t *testing.T, s *Session, e Envelope, id int64, code Code) {
	t.Helper()
	gotID, refused := s.Admit(e)
	if refused == nil || refused.Code != code || gotID != id {
		t.Errorf("Admit(id %v) = %d, %v; want %d, %s", e.ID, gotID, refused, id, code)
	}
}

func wantAdmitted(t *testing.T, s *Session, e Envelope) {
	t.Helper()
	if id, refused := s.Admit(e); refused != nil || float64(id) != e.ID {
		t.Errorf("Admit(id %v) = %d, %v; want it in", e.ID, id, refused)
	}
}

func TestIDsOnlyRise(t *testing.T) {
	s := NewSession(new(clock).read)
	wantAdmitted(t, s, request(1))
	wantAdmitted(t, s, request(7))
	wantRefusal(t, s, request(7), 7, DuplicateID)
	wantRefusal(t, s, request(2), 2, DuplicateID)
	wantAdmitted(t, s, request(8))
	wantAdmitted(t, s, request(maxInteger))
	wantRefusal(t, s, request(9), 9, DuplicateID)
}

func TestRefusedRequestSpendsItsID(t *testing.T) {
	s := NewSession(new(clock).read)
	bad := request(5)
	bad.Malformed = true
	wantRefusal(t, s, bad, 5, InvalidMessage)
	wantRefusal(t, s, request(5), 5, DuplicateID)
	wantAdmitted(t, s, request(6))
}

func TestMessageWithoutUsableIDIsAnsweredWithMinusOne(t *testing.T) {
	s := NewSession(new(clock).read)
	for _, id := range []float64{0, -1, 1.5, math.NaN(), math.Inf(1), math.Inf(-1), maxInteger + 1, 1e300} {
		wantRefusal(t, s, request(id), NoID, InvalidMessage)
	}
	wantAdmitted(t, s, request(1))
}

func TestOversizedRequestsAreRefused(t *testing.T) {
	s := NewSession(new(clock).read)
	for i, test := range []struct {
		change func(*Envelope)
		code   Code
	}{
		{func(e *Envelope) { e.ParamsUnits = MaxParamsUnits + 1 }, TooLarge},
		{func(e *Envelope) { e.MethodUnits = MaxMethodUnits + 1 }, TooLarge},
		{func(e *Envelope) { e.Bodies = MaxBodies + 1 }, TooLarge},
		{func(e *Envelope) { *e = carrying(e.ID, MaxBodyBytes+1) }, TooLarge},
		{func(e *Envelope) {
			*e = carrying(e.ID, slices.Repeat([]int{MaxBodyBytes}, MaxBodiesBytes/MaxBodyBytes+1)...)
		}, TooLarge},
		{func(e *Envelope) { e.Method = HelloMethod }, AlreadyConnected},
	} {
		e := request(float64(i + 1))
		test.change(&e)
		wantRefusal(t, s, e, int64(i+1), test.code)
	}
	largest := request(10)
	largest.ParamsUnits, largest.MethodUnits = MaxParamsUnits, MaxMethodUnits
	wantAdmitted(t, s, largest)
	wantAdmitted(t, s, carrying(11, MaxBodyBytes, MaxBodyBytes, MaxBodyBytes))
	wantAdmitted(t, s, carrying(12, slices.Repeat([]int{MaxBodiesBytes / MaxBodies}, MaxBodies)...))
}

func TestBodiesThatWereNotPassedOnAreRefused(t *testing.T) {
	s := NewSession(new(clock).read)
	e := carrying(1, 5, 5)
	e.Bodies = 3
	wantRefusal(t, s, e, 1, InvalidMessage)
}

func TestNoMoreThanMaxInFlightBytes(t *testing.T) {
	s := NewSession(new(clock).read)
	full := func(id float64) Envelope { return carrying(id, slices.Repeat([]int{MaxBodiesBytes / 4}, 4)...) }
	id := 0.0
	for range MaxInFlightBytes / MaxBodiesBytes {
		id++
		wantAdmitted(t, s, full(id))
	}
	if _, refused := s.Admit(carrying(id+1, 1)); refused == nil || refused.Code != Busy || refused.RetryAfter <= 0 {
		t.Errorf("a byte more: %v, want busy with a time to wait", refused)
	}
	wantAdmitted(t, s, request(id+2)) // without a body
	s.Done(full(1))
	wantAdmitted(t, s, full(id+3))
	wantRefusal(t, s, carrying(id+4, 1), int64(id+4), Busy)
}

// A file of 100 MiB goes in pieces of 1 MiB one after the other, and messages in
// batches: neither comes near the limits of flow.
func TestFilesAndBatchesFitTheLimits(t *testing.T) {
	s := NewSession(new(clock).read)
	id := 0.0
	for range 100 {
		id++
		piece := carrying(id, attachment.MaxChunk)
		wantAdmitted(t, s, piece)
		s.Done(piece)
	}
	for range MaxInFlightBytes / MaxBodiesBytes {
		id++
		wantAdmitted(t, s, carrying(id, slices.Repeat([]int{64 << 10}, maxBatch)...))
	}
}

func TestFloodOfBodiesIsRefused(t *testing.T) {
	s := NewSession(new(clock).read)
	for id := range Burst {
		e := carrying(float64(id+1), 1<<10)
		wantAdmitted(t, s, e)
		s.Done(e)
	}
	wantRefusal(t, s, carrying(Burst+1, 1<<10), Burst+1, Busy)
}

func TestNoMoreThanMaxInFlight(t *testing.T) {
	s := NewSession(new(clock).read)
	for id := range MaxInFlight {
		wantAdmitted(t, s, request(float64(id+1)))
	}
	wantRefusal(t, s, request(100), 100, Busy)
	s.Done(request(1))
	wantAdmitted(t, s, request(101))
	wantRefusal(t, s, request(102), 102, Busy)
}

func TestBurstThenRate(t *testing.T) {
	c := new(clock)
	s := NewSession(c.read)
	id := 0.0
	letIn := func() (n int, last *Error) {
		for {
			id++
			if _, last = s.Admit(request(id)); last != nil {
				return n, last
			}
			s.Done(request(id))
			n++
		}
	}
	n, refused := letIn()
	if n != Burst || refused.Code != Busy || refused.RetryAfter < 1 {
		t.Fatalf("let in %d, then %v; want %d, then busy with a time to wait", n, refused, Burst)
	}
	for range 3 {
		c.now += refused.RetryAfter
		if n, refused = letIn(); n != 1 {
			t.Errorf("after the time to wait %d were let in, want 1", n)
		}
	}
	c.now += 1000
	if n, _ := letIn(); n != Rate {
		t.Errorf("after a second %d were let in, want %d", n, Rate)
	}
	c.now += 1000 * 1000
	if n, _ := letIn(); n != Burst {
		t.Errorf("after a long time %d were let in, want %d", n, Burst)
	}
}

func TestMalformedMessagesCountAsFlood(t *testing.T) {
	s := NewSession(new(clock).read)
	for range Burst {
		wantRefusal(t, s, request(0), NoID, InvalidMessage)
	}
	wantRefusal(t, s, request(0), NoID, Busy)
	wantRefusal(t, s, request(1), 1, Busy)
}

func TestClockThatGoesBackGivesNothing(t *testing.T) {
	c := &clock{now: 1000}
	s := NewSession(c.read)
	for id := range Burst {
		wantAdmitted(t, s, request(float64(id+1)))
		s.Done(request(float64(id + 1)))
	}
	for range 10 {
		c.now -= 1000
		wantRefusal(t, s, request(Burst+1000), Burst+1000, Busy)
		c.now += 1000
	}
}

func FuzzSession(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0, 0, 255, 1, 1, 1})
	f.Add([]byte{8, 8, 8, 8, 7, 6, 5, 128, 200})
	f.Fuzz(func(t *testing.T, steps []byte) {
		c := new(clock)
		s := NewSession(c.read)
		id, last, admitted, bytes := 0.0, int64(0), 0, 0
		var inFlight []Envelope
		for _, step := range steps {
			switch step % 4 {
			case 0:
				c.now += int64(step)
			case 1:
				if len(inFlight) > 0 {
					s.Done(inFlight[0])
					bytes -= inFlight[0].BodyBytes()
					inFlight = inFlight[1:]
				}
			default:
				id += float64(step%7) - 1
				e := carrying(id, int(step)<<14)
				e.Malformed = step > 250
				got, refused := s.Admit(e)
				if refused != nil {
					continue
				}
				if got <= last || e.Malformed {
					t.Fatalf("admitted id %d after %d, malformed %v", got, last, e.Malformed)
				}
				last = got
				inFlight = append(inFlight, e)
				bytes += e.BodyBytes()
				admitted++
			}
			if len(inFlight) > MaxInFlight || bytes > MaxInFlightBytes || int64(admitted) > Burst+c.now*Rate/1000 {
				t.Fatalf("%d in flight with %d bytes, %d admitted in %d ms", len(inFlight), bytes, admitted, c.now)
			}
		}
	})
}
