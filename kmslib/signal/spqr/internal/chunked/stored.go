// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chunked

import (
	"encoding/binary"
	"math"

	"ats.run/kms-enclave/kmslib/signal/internal/proto"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/braid"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/erasure"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/kdf"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/splitkem"
)

// The stored form is a protocol buffer. Private keys are their seeds. Fields 5 to
// 11 are there as the layout of the state says.
//
//	1  number of the state, below
//	2  epoch
//	3  root of the authenticator, 32 bytes
//	4  its MAC key, 32 bytes
//	5  seed of the private key
//	6  header
//	7  message m that is encapsulated
//	8  ct1 that came, or ct2 ‖ MAC that waits
//	9  the message that is sent
//	10 the index of its next chunk
//	11 the chunks that came, each index, 2 bytes, big-endian ‖ 32 bytes
const (
	stateField = iota + 1
	epochField
	rootField
	macKeyField
	seedField
	headerField
	messageField
	ciphertextField
	sendingField
	nextField
	chunksField
)

// The numbers of the states.
const (
	keysUnsampledNumber = iota + 1
	keysSampledNumber
	headerSentNumber
	ciphertext1ReceivedNumber
	keySentCiphertext1ReceivedNumber
	noHeaderReceivedNumber
	headerReceivedNumber
	ciphertext1SampledNumber
	keyReceivedCiphertext1SampledNumber
	ciphertext1AcknowledgedNumber
	ciphertext2SampledNumber
)

// layout says which fields a state has, and their sizes in bytes; 0: absent. Of
// chunks it is the size of the message that they come from.
type layout struct{ seed, header, message, ciphertext, sending, receiving int }

var layouts = [ciphertext2SampledNumber + 1]layout{
	keysSampledNumber:                   {seed: splitkem.SeedSize, sending: braid.HeaderSize},
	headerSentNumber:                    {seed: splitkem.SeedSize, sending: braid.KeySize, receiving: braid.Ciphertext1Size},
	ciphertext1ReceivedNumber:           {seed: splitkem.SeedSize, ciphertext: braid.Ciphertext1Size, sending: braid.KeySize},
	keySentCiphertext1ReceivedNumber:    {seed: splitkem.SeedSize, ciphertext: braid.Ciphertext1Size, receiving: braid.Ciphertext2Size},
	noHeaderReceivedNumber:              {receiving: braid.HeaderSize},
	headerReceivedNumber:                {header: splitkem.HeaderSize},
	ciphertext1SampledNumber:            {header: splitkem.HeaderSize, message: splitkem.MessageSize, sending: braid.Ciphertext1Size, receiving: braid.KeySize},
	keyReceivedCiphertext1SampledNumber: {ciphertext: braid.Ciphertext2Size, sending: braid.Ciphertext1Size},
	ciphertext1AcknowledgedNumber:       {header: splitkem.HeaderSize, message: splitkem.MessageSize, receiving: braid.KeySize},
	ciphertext2SampledNumber:            {sending: braid.Ciphertext2Size},
}

// record is the union of all states. What a state does not have is nil or zero.
type record struct {
	number     uint64
	session    braid.Session
	seed       []byte
	header     []byte
	message    []byte
	ciphertext []byte
	sending    erasure.Encoder
	receiving  erasure.Decoder
}

const chunkSize = 2 + erasure.ChunkSize

// Store writes the stored form.
func (s State) Store(w *proto.Writer) {
	r := s.phase.record()
	w.Uint(stateField, r.number)
	w.Uint(epochField, r.session.Epoch)
	w.Bytes(rootField, r.session.Authenticator.Root[:])
	w.Bytes(macKeyField, r.session.Authenticator.Key[:])
	for i, b := range [][]byte{r.seed, r.header, r.message, r.ciphertext} {
		if b != nil {
			w.Bytes(seedField+i, b)
		}
	}
	if message := r.sending.Message(); message != nil {
		w.Bytes(sendingField, message)
		w.Uint(nextField, uint64(r.sending.Position()))
	}
	if r.receiving.Size() > 0 {
		chunks := r.receiving.Chunks()
		packed := make([]byte, 0, len(chunks)*chunkSize)
		for i := range chunks {
			packed = binary.BigEndian.AppendUint16(packed, chunks[i].Index)
			packed = append(packed, chunks[i].Data[:]...)
		}
		w.Bytes(chunksField, packed)
	}
}

