// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"encoding/base64"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// Record is what is stored of one entry. One that was pruned has lost the entry
// and kept everything that the tree and its proofs need.
type Record struct {
	User      string
	Seq       int64
	Signer    string        // id of the key that made Signature
	Entry     *Entry        // nil if it was pruned
	Hashes    []merkle.Hash // of the subtrees that the entry completes, by level; the first is its leaf hash
	Signature []byte        // r ‖ s over the body of the checkpoint of the first Seq+1 entries
}

// Prune returns the record without its entry.
func (r Record) Prune() Record {
	r.Entry = nil
	return r
}

// Leaf returns the leaf hash of the entry.
func (r Record) Leaf() merkle.Hash { return r.Hashes[0] }

// what returns the member that says what the record is about.
func (r Record) what() wire.Member {
	if r.Entry != nil {
		return member("entry", r.Entry.value())
	}
	leaf := r.Leaf()
	return member("pruned", wire.Object(
		member("user", wire.String(r.User)),
		member("seq", wire.Int(r.Seq)),
		member("signer", wire.String(r.Signer)),
		member("leaf", wire.String(encode(leaf[:]))),
	))
}

// Marshal returns the value that ParseRecord reads.
func (r Record) Marshal() []byte {
	return wire.Object(
		member("format", wire.String(label.AuditRecord)),
		r.what(),
		member("hashes", wire.String(encode(merkle.JoinHashes(r.Hashes)))),
		member("signature", wire.String(encode(r.Signature))),
	).Append(nil)
}

// ParseRecord reads the stored record of entry seq of a user's log. One that
// belongs to another place is refused. The error is a *FormatError.
func ParseRecord(user string, seq int64, value []byte) (Record, error) {
	v, err := wire.ParseCanonical(value)
	if err != nil {
		return Record{}, refuse("record", err.Error())
	}
	in := wire.NewObjectReader(v)
	readFormat(in, label.AuditRecord)
	hashes, ok := merkle.SplitHashes(bytesOf(in, "hashes", -1))
	r, err := readRecord(in, v)
	if err != nil {
		return Record{}, err
	}
	switch {
	case r.User != user || r.Seq != seq:
		return Record{}, refuse("record", "it belongs to another place")
	case !ok || len(hashes) != merkle.CompletedBy(seq):
		return Record{}, refuse("record", "hashes: expected one for each subtree that the entry completes")
	case hashes[0] != r.Hashes[0]:
		return Record{}, refuse("record", "hashes: the first is not that of the entry")
	}
	r.Hashes = hashes
	return r, nil
}

// readRecord reads the members that a stored record and a line of a bundle share,
// and then calls Done of in, which reads v. Only the first of Hashes is set.
func readRecord(in *wire.ObjectReader, v wire.Value) (Record, error) {
	r := Record{Signature: bytesOf(in, "signature", SignatureSize)}
	var leaf []byte
	_, kept := v.Get("entry")
	if kept {
		e := readEntry(in.Object("entry"))
		r.User, r.Seq, r.Signer, r.Entry = e.User, e.Seq, e.Signer, &e
	} else {
		pruned := in.Object("pruned")
		r.User, r.Seq, r.Signer = pruned.String("user"), pruned.Int("seq"), pruned.String("signer")
		leaf = bytesOf(pruned, "leaf", merkle.HashSize)
	}
	if err := in.Done(); err != nil {
		return Record{}, refuse("record", err.Error())
	}
	if kept {
		if err := r.Entry.Check(); err != nil {
			return Record{}, err
		}
		r.Hashes = []merkle.Hash{r.Entry.Leaf()}
		return r, nil
	}
	if !isName(r.User) || r.Seq < 0 || r.Seq >= merkle.MaxSize || !isKeyID(r.Signer) {
		return Record{}, refuse("record", "pruned: expected a user, a sequence number and a key id")
	}
	r.Hashes = []merkle.Hash{merkle.Hash(leaf)}
	return r, nil
}

// HashReader returns the tree as package merkle's proofs read it, out of records
// that load returns by sequence number.
func HashReader(load func(seq int64) (Record, error)) merkle.HashReader {
	return func(level int, index int64) (merkle.Hash, error) {
		r, err := load((index+1)<<level - 1)
		if err != nil {
			return merkle.Hash{}, err
		}
		if level >= len(r.Hashes) {
			return merkle.Hash{}, refuse("record", "hashes: one is missing")
		}
		return r.Hashes[level], nil
	}
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
