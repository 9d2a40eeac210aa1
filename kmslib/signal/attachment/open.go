// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attachment

import (
	"bytes"
	"context"
	"errors"

	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/secret"
)

// maxSealed is the length of a sealed file of MaxSize bytes.
var maxSealed = SealedSize(MaxSize)

// Opener opens one sealed file. One goroutine may use it at a time.
type Opener struct{ box secret.Box[opening] }

type opening struct {
	stream
	base       keys.Handle // of the attachment key
	associated []byte
}

// NewOpener begins to open a file that was sealed with key and associated data.
// The caller clears key. The error is ErrKey, or that of ops.
func NewOpener(ctx context.Context, ops keys.Ops, key, associated []byte) (*Opener, error) {
	base, err := importKey(ctx, ops, key)
	if err != nil {
		return nil, err
	}
	o := &opening{stream: stream{ops: ops}, base: base, associated: bytes.Clone(associated)}
	return &Opener{secret.NewBox(o)}, nil
}

// Write takes the next bytes of the sealed file, at most MaxChunk, and returns
// the plaintext that is authentic by now, perhaps none. The error is
// ErrAuthentication, ErrTooLarge, also for a file above MaxSize, ErrClosed, or
// that of the keys.Ops.
func (o *Opener) Write(ctx context.Context, sealed []byte) (plaintext []byte, err error) {
	return o.box.Expose().write(ctx, sealed)
}

// Close opens what is left and returns the end of the file. Only now it is known
// that there is no more. The errors are those of Write, and ErrTruncated.
func (o *Opener) Close(ctx context.Context) (plaintext []byte, err error) {
	return o.box.Expose().close(ctx)
}

func (o *opening) write(ctx context.Context, p []byte) ([]byte, error) {
	if err := o.accept(len(p), maxSealed); err != nil {
		return nil, err
	}
	var out []byte
	for {
		if p = o.fill(p, SegmentSize); len(p) == 0 { // a full buffer may be the last
			return out, nil
		}
		plaintext, err := o.open(ctx, false)
		if err != nil {
			clear(out)
			o.end()
			return nil, err
		}
		out = join(out, plaintext)
		o.next()
	}
}

func (o *opening) close(ctx context.Context) ([]byte, error) {
	if o.closed {
		return nil, ErrClosed
	}
	defer o.end()
	plaintext, err := o.open(ctx, true)
	if err == ErrAuthentication && len(o.buffer) == SegmentSize {
		// Not the last segment, or not authentic at all.
		if before, err := o.open(ctx, false); err == nil {
			clear(before)
			return nil, ErrTruncated
		}
	}
	return plaintext, err
}

// open opens the segment in the buffer, the first with its header.
func (o *opening) open(ctx context.Context, last bool) ([]byte, error) {
	segment := o.buffer
	if o.index == 0 {
		if len(segment) < headerSize {
			return nil, ErrTruncated
		}
		if err := o.begin(ctx, segment[:headerSize]); err != nil {
			return nil, err
		}
		segment = segment[headerSize:]
	}
	if len(segment) < keys.TagSize {
		return nil, ErrTruncated
	}
	plaintext, err := o.ops.Open(ctx, o.key, o.nonce(last), nil, segment)
	if errors.Is(err, keys.ErrOpen) {
		return nil, ErrAuthentication
	}
	return plaintext, err
}

// begin derives the key of the segments with the header.
func (o *opening) begin(ctx context.Context, header []byte) error {
	if header[0] != headerSize {
		return ErrAuthentication
	}
	key, err := o.ops.DeriveKey(ctx, o.base, header[1:1+saltSize], o.associated)
	if err != nil {
		return err
	}
	o.key, o.prefix = key, [prefixSize]byte(header[1+saltSize:])
	return nil
}

// end forgets everything.
func (o *opening) end() {
	o.stream.end()
	o.base, o.associated = nil, nil
}
