// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package proto

import "encoding/binary"

// Writer writes fields one after another; the caller writes them in the order
// of their numbers. The zero Writer is empty. What it outgrows, it clears.
type Writer struct{ buffer []byte }

// NewWriter returns a Writer with room for capacity bytes, which begins with
// prefix.
func NewWriter(capacity int, prefix ...byte) *Writer {
	return &Writer{append(make([]byte, 0, capacity+len(prefix)), prefix...)}
}

const (
	typeVarint  = 0
	typeFixed64 = 1
	typeBytes   = 2
	typeFixed32 = 5
)

// Uint writes a number, also 0.
func (w *Writer) Uint(field int, v uint64) {
	w.reserve(2 * binary.MaxVarintLen64)
	w.tag(field, typeVarint)
	w.buffer = binary.AppendUvarint(w.buffer, v)
}

// Bool writes 1 if v, else 0.
func (w *Writer) Bool(field int, v bool) {
	var n uint64
	if v {
		n = 1
	}
	w.Uint(field, n)
}

// Bytes writes bytes, also none.
func (w *Writer) Bytes(field int, b []byte) {
	w.reserve(2*binary.MaxVarintLen64 + len(b))
	w.tag(field, typeBytes)
	w.buffer = binary.AppendUvarint(w.buffer, uint64(len(b)))
	w.buffer = append(w.buffer, b...)
}

// Message writes what f writes, as one field. It is written in place and then
// makes room for its length, so that no copy of it is left.
func (w *Writer) Message(field int, f func(*Writer)) {
	w.reserve(binary.MaxVarintLen64)
	w.tag(field, typeBytes)
	start := len(w.buffer)
	f(w)
	end := len(w.buffer)
	w.reserve(binary.MaxVarintLen64)
	w.buffer = binary.AppendUvarint(w.buffer, uint64(end-start))
	var length [binary.MaxVarintLen64]byte
	n := copy(length[:], w.buffer[end:])
	copy(w.buffer[start+n:], w.buffer[start:end])
	copy(w.buffer[start:], length[:n])
}

// Finish returns all that was written. The Writer is empty then.
func (w *Writer) Finish() []byte {
	b := w.buffer
	w.buffer = nil
	return b
}

func (w *Writer) tag(field, wireType int) {
	w.buffer = binary.AppendUvarint(w.buffer, uint64(field)<<3|uint64(wireType))
}

// reserve makes room for n bytes, so that append never leaves a copy behind.
func (w *Writer) reserve(n int) {
	if cap(w.buffer)-len(w.buffer) >= n {
		return
	}
	old := w.buffer
	w.buffer = append(make([]byte, 0, 2*len(old)+n), old...)
	clear(old)
}
