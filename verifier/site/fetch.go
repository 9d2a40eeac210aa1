// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"ats.run/kms-enclave/kmslib/origin"
)

// parallel is how many requests are under way at once.
const parallel = 8

// request is one thing to fetch.
type request struct {
	path string // after the "/" of the origin
	asking
	use    string // for which browsers ask for the file, for visitors
	accept string // media types, or "" for any
	limit  int64  // bytes, after decoding
}

// answer is what came back. Either err is set, or status and header are.
type answer struct {
	request
	status int
	header http.Header
	body   []byte // decoded; kept only of the first, without content coding
	sum    string // SHA-256 of the decoded body in hexadecimal digits
	err    error  // why nothing was seen
	fault  error  // why the body could be seen but not read: content coding
	over   bool   // the body is longer than the limit
}

// client fetches from one origin.
type client struct {
	base       origin.Origin
	transports []http.RoundTripper // by vantage
	embedder   string              // an origin that may embed the enclave
	limited    atomic.Bool         // the host said that these are too many requests
}

// errLimited says why something was not asked for.
var errLimited = errors.New("not asked for, since the host had answered 429, too many requests")

// fetchAll fetches everything in requests, several at once, and returns the
// answers in the same order.
func (c *client) fetchAll(ctx context.Context, requests []request) []answer {
	answers := make([]answer, len(requests))
	free := make(chan struct{}, parallel)
	var running sync.WaitGroup
	for i, r := range requests {
		free <- struct{}{}
		running.Go(func() {
			answers[i] = c.fetch(ctx, r)
			<-free
		})
	}
	running.Wait()
	return answers
}

func (c *client) fetch(ctx context.Context, r request) answer {
	a := answer{request: r}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+"/"+r.path, nil)
	if err != nil {
		a.err = err
		return a
	}
	req.Header.Set("Accept", "*/*")
	if r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	if r.visitor != nil {
		r.visitor.head(req.Header, r.use, c.embedder)
	} else {
		r.head(req.Header)
	}
	if c.limited.Load() {
		a.err = errLimited
		return a
	}
	// RoundTrip of the transport follows no redirects and keeps no cookies.
	response, err := c.transports[r.vantage].RoundTrip(req)
	if err != nil {
		a.err = plainError(err)
		return a
	}
	defer response.Body.Close()
	a.status, a.header = response.StatusCode, response.Header
	if a.status == http.StatusTooManyRequests {
		c.limited.Store(true)
	}
	a.read(response.Body)
	return a
}

// read decodes and hashes the body, up to the limit.
func (a *answer) read(body io.Reader) {
	wire := &faultReader{reader: body}
	coded := strings.ToLower(strings.Join(a.header.Values("Content-Encoding"), ", "))
	decoded, err := decode(coded, wire)
	if err != nil {
		a.blame(wire, err)
		return
	}
	if closer, ok := decoded.(interface{ Close() }); ok {
		defer closer.Close() // zstd
	}
	limited := &io.LimitedReader{R: decoded, N: a.limit + 1}
	hash := sha256.New()
	if a.coding == "identity" && a.round == 0 && a.vantage == 0 {
		a.body, err = io.ReadAll(io.TeeReader(limited, hash))
	} else {
		_, err = io.Copy(hash, limited)
	}
	if err != nil {
		a.blame(wire, err)
		return
	}
	a.over = limited.N == 0
	a.sum = hex.EncodeToString(hash.Sum(nil))
}

// blame tells a broken connection from a body that is not what its content
// coding says.
func (a *answer) blame(wire *faultReader, err error) {
	if wire.err != nil {
		a.err = plainError(wire.err)
		return
	}
	a.fault = err
}

// faultReader remembers the error of a reader, other than its end.
type faultReader struct {
	reader io.Reader
	err    error
}

func (f *faultReader) Read(p []byte) (int, error) {
	n, err := f.reader.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// plainError says why there was no answer, without the address.
func plainError(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no complete answer in time")
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the answer ended too early")
	}
	return err
}
