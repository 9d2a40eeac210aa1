// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package channel

import (
	"context"
	"slices"
	"sync"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/rpc"
)

// Hub holds the connections of a worker. The zero Hub has none.
type Hub struct {
	order sync.Mutex // of announcements, so that they go out as things happened

	mutex       sync.Mutex
	connections []*connection
	running     int           // requests without an answer
	idle        chan struct{} // closed when running is 0; nil unless somebody waits
	closing     bool
}

// Open binds the port of an offer to its caller and answers hello. If the
// answer is a refusal, the port is closed; otherwise requests are answered
// until Close. On a resumed port hello is not answered again.
func (h *Hub) Open(ctx context.Context, offer Offer, handler rpc.Handler) {
	c := &connection{
		hub:     h,
		offer:   offer,
		handler: handler,
		session: rpc.ResumeSession(jsbridge.Clock{}.Monotonic, offer.LastID),
		running: make(map[int64]struct{}),
	}
	if !h.add(c) || !offer.Resumed && !c.hello(ctx) {
		h.remove(c)
		offer.Port.Call("close")
		return
	}
	for _, e := range offer.Late {
		c.receive(ctx, e)
	}
	offer.Listen(jsbridge.Callbacks(func(args []jsbridge.Value) { c.receive(ctx, readEnvelope(args)) }))
}

// add takes a connection in, or refuses it.
func (h *Hub) add(c *connection) bool {
	if h.isClosing() {
		c.refuse(helloID, busyClosing)
		return false
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.connections = append(h.connections, c)
	return true
}

func (h *Hub) remove(c *connection) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.connections = slices.DeleteFunc(h.connections, func(other *connection) bool { return other == c })
}

// Announce posts on each port what tell returns for its caller.
func (h *Hub) Announce(tell func(rpc.Caller) (rpc.Announcement, bool)) {
	h.order.Lock()
	defer h.order.Unlock()
	for _, c := range h.all() {
		if a, ok := tell(c.offer.Caller); ok && !c.left {
			c.announce(a)
		}
	}
}

func (h *Hub) all() []*connection {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.Clone(h.connections)
}

// Close takes no more requests, waits for those that run, though not beyond the
// context, and passes every port to give, with what the next worker is to know
// of it. Nothing is posted on a port afterwards. Each request is answered once:
// those that come meanwhile by the next worker; those that still run at the end
// are told that nobody knows how they end.
func (h *Hub) Close(ctx context.Context, give func(seats, ports []any)) {
	h.mutex.Lock()
	if h.closing {
		h.mutex.Unlock()
		return
	}
	h.closing = true
	idle := make(chan struct{})
	h.idle = idle
	if h.running == 0 {
		close(idle)
	}
	h.mutex.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	h.order.Lock() // announcements that were due have gone out
	defer h.order.Unlock()
	give(h.leave())
}

// leave answers what still runs and gives every port away.
func (h *Hub) leave() (seats, ports []any) {
	for _, c := range h.all() {
		h.mutex.Lock()
		c.left = true
		h.mutex.Unlock()
		for id := range c.running {
			c.refuse(id, &rpc.Error{Code: rpc.Internal, Message: "the vault was locked before the request was done; it may or may not have been"})
		}
		seats = append(seats, c.seat())
		ports = append(ports, c.offer.Port)
	}
	return seats, ports
}

func (h *Hub) isClosing() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.closing
}

// keeping says what happened to a message that keep was given.
type keeping uint8

const (
	open keeping = iota // the hub is not closing: the message is the caller's
	kept                // the next worker gets it
	full                // the next worker cannot get more
)

// keep keeps a message for the next worker if the hub closes, as far as the
// channel lets in that many, and as many bytes, at once.
func (h *Hub) keep(c *connection, e rpc.Envelope) keeping {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	size := e.BodyBytes()
	switch {
	case !h.closing:
		return open
	case len(c.late) >= rpc.Burst, c.bytes+size > rpc.MaxInFlightBytes:
		return full
	}
	c.late = append(c.late, e)
	c.bytes += size
	return kept
}

// begin notes that a request runs.
func (h *Hub) begin(c *connection, id int64) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	c.running[id] = struct{}{}
	h.running++
}

// finish says whether the request is still to be answered.
func (h *Hub) finish(c *connection, id int64) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(c.running, id)
	return !c.left
}

// finished notes that a request is answered.
func (h *Hub) finished() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.running--; h.running == 0 && h.idle != nil {
		close(h.idle)
	}
}