// Load reads what Store wrote. It copies what it keeps. The error is a
// *proto.SyntaxError.
func Load(b []byte) (State, error) {
	var rec record
	var l layout
	var sending []byte
	var position uint64
	r := proto.NewStrictReader(b)
	exact := func(f proto.Field, size int) []byte { // what is absent in the layout is refused
		return append([]byte(nil), r.Bytes(f, max(size, 1), size)...)
	}
	for f, ok := r.Next(); ok; f, ok = r.Next() {
		if f.Number != stateField {
			r.Require(stateField)
		}
		switch f.Number {
		case stateField:
			rec.number = r.Uint(f, ciphertext2SampledNumber)
			l = layouts[rec.number]
		case epochField:
			rec.session.Epoch = r.Uint(f, math.MaxInt64)
		case rootField:
			copy(rec.session.Authenticator.Root[:], r.Bytes(f, kdf.Size, kdf.Size))
		case macKeyField:
			copy(rec.session.Authenticator.Key[:], r.Bytes(f, kdf.Size, kdf.Size))
		case seedField:
			rec.seed = exact(f, l.seed)
		case headerField:
			rec.header = exact(f, l.header)
		case messageField:
			rec.message = exact(f, l.message)
		case ciphertextField:
			rec.ciphertext = exact(f, l.ciphertext)
		case sendingField:
			sending = exact(f, l.sending)
		case nextField:
			position = r.Uint(f, erasure.MaxIndex)
		case chunksField:
			rec.receiving = loadChunks(r, f, l.receiving/erasure.ChunkSize)
		default:
			r.Unknown(f)
		}
	}
	l.require(r)
	if rec.session.Epoch == 0 || rec.number == 0 {
		r.Refuse(0, "expected an epoch and a state")
	}
	if err := r.Err(); err != nil {
		return State{}, err
	}
	if sending != nil {
		rec.sending = erasure.NewEncoder(sending, uint16(position))
	}
	state := State{rec.phase()}
	clear(rec.seed)
	clear(rec.message)
	return state, nil
}

// require refuses a record that lacks a field of the layout, or has the index of
// a message that is not there.
func (l layout) require(r *proto.Reader) {
	r.Require(stateField, epochField, rootField, macKeyField)
	for i, size := range []int{l.seed, l.header, l.message, l.ciphertext, l.sending, l.sending, l.receiving} {
		if r.Has(seedField+i) != (size > 0) {
			r.Refuse(seedField+i, "expected exactly in the states that have it")
		}
	}
}

// loadChunks reads the chunks of a message of size, some of which are missing.
func loadChunks(r *proto.Reader, f proto.Field, size int) erasure.Decoder {
	packed := r.Bytes(f, 0, max(size-1, 0)*chunkSize)
	if len(packed)%chunkSize != 0 {
		r.Refuse(f.Number, "not whole chunks")
		return erasure.Decoder{}
	}
	var chunks []erasure.Chunk
	if len(packed) > 0 {
		chunks = make([]erasure.Chunk, len(packed)/chunkSize)
	}
	for i := range chunks {
		from := packed[i*chunkSize:]
		chunks[i].Index = binary.BigEndian.Uint16(from)
		copy(chunks[i].Data[:], from[2:])
	}
	d, ok := erasure.Collected(size, chunks)
	if !ok {
		r.Refuse(f.Number, "a chunk more than once")
	}
	return d
}
