// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"ats.run/kms-enclave/enclave/internal/channel"
	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/rpc"
)

// channelCases are the promises of package channel when a worker ends.
func channelCases() []testCase {
	return []testCase{
		{"what runs is answered, once, before the port is given away", answeredBeforeLeaving},
		{"what runs too long is answered, once, and not again later", answeredOnceWhenLate},
		{"a resumed port goes on with its ids and answers no second hello", resumedPortGoesOn},
		{"events go out in order, before the port is given away", eventsInOrder},
	}
}

// answeredBeforeLeaving closes a hub while a request runs.
//
// Mistake M24 (docs/mistakes.md).
func answeredBeforeLeaving(ctx context.Context) error {
	a := connectTestApp(ctx, false, 0)
	a.request(1)
	closed := make(chan []any, 1)
	go a.hub.Close(ctx, func(seats, _ []any) { closed <- seats })
	time.Sleep(10 * time.Millisecond)
	a.request(2) // which comes too late, and is the next worker's
	a.handler.goOn <- struct{}{}
	seats := <-closed
	if len(seats) != 1 || seats[0].(map[string]any)["lastId"] != 1.0 {
		return errors.New("want one seat with the last id 1")
	}
	if err := a.wantAnswers("0 result", "1 result"); err != nil {
		return err
	}
	next := connectTestApp(ctx, true, 1, channel.ReadLate(jsbridge.ValueOf(seats[0]).Get("late"))...)
	next.request(3)
	next.handler.goOn <- struct{}{}
	next.handler.goOn <- struct{}{}
	return next.wantAnswers("2 result", "3 result")
}

// answeredOnceWhenLate closes a hub that has no patience.
//
// Mistake M24 (docs/mistakes.md).
func answeredOnceWhenLate(ctx context.Context) error {
	a := connectTestApp(ctx, false, 0)
	a.request(1)
	now, cancel := context.WithCancel(ctx)
	cancel()
	a.hub.Close(now, func(_, _ []any) {})
	a.handler.goOn <- struct{}{}
	return a.wantAnswers("0 result", "1 internal")
}

func resumedPortGoesOn(ctx context.Context) error {
	a := connectTestApp(ctx, true, 7)
	a.request(7)
	a.request(8)
	a.handler.goOn <- struct{}{}
	return a.wantAnswers("7 duplicate_id", "8 result")
}

func eventsInOrder(ctx context.Context) error {
	a := connectTestApp(ctx, false, 0)
	for i := range 3 {
		go a.hub.Announce(func(rpc.Caller) (rpc.Announcement, bool) {
			time.Sleep(time.Duration(3-i) * 5 * time.Millisecond) // the first takes longest
			return rpc.Announcement{Event: rpc.EventState, Data: strconv.Itoa(i)}, true
		})
	}
	time.Sleep(time.Millisecond)
	a.hub.Close(ctx, func(_, _ []any) {})
	a.hub.Announce(func(rpc.Caller) (rpc.Announcement, bool) { return rpc.Announcement{Data: "too late"}, true })
	return a.wantAnswers("0 result", "event 0", "event 1", "event 2")
}

// app is the app's end of a connection.
type app struct {
	hub     *channel.Hub
	handler *testHandler
	receive jsbridge.Func
	heard   []string
}

// connectTestApp connects an app whose requests wait until they may go on.
func connectTestApp(ctx context.Context, resumed bool, lastID int64, late ...rpc.Envelope) *app {
	handler := &testHandler{goOn: make(chan struct{})}
	a := connectApp(ctx, new(channel.Hub), handler, resumed, lastID, late...)
	a.handler = handler
	return a
}

func connectApp(
	ctx context.Context, hub *channel.Hub, handler rpc.Handler, resumed bool, lastID int64, late ...rpc.Envelope,
) *app {
	a := &app{hub: hub}
	ports, err := jsbridge.New("MessageChannel")
	if err != nil {
		return a
	}
	ports.Get("port2").Set("onmessage", jsbridge.Callback(func(event jsbridge.Value) {
		a.heard = append(a.heard, describe(event.Get("data")))
	}).Value)
	a.hub.Open(ctx, channel.Offer{
		Port:    ports.Get("port1"),
		Caller:  rpc.Caller{Origin: appOrigin, Release: testDigest, Partition: rpc.PartitionUnknown},
		Hello:   rpc.HelloRequest{Protocol: rpc.Protocol, Nonce: "AAAAAAAAAAAAAAAAAAAAAA"},
		Resumed: resumed,
		LastID:  lastID,
		Late:    late,
		Listen:  func(receive jsbridge.Func) { a.receive = receive },
	}, handler)
	return a
}

func describe(message jsbridge.Value) string {
	if message.Get("event").Truthy() {
		return "event " + message.Get("data").String()
	}
	text := strconv.Itoa(message.Get("id").Int())
	if failed := message.Get("error"); failed.Truthy() {
		return text + " " + failed.Get("code").String()
	}
	return text + " result"
}

// request sends a request as shell/worker/flatten.ts flattens it.
func (a *app) request(id int) {
	const method, params = "vapid.list", "{}"
	a.receive.Invoke(false, id, method, len(method), params, len(params), 0)
}

// wantAnswers wants these messages, in this order, and no other.
func (a *app) wantAnswers(want ...string) error {
	time.Sleep(50 * time.Millisecond)
	if slices.Equal(a.heard, want) {
		return nil
	}
	text := "the app heard:"
	for _, heard := range a.heard {
		text += " [" + heard + "]"
	}
	return errors.New(text)
}

// testHandler lets every request wait until it may go on.
type testHandler struct {
	rpc.Handler
	goOn chan struct{}
}

// Consent implements rpc.Handler.
func (h *testHandler) Consent(context.Context, rpc.Caller, rpc.Method, rpc.Message) error { return nil }

// Hello implements rpc.Handler.
func (h *testHandler) Hello(_ context.Context, _ rpc.Caller, q *rpc.HelloRequest) (*rpc.HelloResponse, error) {
	return &rpc.HelloResponse{Protocol: rpc.Protocol, Nonce: q.Nonce, Release: testDigest, Storage: rpc.StorageNone}, nil
}

// VAPIDList implements rpc.Handler.
func (h *testHandler) VAPIDList(context.Context, rpc.Caller, *rpc.VAPIDListRequest) (*rpc.VAPIDListResponse, error) {
	<-h.goOn
	return &rpc.VAPIDListResponse{}, nil
}

const testDigest = "0000000000000000000000000000000000000000000000000000000000000000"
