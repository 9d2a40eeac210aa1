// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attachment

import (
	"context"
	"io"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/secret"
)

// Sealer seals one file. One goroutine may use it at a time.
type Sealer struct{ box secret.Box[sealing] }

type sealing struct {
	stream
	header []byte // until it was returned
}

// NewSealer begins to seal a file with key, of KeySize bytes, which the caller
// clears, and which may seal many files. The associated data is authenticated
// and not in the sealed bytes; it may be empty. The error is ErrKey, that of
// random, or that of ops.
func NewSealer(ctx context.Context, ops keys.Ops, key, associated []byte, random io.Reader) (*Sealer, error) {
	base, err := importKey(ctx, ops, key)
	if err != nil {
		return nil, err
	}
	header := make([]byte, headerSize)
	header[0] = headerSize
	if _, err := io.ReadFull(random, header[1:]); err != nil {
		return nil, err
	}
	s := &sealing{header: header, stream: stream{ops: ops, prefix: [prefixSize]byte(header[1+saltSize:])}}
	s.key, err = ops.DeriveKey(ctx, base, header[1:1+saltSize], associated)
	if err != nil {
		return nil, err
	}
	return &Sealer{secret.NewBox(s)}, nil
}

// Write takes the next bytes of the file, at most MaxChunk, and returns the
// sealed bytes that are ready, perhaps none. The error is ErrTooLarge, also for a
// file above MaxSize, ErrClosed, or that of the keys.Ops.
func (s *Sealer) Write(ctx context.Context, plaintext []byte) (sealed []byte, err error) {
	return s.box.Expose().write(ctx, plaintext)
}

// Close seals what is left and returns the end of the sealed file. The errors
// are those of Write.
func (s *Sealer) Close(ctx context.Context) (sealed []byte, err error) {
	return s.box.Expose().close(ctx)
}

func (s *sealing) write(ctx context.Context, p []byte) ([]byte, error) {
	if err := s.accept(len(p), MaxSize); err != nil {
		return nil, err
	}
	out := s.takeHeader()
	for {
		if p = s.fill(p, s.room()); len(p) == 0 { // a full buffer may be the last
			return out, nil
		}
		sealed, err := s.seal(ctx, false)
		if err != nil {
			return nil, err
		}
		out = join(out, sealed)
		s.next()
	}
}

func (s *sealing) close(ctx context.Context) ([]byte, error) {
	if s.closed {
		return nil, ErrClosed
	}
	defer s.end()
	out := s.takeHeader()
	sealed, err := s.seal(ctx, true)
	if err != nil {
		return nil, err
	}
	return join(out, sealed), nil
}

// room is how much plaintext the current segment takes.
func (s *sealing) room() int {
	if s.index == 0 {
		return SegmentSize - keys.TagSize - headerSize
	}
	return SegmentSize - keys.TagSize
}

// seal seals the buffer. If that fails, nothing more is sealed: another segment
// of other content could get the same nonce.
func (s *sealing) seal(ctx context.Context, last bool) ([]byte, error) {
	sealed, err := s.ops.Seal(ctx, s.key, s.nonce(last), nil, s.buffer)
	if err != nil {
		s.end()
		return nil, err
	}
	return sealed, nil
}

// takeHeader returns the header, once.
func (s *sealing) takeHeader() []byte {
	header := s.header
	s.header = nil
	return header
}
