// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// codings are the content codings that browsers accept (RFC 9110, 8.4.1),
// "identity" for none first. The two that need a dictionary are never asked
// for, so a host cannot use them.
var codings = []string{"identity", "gzip", "deflate", "br", "zstd"}

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
