// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// host is one loopback listener with the origin by which browsers know it.
type host struct {
	origin   string // "http://localhost:PORT"
	listener net.Listener
	server   *http.Server
}

// listen takes a loopback address; browsers treat only those as secure
// without TLS.
func listen(addr string) (*host, error) {
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("expected HOST:PORT such as 127.0.0.1:8080: %w", err)
	}
	if ip := net.ParseIP(name); name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("expected a loopback address such as 127.0.0.1:8080")
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return &host{origin: "http://localhost:" + strconv.Itoa(port), listener: listener}, nil
}

// start serves s until close.
func (h *host) start(s site) {
	h.server = &http.Server{Handler: s.handler(h.origin), ReadHeaderTimeout: 10 * time.Second}
	go h.server.Serve(h.listener) // ends with ErrServerClosed
}

// close lets answers under way finish, for a second.
func (h *host) close() {
	if h.server == nil {
		h.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if h.server.Shutdown(ctx) != nil {
		h.server.Close()
	}
}

// client speaks to this host only, whatever the system resolves localhost to.
func (h *host) client() *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", h.listener.Addr().String())
	}
	return &http.Client{
		Transport: &http.Transport{DialContext: dial, DisableCompression: true, DisableKeepAlives: true},
		Timeout:   30 * time.Second,
	}
}
