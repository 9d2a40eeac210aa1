// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// AuditProof is an inclusion or a consistency proof, of RFC 6962 hashes.
type AuditProof struct {
	Leaf       []byte // leaf hash, for inclusion only
	Hashes     [][]byte
	Size       int64
	Checkpoint string // of the tree that the proof leads to
}

// AuditProveInclusion proves that the entry seq is in the tree of size; 0 is
// the newest.
func (v *Vault) AuditProveInclusion(ctx context.Context, a Asker, seq, size int64) (AuditProof, error) {
	proof, head, err := v.beginProof(ctx, a, size)
	if err != nil {
		return AuditProof{}, err
	}
	if seq < 0 || seq >= proof.Size {
		return AuditProof{}, &InputError{"seq", "expected the number of an entry of the tree"}
	}
	r, err := v.readEntry(ctx, head.User, seq)
	if err != nil {
		return AuditProof{}, err
	}
	leaf := r.Leaf()
	proof.Leaf = leaf[:]
	hashes, err := merkle.InclusionProof(seq, proof.Size, v.hashes(ctx, head.User))
	return proof.with(hashes), err
}

// AuditProveConsistency proves that the tree of size old is the beginning of
// the tree of size; 0 is the newest.
func (v *Vault) AuditProveConsistency(ctx context.Context, a Asker, old, size int64) (AuditProof, error) {
	proof, head, err := v.beginProof(ctx, a, size)
	if err != nil {
		return AuditProof{}, err
	}
	if old < 0 || old > proof.Size {
		return AuditProof{}, &InputError{"old", "expected the size of an earlier tree"}
	}
	hashes, err := merkle.ConsistencyProof(old, proof.Size, v.hashes(ctx, head.User))
	return proof.with(hashes), err
}

func (v *Vault) beginProof(ctx context.Context, a Asker, size int64) (AuditProof, auditlog.Head, error) {
	log, err := v.readAudit(ctx, a)
	if err != nil {
		return AuditProof{}, log.head, err
	}
	if size == 0 {
		size = log.head.Size()
	}
	head, err := v.headAt(ctx, log.head, size)
	if err != nil {
		return AuditProof{}, head, err
	}
	checkpoint, err := head.Checkpoint()
	return AuditProof{Size: size, Checkpoint: checkpoint}, head, err
}

func (p AuditProof) with(hashes []merkle.Hash) AuditProof {
	for _, h := range hashes {
		p.Hashes = append(p.Hashes, h[:])
	}
	return p
}
