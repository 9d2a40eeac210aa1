// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package channel

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/rpc"
)

// helloID is the id of the answer to hello.
const helloID = 0

// Offer is a port, and what the frame says of whoever offers it.
type Offer struct {
	Port   jsbridge.Value
	Caller rpc.Caller
	Hello  rpc.HelloRequest

	// Resumed says that an earlier worker served the port, on which it saw ids
	// up to LastID and took the messages Late without looking at them. Hello is
	// answered already.
	Resumed bool
	LastID  int64
	Late    []rpc.Envelope

	// Listen makes the worker pass on every message of the port, as
	// shell/worker/flatten.ts flattens it.
	Listen func(receive jsbridge.Func)
}

// connection is one port, bound to one caller for good.
type connection struct {
	hub     *Hub
	offer   Offer
	handler rpc.Handler
	session *rpc.Session

	running map[int64]struct{} // ids of requests without an answer
	left    bool               // the port is another worker's
	late    []rpc.Envelope     // what came while the hub closed, for the next worker
	bytes   int                // of the bodies of those
}

// hello answers hello and says whether the connection stands.
func (c *connection) hello(ctx context.Context) bool {
	params, err := rpc.Encode(&c.offer.Hello)
	if err != nil {
		c.refuse(helloID, &rpc.Error{Code: rpc.InvalidParams, Message: "hello: " + err.Error()})
		return false
	}
	c.hub.begin(c, helloID)
	answer, refused := rpc.Call(ctx, c.handler, c.offer.Caller, rpc.Request{ID: helloID, Method: rpc.HelloMethod, Params: params})
	return c.settle(helloID, answer, refused)
}

// receive answers a message now, or in a goroutine that runs its request.
func (c *connection) receive(ctx context.Context, e rpc.Envelope) {
	switch c.hub.keep(c, e) {
	case kept:
		return
	case full:
		c.refuse(e.AnswerID(), busyClosing)
		return
	}
	id, refused := c.session.Admit(e)
	if refused != nil {
		c.refuse(id, refused)
		return
	}
	bodies, err := takeBodies(e)
	if err != nil {
		c.session.Done(e)
		c.refuse(id, &rpc.Error{Code: rpc.InvalidMessage, Message: "a body could not be read"})
		return
	}
	c.hub.begin(c, id)
	go c.run(ctx, e, rpc.Request{ID: id, Method: e.Method, Params: e.Params, Bodies: bodies})
}

// busyClosing is the answer to hello while the worker ends, and to messages
// beyond those that are kept for the next one; a fresh one is there in less.
var busyClosing = &rpc.Error{Code: rpc.Busy, Message: "the vault is being locked", RetryAfter: 200}

func (c *connection) run(ctx context.Context, e rpc.Envelope, request rpc.Request) {
	answer, refused := rpc.Call(ctx, c.handler, c.offer.Caller, request)
	c.session.Done(e)
	c.settle(request.ID, answer, refused)
}

// settle answers a request that runs and says whether it was a result. If the
// hub has given the port away meanwhile, it has answered.
func (c *connection) settle(id int64, answer rpc.Answer, refused *rpc.Error) bool {
	defer wipe(answer.Bodies)
	if !c.hub.finish(c, id) {
		return false
	}
	defer c.hub.finished()
	if refused != nil {
		c.refuse(id, refused)
		return false
	}
	c.answer(id, answer)
	return true
}

func wipe(bodies [][]byte) {
	for _, b := range bodies {
		clear(b)
	}
}

// answer posts a result. The bodies are transferred: the worker keeps none.
func (c *connection) answer(id int64, answer rpc.Answer) {
	message := map[string]any{"id": float64(id), "result": answer.Result}
	if len(answer.Bodies) == 0 {
		c.post(message)
		return
	}
	buffers := make([]any, len(answer.Bodies))
	for i, b := range answer.Bodies {
		buffers[i] = jsbridge.Buffer(b)
	}
	message["bodies"] = buffers
	c.post(message, buffers...)
}

func (c *connection) refuse(id int64, why *rpc.Error) {
	answer := map[string]any{"code": string(why.Code), "message": why.Message}
	if why.RetryAfter > 0 {
		answer["retryAfter"] = float64(why.RetryAfter)
	}
	c.post(map[string]any{"id": float64(id), "error": answer})
}

func (c *connection) announce(a rpc.Announcement) {
	c.post(map[string]any{"event": a.Event, "data": a.Data})
}

func (c *connection) post(message map[string]any, transferred ...any) {
	c.offer.Port.Call("postMessage", message, transferred)
}

// seat returns what the frame says to the next worker of this connection
// (shell/messages.ts, Seat).
func (c *connection) seat() map[string]any {
	return map[string]any{
		"resumed":   true,
		"lastId":    float64(c.session.LastID()),
		"late":      flatten(c.late),
		"origin":    c.offer.Caller.Origin,
		"release":   c.offer.Caller.Release,
		"partition": c.offer.Caller.Partition,
		"protocol":  float64(c.offer.Hello.Protocol),
		"nonce":     c.offer.Hello.Nonce,
	}
}
