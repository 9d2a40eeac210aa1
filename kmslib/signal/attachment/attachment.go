// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attachment

import (
	"context"
	"encoding/binary"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
)

// Sizes in bytes.
const (
	KeySize     = 32
	SegmentSize = 1 << 20     // sealed; the first has the header in it
	MaxSize     = 100 << 20   // of a file: what a page can still hold at once
	MaxChunk    = SegmentSize // of one Write, to bound what it returns and holds
)

const (
	saltSize   = 32
	prefixSize = keys.NonceSize - 4 - 1 // index and mark of the last
	headerSize = 1 + saltSize + prefixSize
)

// Errors that callers tell apart with errors.Is.
var (
	ErrKey            = errors.New("expected an attachment key of 32 bytes")
	ErrAuthentication = errors.New("the attachment was altered, or sealed with another key or associated data")
	ErrTruncated      = errors.New("the end of the attachment is missing")
	ErrTooLarge       = errors.New("the attachment or this piece of it is too large")
	ErrClosed         = errors.New("the attachment has ended or failed before")
)

// SealedSize returns how many bytes a file of n bytes has when it is sealed.
func SealedSize(n int64) int64 {
	const room = SegmentSize - keys.TagSize
	segments := (n + headerSize + room - 1) / room
	return n + headerSize + segments*keys.TagSize
}

// stream is what sealing and opening have in common.
type stream struct {
	ops    keys.Ops
	key    keys.Handle // of the segments
	prefix [prefixSize]byte
	index  uint32 // of the segment that buffer belongs to
	buffer []byte
	total  int64 // bytes that were written
	closed bool
}

// accept says whether n more bytes may be written, of at most most in all.
func (s *stream) accept(n int, most int64) error {
	switch {
	case s.closed:
		return ErrClosed
	case n > MaxChunk || s.total+int64(n) > most:
		return ErrTooLarge
	}
	s.total += int64(n)
	return nil
}

// fill moves bytes from the front of p to the buffer until that has size bytes,
// and returns the rest of p.
func (s *stream) fill(p []byte, size int) []byte {
	n := min(len(p), size-len(s.buffer))
	s.buffer = append(s.buffer, p[:n]...)
	return p[n:]
}

// next empties the buffer for the next segment.
func (s *stream) next() {
	clear(s.buffer)
	s.buffer = s.buffer[:0]
	s.index++
}

// nonce returns the nonce of the segment in the buffer.
func (s *stream) nonce(last bool) []byte {
	nonce := append(make([]byte, 0, keys.NonceSize), s.prefix[:]...)
	nonce = binary.BigEndian.AppendUint32(nonce, s.index)
	if last {
		return append(nonce, 1)
	}
	return append(nonce, 0)
}

// end forgets everything.
func (s *stream) end() {
	clear(s.buffer)
	*s = stream{closed: true}
}

// join appends piece to out, without a copy if it is the first.
func join(out, piece []byte) []byte {
	if len(out) == 0 {
		return piece
	}
	return append(out, piece...)
}

// importKey returns the base secret of an attachment key.
func importKey(ctx context.Context, ops keys.Ops, key []byte) (keys.Handle, error) {
	if len(key) != KeySize {
		return nil, ErrKey
	}
	return ops.ImportBase(ctx, key)
}
