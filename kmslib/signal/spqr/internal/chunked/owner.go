// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chunked

import (
	"io"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/braid"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/erasure"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/field"
)

type keysUnsampled struct{ braid.KeysUnsampled }

func (p keysUnsampled) epoch() uint64 { return p.Epoch }

func (p keysUnsampled) send(random io.Reader) (phase, sent, error) {
	next, header, err := p.SendHeader(random)
	if err != nil {
		return nil, sent{}, err
	}
	return keysSampled{next, erasure.NewEncoder(header, 0)}.send(random)
}

func (p keysUnsampled) receive(field.Kind, erasure.Chunk) (phase, *braid.Secret, error) {
	return p, nil, nil
}

type keysSampled struct {
	braid.HeaderSent
	header erasure.Encoder
}

func (p keysSampled) epoch() uint64 { return p.Epoch }

func (p keysSampled) send(io.Reader) (phase, sent, error) {
	var chunk erasure.Chunk
	p.header, chunk = p.header.Next()
	return p, sent{kind: field.Header, chunk: chunk}, nil
}

func (p keysSampled) receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error) {
	if kind != field.Ciphertext1 { // which shows that the header arrived
		return p, nil, nil
	}
	next, key := p.SendKey()
	return headerSent{next, erasure.NewEncoder(key, 0), erasure.NewDecoder(ciphertext1Chunks)}.receive(kind, chunk)
}

type headerSent struct {
	braid.KeySent
	key         erasure.Encoder
	ciphertext1 erasure.Decoder
}

func (p headerSent) epoch() uint64 { return p.Epoch }

func (p headerSent) send(io.Reader) (phase, sent, error) {
	var chunk erasure.Chunk
	p.key, chunk = p.key.Next()
	return p, sent{kind: field.Key, chunk: chunk}, nil
}

func (p headerSent) receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error) {
	if kind != field.Ciphertext1 {
		return p, nil, nil
	}
	p.ciphertext1 = p.ciphertext1.Add(chunk)
	if !p.ciphertext1.Complete() {
		return p, nil, nil
	}
	return ciphertext1Received{p.ReceiveCiphertext1(p.ciphertext1.Message()), p.key}, nil, nil
}

type ciphertext1Received struct {
	braid.Ciphertext1Received
	key erasure.Encoder
}

func (p ciphertext1Received) epoch() uint64 { return p.Epoch }

func (p ciphertext1Received) send(io.Reader) (phase, sent, error) {
	var chunk erasure.Chunk
	p.key, chunk = p.key.Next()
	return p, sent{kind: field.KeyAcknowledge, chunk: chunk}, nil
}

func (p ciphertext1Received) receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error) {
	if kind != field.Ciphertext2 { // which shows that t̂ arrived
		return p, nil, nil
	}
	return keySentCiphertext1Received{p.Ciphertext1Received, erasure.NewDecoder(ciphertext2Chunks)}.receive(kind, chunk)
}

type keySentCiphertext1Received struct {
	braid.Ciphertext1Received
	ciphertext2 erasure.Decoder
}

func (p keySentCiphertext1Received) epoch() uint64 { return p.Epoch }

func (p keySentCiphertext1Received) send(io.Reader) (phase, sent, error) {
	return p, sent{kind: field.Acknowledge}, nil
}

func (p keySentCiphertext1Received) receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error) {
	if kind != field.Ciphertext2 {
		return p, nil, nil
	}
	p.ciphertext2 = p.ciphertext2.Add(chunk)
	if !p.ciphertext2.Complete() {
		return p, nil, nil
	}
	next, secret, err := p.ReceiveCiphertext2(p.ciphertext2.Message())
	if err != nil {
		return nil, nil, err
	}
	return collectHeader(next), &secret, nil
}
