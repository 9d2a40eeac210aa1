// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package releasetest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"ats.run/kms-enclave/kmslib/release"
)

// Response is what a Host is about to answer.
type Response struct {
	Path   string // without the first "/"; what was asked for
	Coding string // first of those that were asked for, "identity" for none
	Dest   string // destination that a browser's request names, or ""
	Status int
	Header http.Header
	Body   []byte // before content coding
}

// Host serves a release as its manifest promises, in every content coding.
type Host struct {
	Files      Release
	Deployment release.Deployment
	Tamper     func(*Response) // changes answers; nil for none
	manifest   *release.Manifest
}

// Start calls Prepare and serves the release on a loopback address, until the
// test ends. It returns the origin.
func (h *Host) Start(t testing.TB) string {
	t.Helper()
	h.Prepare(t)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// Prepare reads the manifest, and must be called once before ServeHTTP.
func (h *Host) Prepare(t testing.TB) {
	t.Helper()
	h.manifest = h.Files.Manifest(t)
	if h.Deployment.Embedders == nil {
		h.Deployment.Embedders = []string{"https://app.example", "http://localhost:8080"}
	}
}

// ServeHTTP answers one request.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	response := h.respond(strings.TrimPrefix(r.URL.Path, "/"))
	response.Coding = codingOf(r.Header.Get("Accept-Encoding"))
	response.Dest = r.Header.Get("Sec-Fetch-Dest")
	response.Header.Set("Vary", "Accept-Encoding")
	if h.Tamper != nil {
		h.Tamper(response)
	}
	body := response.Body
	if response.Coding != "identity" && response.Header.Get("Content-Encoding") == "" {
		response.Header.Set("Content-Encoding", response.Coding)
		body = Encode(response.Coding, body)
	}
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.Status)
	_, _ = w.Write(body) // a client that went away is no concern of a test host
}

// codingOf returns the first content coding of an Accept-Encoding that Encode
// knows; whoever asks for none gets none.
func codingOf(accept string) string {
	for _, item := range strings.Split(accept, ",") {
		name, _, _ := strings.Cut(item, ";")
		switch name = strings.TrimSpace(name); name {
		case "gzip", "deflate", "br", "zstd":
			return name
		}
	}
	return "identity"
}

// respond returns the faithful answer for a path.
func (h *Host) respond(path string) *Response {
	response := &Response{Path: path, Status: http.StatusOK, Header: make(http.Header)}
	if path == "" {
		path = h.manifest.Entry
	}
	body, ok := h.Files[path]
	f, _ := h.manifest.File(path)
	if path == release.DeploymentPath {
		body, _ = h.Deployment.Marshal()
		ok = true
	}
	if !ok || f.Role == release.RoleHosting {
		response.Status = http.StatusNotFound
		response.Header.Set("Content-Type", "text/plain; charset=utf-8")
		response.Body = []byte("not found\n")
		return response
	}
	response.Body = bytes.Clone(body)
	response.Header.Set("Content-Type", contentType(path, f.MediaType))
	for _, header := range h.manifest.HeadersOf(path) {
		response.Header.Set(header.Name, h.Deployment.Expand(header.Value))
	}
	return response
}

func contentType(path, listed string) string {
	if listed != "" {
		return listed
	}
	return release.UnlistedMediaType(path)
}

// Encode returns body in a content coding that browsers accept.
func Encode(coding string, body []byte) []byte {
	var out bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w = zlib.NewWriter(&out)
	case "br":
		w = brotli.NewWriter(&out)
	case "zstd":
		w, _ = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<16)) // fails only on wrong options
	default:
		return body
	}
	_, _ = w.Write(body) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}
