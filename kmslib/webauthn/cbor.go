// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webauthn

// The major types of CBOR (RFC 8949, section 3.1).
const (
	cborUint   = 0
	cborNegint = 1
	cborBytes  = 2
	cborText   = 3
	cborArray  = 4
	cborMap    = 5
	cborSimple = 7
)

// maxCBORDepth bounds the nesting (FIDO CTAP 2.1, section 8, has 4).
const maxCBORDepth = 8

// cborReader reads the CBOR that authenticators write: definite lengths, shortest
// heads, no tags. Once something else came, it has failed and returns zeros.
type cborReader struct {
	rest   []byte
	failed bool
}

// take returns the next n bytes.
func (r *cborReader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// head reads the major type and the argument of the next item.
func (r *cborReader) head() (major byte, argument uint64) {
	first := r.take(1)
	if r.failed {
		return 0, 0
	}
	major, low := first[0]>>5, first[0]&0x1f
	if low < 24 {
		return major, uint64(low)
	}
	if low > 27 { // reserved, or an indefinite length
		r.failed = true
		return 0, 0
	}
	size := uint64(1) << (low - 24)
	for _, b := range r.take(size) {
		argument = argument<<8 | uint64(b)
	}
	least := uint64(24) // that needs this size
	if size > 1 {
		least = 1 << (8 * size / 2)
	}
	if major != cborSimple && argument < least {
		r.failed = true
	}
	return major, argument
}

// integer reads an integer that fits 63 bits.
func (r *cborReader) integer() int64 {
	major, argument := r.head()
	if major != cborUint && major != cborNegint || argument > 1<<62 {
		r.failed = true
		return 0
	}
	if major == cborNegint {
		return -1 - int64(argument)
	}
	return int64(argument)
}

// byteString reads a byte string, without a copy.
func (r *cborReader) byteString() []byte {
	major, size := r.head()
	if major != cborBytes {
		r.failed = true
	}
	return r.take(size)
}

// mapSize reads the head of a map.
func (r *cborReader) mapSize() int {
	major, pairs := r.head()
	if major != cborMap || pairs > uint64(len(r.rest)) {
		r.failed = true
		return 0
	}
	return int(pairs)
}

// skipMap passes over one map.
func (r *cborReader) skipMap() {
	for range 2 * r.mapSize() {
		r.skip(maxCBORDepth)
	}
}

// skip passes over one item of any kind.
func (r *cborReader) skip(depth int) {
	if r.failed || depth == 0 {
		r.failed = true
		return
	}
	major, argument := r.head()
	switch major {
	case cborUint, cborNegint, cborSimple:
	case cborBytes, cborText:
		r.take(argument)
	case cborArray, cborMap:
		if argument > uint64(len(r.rest)) { // each item has a byte at least
			r.failed = true
			return
		}
		if major == cborMap {
			argument *= 2
		}
		for ; argument > 0 && !r.failed; argument-- {
			r.skip(depth - 1)
		}
	default:
		r.failed = true
	}
}
