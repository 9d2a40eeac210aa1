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
	"ats.run/kms-enclave/enclave/internal/stage"
	"ats.run/kms-enclave/enclave/internal/tabs"
	"ats.run/kms-enclave/enclave/internal/watch"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/enclave/internal/weblocks"
	"ats.run/kms-enclave/enclave/rpc"
	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/vault"
)

func main() {
	ctx := context.Background()
	// What shell/worker/worker.ts gives to this program.
	worker := jsbridge.Global().Get("kmsWorker")
	keys, clock := webcrypto.New(), jsbridge.Clock{}
	release, resumed := "", false // until the first connection tells
	found := environment.Find(ctx, keys, func(ctx context.Context) bool {
		if resumed { // the worker before has asked
			return false
		}
		granted, err := jsbridge.CallAwait(ctx, worker, "persist")
		return err == nil && granted.Truthy()
	})
	w := watch.New()
	v := vault.New(vault.Config{
		Store:   found.Store(),
		Clock:   clock,
		Random:  jsbridge.Random{},
		Keys:    keys,
		Locks:   weblocks.New(),
		Release: func() string { return release },
		Millis:  clock.Monotonic,
		Notify:  w.Notify,
	})
	places := stage.New(worker)
	ceremonies := ceremony.New(ceremony.Config{
		Vault:  v,
		Stage:  places,
		Keys:   keys,
		Random: jsbridge.Random{},
		Millis: clock.Monotonic,
	})
	service := rpc.NewService(v, ceremonies, found)
	w.Vault, w.Service, w.Clock, w.Stage = v, service, clock, places
	w.Hub, w.Tabs = new(channel.Hub), tabs.Join(ctx, v, w.LockedElsewhere)
	w.Leave = func(seats, ports []any) { worker.Call("locked", seats, ports) }
	settled := make(chan struct{}) // once the session of other tabs is known here
	worker.Call("serve", jsbridge.Callback(func(connect jsbridge.Value) {
		offer := readOffer(worker, connect)
		release, resumed = offer.Caller.Release, offer.Resumed
		go func() {
			<-settled
			w.Hub.Open(ctx, offer, service)
		}()
	}))
	go func() {
		w.Tabs.Hello(ctx)
		close(settled)
	}()
	w.Run(ctx)
}

// readOffer reads what the frame made, after its checks, and the worker
// completed with the port.
func readOffer(worker, connect jsbridge.Value) channel.Offer {
	port := connect.Get("port")
	offer := channel.Offer{
		Port: port,
		Caller: rpc.Caller{
			Origin:    connect.Get("origin").String(),
			Release:   connect.Get("release").String(),
			Partition: connect.Get("partition").String(),
		},
		Hello: rpc.HelloRequest{
			Protocol: int64(connect.Get("protocol").Int()),
			Nonce:    connect.Get("nonce").String(),
		},
		Resumed: connect.Get("resumed").Truthy(),
		Listen:  func(receive jsbridge.Func) { worker.Call("listen", port, receive) },
	}
	if offer.Resumed {
		offer.LastID = int64(connect.Get("lastId").Float())
		offer.Late = channel.ReadLate(connect.Get("late"))
	}
	return offer
}
