// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// codings are the content codings that browsers accept (RFC 9110, 8.4.1),
// "identity" for none first. The two that need a dictionary are never asked
// for, so a host cannot use them.
var codings = []string{"identity", "gzip", "deflate", "br", "zstd"}

// destinations are what browsers ask for a file of a release for (Fetch, "destination"). A host could tell
// them apart, and serve to a worker what it does not serve to the check before it.
var destinations = []string{"iframe", "script", "worker", "empty"}

// way is one way of asking for a path.
type way struct {
	coding  string   // content coding that is asked for
	dest    string   // destination of a browser's request, or "" for a plain one
	visitor *visitor // whose request it is, or nil
}

// plain is a request without content coding, by no browser.
var plain = way{coding: "identity"}

// ways returns every way in which each path is asked for, the plainest first.
func ways() []way {
	var all []way
	for _, coding := range codings {
		all = append(all, way{coding: coding})
	}
	for _, dest := range destinations {
		all = append(all, way{coding: "gzip", dest: dest})
	}
	return all
}

// String says in what way, for people.
func (w way) String() string {
	if w.visitor != nil {
		return "as " + w.visitor.name
	}
	if w.dest == "" {
		return "when asked for " + w.coding
	}
	return "when asked as browsers ask for the destination " + w.dest
}

// head sets the request's header fields that tell the way.
func (w way) head(header http.Header) {
	header.Set("User-Agent", "kmsverify")
	header.Set("Accept-Encoding", w.coding)
	if w.dest == "" {
		return
	}
	header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	mode, from := "same-origin", "same-origin"
	switch w.dest {
	case "iframe":
		mode, from = "navigate", "cross-site"
	case "script":
		mode = "cors"
	}
	header.Set("Sec-Fetch-Dest", w.dest)
	header.Set("Sec-Fetch-Mode", mode)
	header.Set("Sec-Fetch-Site", from)
}

// zstdWindow is the largest window that browsers accept (RFC 8878, 3.1.1.1.2).
const zstdWindow = 8 << 20

var errCoding = errors.New("a content coding that was not asked for")

// decode returns a reader of what body is without the content coding. Its
// memory is bounded; how much it yields is for the caller to bound.
func decode(coding string, body io.Reader) (io.Reader, error) {
	switch coding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(body)
	case "deflate":
		return zlib.NewReader(body)
	case "br":
		return brotli.NewReader(body), nil
	case "zstd":
		return zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow))
	default:
		return nil, errCoding
	}
}
