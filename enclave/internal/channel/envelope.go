// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package channel

import (
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/rpc"
)

// readEnvelope reads a message as shell/worker/flatten.ts flattened it: values
// of these types in this order.
func readEnvelope(args []jsbridge.Value) rpc.Envelope {
	return rpc.Envelope{
		Malformed:   args[0].Bool(),
		ID:          args[1].Float(),
		Method:      args[2].String(),
		MethodUnits: args[3].Int(),
		Params:      args[4].String(),
		ParamsUnits: args[5].Int(),
		Bodies:      args[6].Int(),
	}
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
		list[i] = []any{e.Malformed, e.ID, e.Method, e.MethodUnits, e.Params, e.ParamsUnits, e.Bodies}
	}
	return list
}
