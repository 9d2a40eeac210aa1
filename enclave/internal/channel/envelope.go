// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package channel

import (
	"math"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/rpc"
)

// malformed is a message of which nothing can be used.
var malformed = rpc.Envelope{Malformed: true, ID: math.NaN()}

// readEnvelope reads a message that a port delivered. Structured cloning made
// it, so its members are plain data without code behind them. Texts that are
// too long to be let in stay in JavaScript.
func readEnvelope(data jsbridge.Value) rpc.Envelope {
	if data.Type() != jsbridge.TypeObject {
		return malformed
	}
	e := rpc.Envelope{ID: math.NaN()}
	if id := data.Get("id"); id.Type() == jsbridge.TypeNumber {
		e.ID = id.Float()
	}
	expected := 3
	var methodOK, paramsOK, bodiesOK bool
	e.Method, e.MethodUnits, methodOK = readText(data.Get("method"), rpc.MaxMethodUnits)
	e.Params, e.ParamsUnits, paramsOK = readText(data.Get("params"), rpc.MaxParamsUnits)
	bodies := data.Get("bodies")
	if !bodies.IsUndefined() {
		expected++
	}
	e.Bodies, bodiesOK = countBodies(bodies)
	members := jsbridge.Global().Get("Object").Call("keys", data).Length()
	e.Malformed = !methodOK || !paramsOK || !bodiesOK || members != expected
	return e
}

func readText(v jsbridge.Value, limit int) (text string, units int, ok bool) {
	if v.Type() != jsbridge.TypeString {
		return "", 0, false
	}
	units = jsbridge.Units(v)
	if units > limit {
		return "", units, true
	}
	return v.String(), units, true
}

// countBodies counts the elements of an array of ArrayBuffers.
func countBodies(bodies jsbridge.Value) (n int, ok bool) {
	if bodies.IsUndefined() {
		return 0, true
	}
	if !jsbridge.IsA(bodies, "Array") {
		return 0, false
	}
	n = bodies.Length()
	for i := range min(n, rpc.MaxBodies) {
		if !jsbridge.IsA(bodies.Index(i), "ArrayBuffer") {
			return n, false
		}
	}
	return n, true
}
