// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"encoding/base64"

	"ats.run/kms-enclave/kmslib/vault"
)

// exportPart is about how many bytes of a bundle one answer carries.
const exportPart = maxBundlePart / 2

// AuditList returns a page of the open user's log.
func (s *Service) AuditList(ctx context.Context, caller Caller, q *AuditListRequest) (*AuditListResponse, error) {
	limit := q.Limit
	if limit == 0 {
		limit = maxEntries
	}
	page, err := s.vault.AuditList(ctx, caller.asker(), q.From, limit)
	if err != nil {
		return nil, refusalOf(err)
	}
	response := &AuditListResponse{First: page.First, Size: page.Size, Entries: make([]AuditEntry, len(page.Entries))}
	for i := range page.Entries {
		response.Entries[i] = auditEntry(&page.Entries[i])
	}
	return response, nil
}

func auditEntry(e *vault.AuditEntry) AuditEntry {
	return AuditEntry{
		Seq: e.Seq, Time: e.Time, User: e.User, Origin: e.Origin, Method: e.Method, Key: e.Key, Outcome: e.Outcome,
		Request: e.Request, Session: e.Session, Release: e.Release, Detail: e.Detail, Repeats: e.Repeats, Signer: e.Signer,
	}
}

// AuditExport returns a part of the bundle of the open user's log.
func (s *Service) AuditExport(ctx context.Context, caller Caller, q *AuditExportRequest) (*AuditExportResponse, error) {
	part, err := s.vault.AuditExport(ctx, caller.asker(), q.From, q.Size, exportPart)
	if err != nil {
		return nil, refusalOf(err)
	}
	return &AuditExportResponse{Text: part.Text, Size: part.Size, Next: max(part.Next, 0)}, nil
}

// AuditCheckpoint returns the newest checkpoint of the open user's log.
func (s *Service) AuditCheckpoint(ctx context.Context, caller Caller, _ *AuditCheckpointRequest) (*CheckpointMessage, error) {
	session, open := s.vault.Session()
	if !open {
		return nil, refusalOf(vault.ErrLocked)
	}
	head, err := s.vault.AuditCheckpoint(ctx, caller.asker())
	if err != nil {
		return nil, refusalOf(err)
	}
	return &CheckpointMessage{User: session.User, Size: head.Size, Note: head.Checkpoint}, nil
}

// AuditProve returns a proof about the open user's log.
func (s *Service) AuditProve(ctx context.Context, caller Caller, q *AuditProveRequest) (*AuditProveResponse, error) {
	prove := s.vault.AuditProveConsistency
	if q.Kind == ProofInclusion {
		prove = s.vault.AuditProveInclusion
	}
	proof, err := prove(ctx, caller.asker(), q.Of, q.Size)
	if err != nil {
		return nil, refusalOf(err)
	}
	response := &AuditProveResponse{Checkpoint: proof.Checkpoint, Hashes: make([]string, len(proof.Hashes))}
	for i, hash := range proof.Hashes {
		response.Hashes[i] = base64.RawURLEncoding.EncodeToString(hash)
	}
	response.Leaf = base64.RawURLEncoding.EncodeToString(proof.Leaf)
	return response, nil
}

// AuditPrune deletes old entries of the open user's log.
func (s *Service) AuditPrune(ctx context.Context, caller Caller, q *AuditPruneRequest) (*AuditPruneResponse, error) {
	pruned, err := s.vault.AuditPrune(ctx, caller.asker(), q.Before)
	if err != nil {
		return nil, refusalOf(err)
	}
	return &AuditPruneResponse{Pruned: pruned}, nil
}
