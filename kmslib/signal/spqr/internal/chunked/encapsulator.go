// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chunked

import (
	"io"

	"ats.run/kms-enclave/kmslib/signal/spqr/internal/braid"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/erasure"
	"ats.run/kms-enclave/kmslib/signal/spqr/internal/field"
)

type noHeaderReceived struct {
	braid.NoHeaderReceived
	header erasure.Decoder
}

func collectHeader(s braid.NoHeaderReceived) noHeaderReceived {
	return noHeaderReceived{s, erasure.NewDecoder(headerChunks)}
}

func (p noHeaderReceived) epoch() uint64 { return p.Epoch }

func (p noHeaderReceived) send(io.Reader) (phase, sent, error) { return p, sent{}, nil }

func (p noHeaderReceived) receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error) {
	if kind != field.Header {
		return p, nil, nil
	}
	p.header = p.header.Add(chunk)
	if !p.header.Complete() {
		return p, nil, nil
	}
	next, err := p.ReceiveHeader(p.header.Message())
	if err != nil {
		return nil, nil, err
	}
	return headerReceived{next}, nil, nil
}

type headerReceived struct{ braid.HeaderReceived }

func (p headerReceived) epoch() uint64 { return p.Epoch }

func (p headerReceived) send(random io.Reader) (phase, sent, error) {
	next, ciphertext1, secret, err := p.SendCiphertext1(random)
	if err != nil {
		return nil, sent{}, err
	}
	after, out, err := ciphertext1Sampled{next, erasure.NewEncoder(ciphertext1, 0), erasure.NewDecoder(keyChunks)}.send(random)
	out.secret = &secret
	return after, out, err
}

func (p headerReceived) receive(field.Kind, erasure.Chunk) (phase, *braid.Secret, error) {
	return p, nil, nil
}

type ciphertext1Sampled struct {
	braid.Ciphertext1Sent
	ciphertext1 erasure.Encoder
	key         erasure.Decoder
}

func (p ciphertext1Sampled) epoch() uint64 { return p.Epoch }

func (p ciphertext1Sampled) send(io.Reader) (phase, sent, error) {
	var chunk erasure.Chunk
	p.ciphertext1, chunk = p.ciphertext1.Next()
	return p, sent{kind: field.Ciphertext1, chunk: chunk}, nil
}

func (p ciphertext1Sampled) receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error) {
	switch kind {
	case field.KeyAcknowledge:
		return ciphertext1Acknowledged{p.Ciphertext1Sent, p.key}.receive(kind, chunk)
	case field.Key:
	default:
		return p, nil, nil
	}
	p.key = p.key.Add(chunk)
	if !p.key.Complete() {
		return p, nil, nil
	}
	next, ciphertext2, err := p.ReceiveKey(p.key.Message())
	if err != nil {
		return nil, nil, err
	}
	return keyReceivedCiphertext1Sampled{next, p.ciphertext1, ciphertext2}, nil, nil
}

type keyReceivedCiphertext1Sampled struct {
	braid.Ciphertext2Sent
	ciphertext1 erasure.Encoder
	ciphertext2 []byte // with MAC; never changed
}

func (p keyReceivedCiphertext1Sampled) epoch() uint64 { return p.Epoch }

func (p keyReceivedCiphertext1Sampled) send(io.Reader) (phase, sent, error) {
	var chunk erasure.Chunk
	p.ciphertext1, chunk = p.ciphertext1.Next()
	return p, sent{kind: field.Ciphertext1, chunk: chunk}, nil
}

func (p keyReceivedCiphertext1Sampled) receive(kind field.Kind, _ erasure.Chunk) (phase, *braid.Secret, error) {
	if kind != field.KeyAcknowledge {
		return p, nil, nil
	}
	return ciphertext2Sampled{p.Ciphertext2Sent, erasure.NewEncoder(p.ciphertext2, 0)}, nil, nil
}

type ciphertext1Acknowledged struct {
	braid.Ciphertext1Sent
	key erasure.Decoder
}

func (p ciphertext1Acknowledged) epoch() uint64 { return p.Epoch }

func (p ciphertext1Acknowledged) send(io.Reader) (phase, sent, error) { return p, sent{}, nil }

func (p ciphertext1Acknowledged) receive(kind field.Kind, chunk erasure.Chunk) (phase, *braid.Secret, error) {
	if kind != field.Key && kind != field.KeyAcknowledge {
		return p, nil, nil
	}
	p.key = p.key.Add(chunk)
	if !p.key.Complete() {
		return p, nil, nil
	}
	next, ciphertext2, err := p.ReceiveKey(p.key.Message())
	if err != nil {
		return nil, nil, err
	}
	return ciphertext2Sampled{next, erasure.NewEncoder(ciphertext2, 0)}, nil, nil
}

type ciphertext2Sampled struct {
	braid.Ciphertext2Sent
	ciphertext2 erasure.Encoder
}

func (p ciphertext2Sampled) epoch() uint64 { return p.Epoch }

func (p ciphertext2Sampled) send(io.Reader) (phase, sent, error) {
	var chunk erasure.Chunk
	p.ciphertext2, chunk = p.ciphertext2.Next()
	return p, sent{kind: field.Ciphertext2, chunk: chunk}, nil
}

// receive leads nowhere: the edge to the next epoch is in State.Receive.
func (p ciphertext2Sampled) receive(field.Kind, erasure.Chunk) (phase, *braid.Secret, error) {
	return p, nil, nil
}
