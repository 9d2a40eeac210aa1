// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "ats.run/kms-enclave/kmslib/signal/attachment"

// What the member mode of signal.attachment.begin says.
const (
	ModeEncrypt = "encrypt"
	ModeDecrypt = "decrypt"
)

const (
	maxPiece  = 2 * attachment.SegmentSize // bytes that one piece makes ready: a segment that waited, and its own
	maxStream = 64                         // bytes of the id of a stream
)

// SignalAttachmentBeginRequest asks for a stream.
type SignalAttachmentBeginRequest struct {
	Mode string
	Key  []byte
}

func (m *SignalAttachmentBeginRequest) fields() []Field {
	return []Field{text("mode", &m.Mode, "What is done with the file.", oneOf(ModeEncrypt, ModeDecrypt))}
}

func (m *SignalAttachmentBeginRequest) bodies() Bodies {
	return body(&m.Key, "The key of the file: to decrypt, what its sender gave; to encrypt, leave it out for a fresh one.").
		sized(attachment.KeySize, attachment.KeySize).orNone()
}

// SignalAttachmentBeginResponse is a stream.
type SignalAttachmentBeginResponse struct {
	Stream string
	Key    []byte
}

func (m *SignalAttachmentBeginResponse) fields() []Field { return []Field{streamField(&m.Stream)} }
func (m *SignalAttachmentBeginResponse) bodies() Bodies {
	return body(&m.Key, "The fresh key of the file, if one was made: send it to the recipients inside a message.").
		sized(attachment.KeySize, attachment.KeySize).orNone()
}

// SignalAttachmentUpdateRequest has a piece of the file.
type SignalAttachmentUpdateRequest struct {
	Stream string
	Piece  []byte
}

func (m *SignalAttachmentUpdateRequest) fields() []Field { return []Field{streamField(&m.Stream)} }
func (m *SignalAttachmentUpdateRequest) bodies() Bodies {
	return body(&m.Piece, "The next piece of the file.").sized(0, attachment.MaxChunk)
}

// SignalAttachmentFinishRequest has the last piece of the file.
type SignalAttachmentFinishRequest struct {
	Stream string
	Piece  []byte
}

func (m *SignalAttachmentFinishRequest) fields() []Field { return []Field{streamField(&m.Stream)} }
func (m *SignalAttachmentFinishRequest) bodies() Bodies {
	return body(&m.Piece, "The last piece of the file, if it was not given yet.").sized(0, attachment.MaxChunk).orNone()
}

// SignalAttachmentPiece is what is ready.
type SignalAttachmentPiece struct {
	Piece []byte
}

func (m *SignalAttachmentPiece) fields() []Field { return nil }
func (m *SignalAttachmentPiece) bodies() Bodies {
	return body(&m.Piece, "What is ready of the other side of the file; may be empty.").sized(0, maxPiece)
}

// SignalStreamRequest names a stream.
type SignalStreamRequest struct {
	Stream string
}

func (m *SignalStreamRequest) fields() []Field { return []Field{streamField(&m.Stream)} }

func streamField(p *string) Field {
	return text("stream", p, "Id of the stream.", maxLen(maxStream), visible())
}
