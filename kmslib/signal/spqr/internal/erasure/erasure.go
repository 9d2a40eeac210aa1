// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package erasure

import "slices"

const (
	// ChunkSize is the size in bytes of a chunk.
	ChunkSize = 32

	// MaxIndex is the greatest index of a chunk, the last element of the field.
	MaxIndex = 1<<16 - 1
)

// Chunk is one chunk of a message.
type Chunk struct {
	Index uint16
	Data  [ChunkSize]byte
}

// Encoder makes the chunks of one message. It is a value: Next returns the
// Encoder of the chunks after.
type Encoder struct {
	message []byte
	next    uint16
}

// NewEncoder returns an Encoder of message, which it keeps, that begins with the
// chunk next. The length must be a multiple of ChunkSize.
func NewEncoder(message []byte, next uint16) Encoder { return Encoder{message, next} }

// Message returns the message itself, not a copy.
func (e Encoder) Message() []byte { return e.message }

// Position returns the index of the chunk that comes next.
func (e Encoder) Position() uint16 { return e.next }

// Next returns the next chunk. After the last index comes 0 again.
func (e Encoder) Next() (Encoder, Chunk) {
	chunk := Chunk{Index: e.next}
	if start := int(e.next) * ChunkSize; start < len(e.message) {
		copy(chunk.Data[:], e.message[start:])
	} else {
		points := make([]uint16, len(e.message)/ChunkSize)
		for i := range points {
			points[i] = uint16(i)
		}
		for i, factor := range newBasis(points).at(e.next) {
			addProduct(&chunk.Data, factor, e.message[i*ChunkSize:])
		}
	}
	e.next++
	return e, chunk
}

// Decoder collects chunks of one message. It is a value: Add returns the Decoder
// that has one more.
type Decoder struct {
	size   int
	chunks []Chunk // distinct, at most size, in order of arrival; never changed
}

// NewDecoder returns a Decoder, without any chunk, of a message of size chunks.
func NewDecoder(size int) Decoder { return Decoder{size: size} }

// Collected returns the Decoder that has chunks, which it keeps; false if an index
// occurs twice or they are more than the message has.
func Collected(size int, chunks []Chunk) (Decoder, bool) {
	d := Decoder{size: size}
	for i := range chunks {
		if d.has(chunks[i].Index) {
			return Decoder{}, false
		}
		d.chunks = chunks[:i+1]
	}
	return d, len(chunks) <= size
}

// Size returns how many chunks the message has.
func (d Decoder) Size() int { return d.size }

// Chunks returns the chunks that came, in order of arrival. The caller must not
// change them.
func (d Decoder) Chunks() []Chunk { return d.chunks }

// Complete says whether the message can be decoded.
func (d Decoder) Complete() bool { return len(d.chunks) == d.size }

// Add returns a Decoder that has chunk too. It keeps the chunks it has: what
// comes once more, or when it is complete, changes nothing.
func (d Decoder) Add(chunk Chunk) Decoder {
	if d.Complete() || d.has(chunk.Index) {
		return d
	}
	d.chunks = append(slices.Clip(d.chunks), chunk)
	return d
}

func (d Decoder) has(index uint16) bool {
	return slices.ContainsFunc(d.chunks, func(c Chunk) bool { return c.Index == index })
}

// Message returns the message, the caller's own; nil if the Decoder is not
// complete.
func (d Decoder) Message() []byte {
	if !d.Complete() {
		return nil
	}
	message := make([]byte, d.size*ChunkSize)
	points := make([]uint16, d.size)
	for i := range d.chunks {
		points[i] = d.chunks[i].Index
		if start := int(points[i]) * ChunkSize; start < len(message) {
			copy(message[start:], d.chunks[i].Data[:])
		}
	}
	var b basis
	for k := range d.size {
		if d.has(uint16(k)) {
			continue
		}
		if b.points == nil {
			b = newBasis(points)
		}
		chunk := (*[ChunkSize]byte)(message[k*ChunkSize:])
		for i, factor := range b.at(uint16(k)) {
			addProduct(chunk, factor, d.chunks[i].Data[:])
		}
	}
	return message
}
