// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

// Command enclave is the program in the enclave's worker. It wires the vault
// to the browser and to the ports that the frame hands over, and decides
// nothing itself.
package main

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/channel"
	"ats.run/kms-enclave/enclave/internal/environment"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/enclave/rpc"
	"ats.run/kms-enclave/kmslib/vault"
)

func main() {
	ctx := context.Background()
	// What shell/worker/worker.ts gives to this program.
	worker := jsbridge.Global().Get("kmsWorker")
	keys := webcrypto.New()
	found := environment.Find(ctx, keys, func(ctx context.Context) bool {
		granted, err := jsbridge.CallAwait(ctx, worker, "persist")
		return err == nil && granted.Truthy()
	})
	service := rpc.Service{
		Environment: found,
		Vault: vault.New(vault.Config{
			Store:  found.Store(),
			Clock:  jsbridge.Clock{},
			Random: jsbridge.Random{},
			Keys:   keys,
		}),
	}
	connect := jsbridge.Callback(func(offer jsbridge.Value) {
		go channel.Open(ctx, readOffer(worker, offer), service)
	})
	worker.Call("serve", connect)
	select {}
}

// readOffer reads what the frame made, after its checks, and the worker
// completed with the port.
func readOffer(worker, offer jsbridge.Value) channel.Offer {
	port := offer.Get("port")
	return channel.Offer{
		Port: port,
		Caller: rpc.Caller{
			Origin:    offer.Get("origin").String(),
			Release:   offer.Get("release").String(),
			Partition: offer.Get("partition").String(),
		},
		Hello: rpc.HelloRequest{
			Protocol: int64(offer.Get("protocol").Int()),
			Nonce:    offer.Get("nonce").String(),
		},
		Listen: func(receive jsbridge.Func) { worker.Call("listen", port, receive) },
	}
}
