// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package channel

import (
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/rpc"
)

// fixedParts is how many values a message has before its bodies.
const fixedParts = 7

// readEnvelope reads a message as shell/worker/flatten.ts flattened it: values
// of these types in this order, and then the bodies, ArrayBuffers.
func readEnvelope(args []jsbridge.Value) rpc.Envelope {
	content := make([]rpc.Body, len(args)-fixedParts)
	for i, buffer := range args[fixedParts:] {
		content[i] = body{buffer, buffer.Get("byteLength").Int()}
	}
	return rpc.Envelope{
		Malformed:   args[0].Bool(),
		ID:          args[1].Float(),
		Method:      args[2].String(),
		MethodUnits: args[3].Int(),
		Params:      args[4].String(),
		ParamsUnits: args[5].Int(),
		Bodies:      args[6].Int(),
		Content:     content,
	}
}

// body is an ArrayBuffer that came with a message.
type body struct {
	buffer jsbridge.Value
	size   int
}

// Size returns how many bytes came.
func (b body) Size() int { return b.size }

// Take copies them and wipes what came.
func (b body) Take() ([]byte, error) {
	defer jsbridge.Wipe(b.buffer)
	return jsbridge.CopyBytes(b.buffer, b.size)
}

// takeBodies takes the bodies of a message that was let in.
func takeBodies(e rpc.Envelope) ([][]byte, error) {
	var bodies [][]byte
	for _, b := range e.Content {
		taken, err := b.Take()
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, taken)
	}
	return bodies, nil
}

// ReadLate reads the messages that an earlier worker passes on in a seat
// (shell/messages.ts, Seat).
func ReadLate(list jsbridge.Value) []rpc.Envelope {
	var late []rpc.Envelope
	for i := range list.Length() {
		args := make([]jsbridge.Value, list.Index(i).Length())
		for j := range args {
			args[j] = list.Index(i).Index(j)
		}
		late = append(late, readEnvelope(args))
	}
	return late
}

// flatten writes messages as readEnvelope reads them.
func flatten(messages []rpc.Envelope) []any {
	list := make([]any, len(messages))
	for i, e := range messages {
		parts := []any{e.Malformed, e.ID, e.Method, e.MethodUnits, e.Params, e.ParamsUnits, e.Bodies}
		for _, b := range e.Content {
			parts = append(parts, b.(body).buffer)
		}
		list[i] = parts
	}
	return list
}
