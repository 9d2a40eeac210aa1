// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "context"

// SignalAttachmentBegin opens a stream.
func (s *Service) SignalAttachmentBegin(
	ctx context.Context, caller Caller, q *SignalAttachmentBeginRequest,
) (*SignalAttachmentBeginResponse, error) {
	stream, key, err := s.vault.AttachmentBegin(ctx, caller.asker(), q.Mode == ModeEncrypt, q.Key)
	if err != nil {
		return nil, s.refuse(ctx, caller, err)
	}
	return &SignalAttachmentBeginResponse{Stream: stream, Key: key}, nil
}

// SignalAttachmentUpdate takes a piece of a file.
func (s *Service) SignalAttachmentUpdate(
	ctx context.Context, caller Caller, q *SignalAttachmentUpdateRequest,
) (*SignalAttachmentPiece, error) {
	return s.piece(ctx, caller, q.Stream, q.Piece, false)
}

// SignalAttachmentFinish takes the last piece of a file.
func (s *Service) SignalAttachmentFinish(
	ctx context.Context, caller Caller, q *SignalAttachmentFinishRequest,
) (*SignalAttachmentPiece, error) {
	return s.piece(ctx, caller, q.Stream, q.Piece, true)
}

func (s *Service) piece(ctx context.Context, caller Caller, stream string, piece []byte, last bool) (*SignalAttachmentPiece, error) {
	ready, err := s.vault.AttachmentUpdate(ctx, caller.asker(), stream, piece, last)
	if err != nil {
		return nil, s.refuse(ctx, caller, err)
	}
	return &SignalAttachmentPiece{Piece: ready}, nil
}

// SignalAttachmentCancel ends a stream.
func (s *Service) SignalAttachmentCancel(ctx context.Context, caller Caller, q *SignalStreamRequest) (*SignalNothing, error) {
	if err := s.vault.AttachmentCancel(ctx, caller.asker(), q.Stream); err != nil {
		return nil, refusalOf(err)
	}
	return &SignalNothing{}, nil
}
