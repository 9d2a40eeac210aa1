// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// Bounds of what is said about the audit log.
const (
	maxEntries    = 100     // entries in one answer
	maxHashes     = 128     // hashes in one proof (RFC 6962, section 2.1)
	maxWord       = 1024    // bytes of a text of an entry
	maxNote       = 8192    // bytes of a checkpoint
	maxBundlePart = 1 << 19 // bytes of a part of a bundle
	hashLength    = 44      // base64 of a SHA-256 hash, as in checkpoints
	leafLength    = 43      // base64url of a SHA-256 hash
)

// AuditListRequest asks for entries.
type AuditListRequest struct {
	From  int64
	Limit int64
}

func (m *AuditListRequest) fields() []Field {
	return []Field{
		integer("from", &m.From, "Sequence number to begin at. The oldest entry if left out.", within(1, maxInteger), optional()),
		integer("limit", &m.Limit, "Most entries to return; 100 if left out.", within(1, maxEntries), optional()),
	}
}

// AuditListResponse is a page of the log.
type AuditListResponse struct {
	Entries []AuditEntry
	First   int64
	Size    int64
}

func (m *AuditListResponse) fields() []Field {
	return []Field{
		objects("entries", &m.Entries, "The entries, oldest first.", within(0, maxEntries)),
		integer("first", &m.First, "Sequence number of the oldest entry that was not pruned."),
		integer("size", &m.Size, "How many entries the log has had. The newest has the sequence number size - 1."),
	}
}

// AuditEntry is an entry of the log, as package auditlog specifies it.
type AuditEntry struct {
	Seq, Time                                                             int64
	User, Origin, Method, Key, Outcome, Request, Session, Release, Detail string
	Repeats                                                               int64
	Signer                                                                string
}

func (m *AuditEntry) fields() []Field {
	word := func(name string, p *string, doc string) Field { return text(name, p, doc, maxLen(maxWord), optional()) }
	return []Field{
		integer("seq", &m.Seq, "Sequence number, from 0."),
		integer("time", &m.Time, "When it happened, in seconds since 1970."),
		word("user", &m.User, "Id of the user whose log it is."),
		word("origin", &m.Origin, "Who asked."),
		word("method", &m.Method, "What was asked for."),
		word("key", &m.Key, "Id of the key that it concerns."),
		text("outcome", &m.Outcome, "\"ok\" or why not, in one word.", maxLen(maxWord)),
		word("request", &m.Request, "Id of the request on its port."),
		word("session", &m.Session, "Id of the session in which it happened."),
		word("release", &m.Release, "Digest of the release that ran."),
		integer("repeats", &m.Repeats, "How many like it the entry stands for.", within(1, maxInteger), optional()),
		word("detail", &m.Detail, "More about it, in fixed words."),
		word("signer", &m.Signer, "Id of the key that signed it."),
	}
}

// AuditExportRequest asks for a part of the bundle.
type AuditExportRequest struct {
	From int64
	Size int64
}

func (m *AuditExportRequest) fields() []Field {
	return []Field{
		integer("from", &m.From, "The next of the part before. Left out for the first part.", within(1, maxInteger), optional()),
		integer("size", &m.Size, "The size of the part before. Left out for the first part.", within(1, maxInteger), optional()),
	}
}

// AuditExportResponse is a part of the bundle.
type AuditExportResponse struct {
	Text string
	Size int64
	Next int64
}

func (m *AuditExportResponse) fields() []Field {
	return []Field{
		text("text", &m.Text, "This part of the bundle: whole lines.", maxLen(maxBundlePart)),
		integer("size", &m.Size, "How many entries the bundle is of. Entries that come meanwhile are not in it."),
		integer("next", &m.Next, "Where the next part begins. Left out with the last part.", within(1, maxInteger), optional()),
	}
}

// AuditCheckpointRequest asks for the newest checkpoint.
type AuditCheckpointRequest struct{}

func (m *AuditCheckpointRequest) fields() []Field { return nil }

// CheckpointMessage is a checkpoint: an answer, and the event "checkpoint".
type CheckpointMessage struct {
	User string
	Size int64
	Note string
}

func (m *CheckpointMessage) fields() []Field {
	return []Field{
		userField(&m.User, "Id of the user whose log it is."),
		integer("size", &m.Size, "How many entries the log has had."),
		text("checkpoint", &m.Note, "The signed note. kmsverify audit --since takes it as it is.", maxLen(maxNote)),
	}
}

// What the member kind of audit.prove says.
const (
	ProofInclusion   = "inclusion"
	ProofConsistency = "consistency"
)

// AuditProveRequest asks for one proof.
type AuditProveRequest struct {
	Kind string
	Of   int64
	Size int64
}

func (m *AuditProveRequest) fields() []Field {
	return []Field{
		text("kind", &m.Kind, "inclusion: an entry is in the log. consistency: the log only grew since an earlier checkpoint.",
			oneOf(ProofInclusion, ProofConsistency)),
		integer("of", &m.Of, "Sequence number of the entry, or size of the earlier checkpoint."),
		integer("size", &m.Size, "Size of the tree that the proof leads to. The newest if left out.", within(1, maxInteger), optional()),
	}
}

// AuditProveResponse is a proof.
type AuditProveResponse struct {
	Leaf       string
	Hashes     []string
	Checkpoint string
}

func (m *AuditProveResponse) fields() []Field {
	return []Field{
		text("leaf", &m.Leaf, "The entry's leaf hash; only in an inclusion proof.", exactly(leafLength), base64URL(), optional()),
		texts("hashes", &m.Hashes, "The proof: hashes in base64url, in the order of RFC 6962, section 2.1.", within(0, maxHashes)),
		text("checkpoint", &m.Checkpoint, "The signed note of the tree that the proof leads to, if that is the newest.", maxLen(maxNote), optional()),
	}
}

// AuditPruneRequest asks to delete old entries.
type AuditPruneRequest struct {
	Before int64
}

func (m *AuditPruneRequest) fields() []Field {
	return []Field{integer("before", &m.Before, "Sequence number of the first entry to keep.", within(1, maxInteger))}
}

// AuditPruneResponse says what was deleted.
type AuditPruneResponse struct {
	Pruned int64
}

func (m *AuditPruneResponse) fields() []Field {
	return []Field{integer("pruned", &m.Pruned, "How many entries were deleted now.")}
}
