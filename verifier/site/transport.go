// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"crypto/tls"
	"net/http"
	"time"
)

// NewTransport returns the transport for Config: TLS 1.2 or later with the
// system's roots, the proxy of the environment, no decoding of bodies, bounded
// headers and waiting.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    parallel,
		MaxResponseHeaderBytes: 64 << 10,
		ResponseHeaderTimeout:  30 * time.Second,
		TLSHandshakeTimeout:    15 * time.Second,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
}
