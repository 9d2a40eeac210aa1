// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"encoding/base64"
	"errors"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// MaxAuditPage is how many entries AuditList returns at most.
const MaxAuditPage = 256

// AuditPage is a part of the open user's log.
type AuditPage struct {
	Entries []AuditEntry
	First   int64 // sequence number of the oldest entry that was not pruned
	Size    int64 // how many entries the log has had
}

// AuditEntry is an entry of a page.
type AuditEntry struct {
	auditlog.Entry
	Delegated bool // signed by a delegated key, while the vault was locked
}

// auditState is the open user's log for reading.
type auditState struct {
	session *session
	user    record.User
	head    auditlog.Head
}

// readAudit returns the log of the open user, for the asking origin.
func (v *Vault) readAudit(ctx context.Context, a Asker) (auditState, error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return auditState{}, err
	}
	state, err := v.loadState(ctx, s.user)
	if err != nil {
		return auditState{}, err
	}
	v.touch(s)
	return auditState{s, state.user, state.head}, nil
}

// AuditList returns entries from sequence number from on, at most limit and
// MaxAuditPage. Entries that were pruned are left out.
func (v *Vault) AuditList(ctx context.Context, a Asker, from, limit int64) (AuditPage, error) {
	if from < 0 || limit < 1 {
		return AuditPage{}, &InputError{"from, limit", "expected 0 or more, and 1 or more"}
	}
	log, err := v.readAudit(ctx, a)
	if err != nil {
		return AuditPage{}, err
	}
	logID, err := auditlog.KeyID(log.user.Log)
	if err != nil {
		return AuditPage{}, damaged(usersCollection, err)
	}
	page := AuditPage{First: log.user.Kept, Size: log.head.Size()}
	from = max(from, page.First)
	records, err := v.scanAudit(ctx, log.user.ID, from, min(limit, MaxAuditPage), page.Size)
	if err != nil {
		return AuditPage{}, err
	}
	for _, r := range records {
		if r.Entry != nil {
			page.Entries = append(page.Entries, AuditEntry{*r.Entry, r.Signer != logID})
		}
	}
	return page, nil
}

// scanAudit returns at most limit records of a log from sequence number from on,
// and none at or beyond size.
func (v *Vault) scanAudit(ctx context.Context, user string, from, limit, size int64) ([]auditlog.Record, error) {
	limit = min(limit, size-from)
	if limit < 1 {
		return nil, nil
	}
	ref := auditRef(user, from)
	entries, err := v.config.Store.Scan(ctx, ref.Collection, ref.Key, int(limit))
	if err != nil {
		return nil, during("reading the log", err)
	}
	records := make([]auditlog.Record, 0, len(entries))
	for i, e := range entries {
		seq := from + int64(i)
		if e.Ref.Key != record.SequenceKey(seq) {
			return nil, &RecordError{ref.Collection, "an entry is missing"}
		}
		r, err := auditlog.ParseRecord(user, seq, e.Value)
		if err != nil {
			return nil, damaged(ref.Collection, err)
		}
		records = append(records, r)
	}
	if int64(len(records)) < limit {
		return nil, &RecordError{ref.Collection, "the last entries are missing"}
	}
	return records, nil
}

// readEntry returns the record of an entry.
func (v *Vault) readEntry(ctx context.Context, user string, seq int64) (auditlog.Record, error) {
	ref := auditRef(user, seq)
	stored, err := v.config.Store.Get(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return auditlog.Record{}, &RecordError{ref.Collection, "an entry is missing"}
	}
	if err != nil {
		return auditlog.Record{}, during("reading the log", err)
	}
	r, err := auditlog.ParseRecord(user, seq, stored.Value)
	if err != nil {
		return r, damaged(ref.Collection, err)
	}
	return r, nil
}

// hashes reads the tree of a log.
func (v *Vault) hashes(ctx context.Context, user string) merkle.HashReader {
	return auditlog.HashReader(func(seq int64) (auditlog.Record, error) { return v.readEntry(ctx, user, seq) })
}

// headAt returns the head as it was at a size.
func (v *Vault) headAt(ctx context.Context, head auditlog.Head, size int64) (auditlog.Head, error) {
	if size == head.Size() {
		return head, nil
	}
	if size < 1 || size > head.Size() {
		return head, &InputError{"size", "expected 1 to the number of entries"}
	}
	last, err := v.readEntry(ctx, head.User, size-1)
	if err != nil {
		return head, err
	}
	frontier, err := merkle.FrontierAt(size, v.hashes(ctx, head.User))
	if err != nil {
		return head, err
	}
	then := auditlog.Head{User: head.User, Frontier: frontier, Signer: last.Signer, Signature: last.Signature}
	if last.Entry != nil {
		then.Time = last.Entry.Time
	}
	return then, nil
}

// AuditHead is the state of the open user's log.
type AuditHead struct {
	Size       int64
	First      int64  // oldest entry that was not pruned
	Root       string // base64
	Key        string // the log's public key, base64url
	Checkpoint string // C2SP signed note
}

// AuditCheckpoint returns the newest checkpoint.
func (v *Vault) AuditCheckpoint(ctx context.Context, a Asker) (AuditHead, error) {
	log, err := v.readAudit(ctx, a)
	if err != nil {
		return AuditHead{}, err
	}
	checkpoint, err := log.head.Checkpoint()
	if err != nil {
		return AuditHead{}, err
	}
	root := log.head.Root()
	return AuditHead{
		Size: log.head.Size(), First: log.user.Kept,
		Root: base64.StdEncoding.EncodeToString(root[:]),
		Key:  auditlog.EncodePoint(log.user.Log), Checkpoint: checkpoint,
	}, nil
}
