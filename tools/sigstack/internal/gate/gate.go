// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package gate serves one part of the stack on loopback, behind a switch with which a test can take the part
// down or make it slow.
package gate

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Gate is a handler that can be switched off, and that remembers when it was last asked.
type Gate struct {
	next  http.Handler
	down  atomic.Bool
	delay atomic.Int64
	last  atomic.Int64
}

// New puts a gate before next. It is up.
func New(next http.Handler) *Gate {
	g := &Gate{next: next}
	g.last.Store(time.Now().UnixNano())
	return g
}

// Up switches the part on or off. A part that is off answers 503 to everything.
func (g *Gate) Up(up bool) { g.down.Store(!up) }

// IsUp says whether the part answers.
func (g *Gate) IsUp() bool { return !g.down.Load() }

// Delay lets each answer wait that long.
func (g *Gate) Delay(d time.Duration) { g.delay.Store(int64(d)) }

// Delayed is the delay in force.
func (g *Gate) Delayed() time.Duration { return time.Duration(g.delay.Load()) }

// Last is when the latest request came, or when the gate was made.
func (g *Gate) Last() time.Time { return time.Unix(0, g.last.Load()) }

// ServeHTTP passes the request on, unless the part is down.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.last.Store(time.Now().UnixNano())
	if d := g.Delayed(); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		}
	}
	if !g.IsUp() {
		http.Error(w, "switched off by /control", http.StatusServiceUnavailable)
		return
	}
	g.next.ServeHTTP(w, r)
	g.last.Store(time.Now().UnixNano())
}

// Listen opens a free port of 127.0.0.1.
func Listen() (net.Listener, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no free port on 127.0.0.1: %w", err)
	}
	return l, nil
}

// URL is the address of a listener.
func URL(l net.Listener) string { return "http://" + l.Addr().String() }

// Serve answers on l until the context ends.
func Serve(ctx context.Context, l net.Listener, h http.Handler, logs io.Writer) {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(logs, "", log.LstdFlags|log.LUTC),
	}
	go func() { _ = s.Serve(l) }()
	go func() {
		<-ctx.Done()
		_ = s.Close()
	}()
}
