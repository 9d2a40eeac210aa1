// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"math"
	"testing"
)

// clock is a clock that tests move.
type clock struct{ now int64 }

func (c *clock) read() int64 { return c.now }

// request returns a good envelope.
func request(id float64) Envelope {
	return Envelope{ID: id, Method: "status", MethodUnits: 6, Params: "{}", ParamsUnits: 2}
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
		{func(e *Envelope) { e.Bodies = 1 }, InvalidParams},
		{func(e *Envelope) { e.Method = HelloMethod }, AlreadyConnected},
	} {
		e := request(float64(i + 1))
		test.change(&e)
		wantRefusal(t, s, e, int64(i+1), test.code)
	}
	largest := request(10)
	largest.ParamsUnits, largest.MethodUnits = MaxParamsUnits, MaxMethodUnits
	wantAdmitted(t, s, largest)
}

func TestNoMoreThanMaxInFlight(t *testing.T) {
	s := NewSession(new(clock).read)
	for id := range MaxInFlight {
		wantAdmitted(t, s, request(float64(id+1)))
	}
	wantRefusal(t, s, request(100), 100, Busy)
	s.Done()
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
			s.Done()
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
		s.Done()
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
		id, last, inFlight, admitted := 0.0, int64(0), 0, 0
		for _, step := range steps {
			switch step % 4 {
			case 0:
				c.now += int64(step)
			case 1:
				if inFlight > 0 {
					s.Done()
					inFlight--
				}
			default:
				id += float64(step%7) - 1
				e := request(id)
				e.Malformed = step > 250
				got, refused := s.Admit(e)
				if refused != nil {
					continue
				}
				if got <= last || e.Malformed {
					t.Fatalf("admitted id %d after %d, malformed %v", got, last, e.Malformed)
				}
				last = got
				inFlight++
				admitted++
			}
			if inFlight > MaxInFlight || int64(admitted) > Burst+c.now*Rate/1000 {
				t.Fatalf("%d in flight, %d admitted in %d ms", inFlight, admitted, c.now)
			}
		}
	})
}
