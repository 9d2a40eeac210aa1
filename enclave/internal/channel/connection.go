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

// Connection is one port, bound to one caller for good.
type Connection struct {
	port    jsbridge.Value
	caller  rpc.Caller
	handler rpc.Handler
	session *rpc.Session
}

// Offer is a port, and what the frame says of whoever offers it.
type Offer struct {
	Port   jsbridge.Value
	Caller rpc.Caller
	Hello  rpc.HelloRequest

	// Listen makes the worker pass on every message of the port, as
	// shell/worker/flatten.ts flattens it.
	Listen func(receive jsbridge.Func)
}

// Open binds the port of an offer to its caller and answers hello. If the
// answer is a refusal, the port is closed; otherwise requests are answered for
// as long as the worker lives.
func Open(ctx context.Context, offer Offer, handler rpc.Handler) {
	c := &Connection{
		port:    offer.Port,
		caller:  offer.Caller,
		handler: handler,
		session: rpc.NewSession(jsbridge.Clock{}.Monotonic),
	}
	params, err := rpc.Encode(&offer.Hello)
	if err != nil {
		c.refuse(helloID, &rpc.Error{Code: rpc.InvalidParams, Message: "hello: " + err.Error()})
		c.port.Call("close")
		return
	}
	result, refused := rpc.Call(ctx, handler, c.caller, rpc.HelloMethod, params)
	if refused != nil {
		c.refuse(helloID, refused)
		c.port.Call("close")
		return
	}
	offer.Listen(jsbridge.Callbacks(func(args []jsbridge.Value) { c.receive(ctx, readEnvelope(args)) }))
	c.answer(helloID, result)
}

// receive answers a message now, or in a goroutine that runs its request.
func (c *Connection) receive(ctx context.Context, e rpc.Envelope) {
	id, refused := c.session.Admit(e)
	if refused != nil {
		c.refuse(id, refused)
		return
	}
	go c.run(ctx, id, e.Method, e.Params)
}

func (c *Connection) run(ctx context.Context, id int64, method, params string) {
	result, refused := rpc.Call(ctx, c.handler, c.caller, method, params)
	c.session.Done()
	if refused != nil {
		c.refuse(id, refused)
		return
	}
	c.answer(id, result)
}

func (c *Connection) answer(id int64, result string) {
	c.port.Call("postMessage", map[string]any{"id": float64(id), "result": result})
}

func (c *Connection) refuse(id int64, why *rpc.Error) {
	answer := map[string]any{"code": string(why.Code), "message": why.Message}
	if why.RetryAfter > 0 {
		answer["retryAfter"] = float64(why.RetryAfter)
	}
	c.port.Call("postMessage", map[string]any{"id": float64(id), "error": answer})
}
