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
