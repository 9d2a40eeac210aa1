// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package stage

import (
	"context"
	"sync"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/kmslib/ceremony"
)

// Stage asks the frame for places.
type Stage struct {
	worker jsbridge.Value

	mutex sync.Mutex
	id    int           // of the ceremony that is open, or was last
	ended chan struct{} // closed when the open one is over; nil if none is
	open  *dialog       // nil while its place is not there yet
}

var _ ceremony.Stage = (*Stage)(nil)

// New returns the Stage of a worker, which is what shell/worker/worker.ts gives
// to the program.
func New(worker jsbridge.Value) *Stage { return &Stage{worker: worker} }

// place is what the frame answered.
type place struct {
	port jsbridge.Value
	err  error // why there is none
	facts
}

// facts are those of a place which a Dialog tells.
type facts struct {
	embedded, passkeys      bool
	rpID, origin, topOrigin string
}

// Open implements ceremony.Stage.
func (s *Stage) Open(ctx context.Context, subject ceremony.Subject) (ceremony.Dialog, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	id, err := s.begin()
	if err != nil {
		return nil, err
	}
	answered := make(chan place, 1)
	answer := jsbridge.Callbacks(func(args []jsbridge.Value) {
		select {
		case answered <- readPlace(args):
		default: // the place is gone again
			s.Cancel()
		}
	})
	leave := func() {
		s.worker.Call("unstage", id) // which never calls answer again
		answer.Release()
		s.end(id)
	}
	s.worker.Call("stage", id, map[string]any{
		"operation": subject.Operation,
		"origin":    subject.Origin,
		"user":      subject.User,
	}, answer)
	select {
	case p := <-answered:
		if p.err != nil {
			leave()
			return nil, p.err
		}
		answered <- p // so that whatever comes next is that it is gone
		return s.enter(p, leave), nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// begin makes the one place for a ceremony, which end gives back.
func (s *Stage) begin() (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended != nil {
		return 0, ceremony.ErrBusy
	}
	s.id++
	s.ended = make(chan struct{})
	return s.id, nil
}

func (s *Stage) end(id int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended == nil || s.id != id {
		return
	}
	close(s.ended)
	s.ended, s.open = nil, nil
}

// enter returns the dialogue at a place, which ends by leave.
func (s *Stage) enter(p place, leave func()) *dialog {
	d := newDialog(p, leave)
	d.listen = jsbridge.Callbacks(d.receive)
	s.worker.Call("listenToPerson", p.port, d.listen)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.open = d
	return d
}

// Cancel ends the open dialogue as if the person had given up.
func (s *Stage) Cancel() {
	s.mutex.Lock()
	d := s.open
	s.mutex.Unlock()
	if d != nil {
		d.hang(ceremony.ErrCancelled)
	}
}

// Wait waits until no ceremony is open, or for the context.
func (s *Stage) Wait(ctx context.Context) {
	for {
		s.mutex.Lock()
		ended := s.ended
		s.mutex.Unlock()
		if ended == nil {
			return
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return
		}
	}
}

// readPlace reads what the worker tells of the frame's answer: values of these
// types in this order.
func readPlace(args []jsbridge.Value) place {
	switch args[0].String() {
	case "staged":
		return place{port: args[1], facts: facts{
			embedded:  args[2].Bool(),
			rpID:      args[3].String(),
			origin:    args[4].String(),
			topOrigin: args[5].String(),
			passkeys:  args[6].Bool(),
		}}
	case "blocked":
		return place{err: ceremony.ErrBlocked}
	}
	return place{err: ceremony.ErrCancelled}
}
