// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/wire"
)

// Head is the state of a log, and all of it that appending reads. It is
// immutable.
type Head struct {
	User      string
	Frontier  merkle.Frontier
	Time      int64  // of the last entry, Unix seconds
	Signer    string // id of the key that made Signature; "" while the log is empty
	Signature []byte // r ‖ s over the body of the checkpoint; nil while the log is empty
}

// NewHead returns the head of a user's empty log.
func NewHead(user string) Head { return Head{User: user} }

// Size returns the number of entries.
func (h Head) Size() int64 { return h.Frontier.Size() }

// Root returns the root of the tree of all entries.
func (h Head) Root() merkle.Hash { return h.Frontier.Root() }

// Checkpoint returns the signed note over the head, which is the whole state of
// the log for whoever keeps it outside. The error is ErrEmpty, or a *FormatError
// for a head that neither Append nor ParseHead made.
func (h Head) Checkpoint() (string, error) {
	if h.Size() == 0 {
		return "", ErrEmpty
	}
	return note(Origin(h.User), h.Size(), h.Root(), h.Signer, h.Signature)
}

// Marshal returns the value that ParseHead reads.
func (h Head) Marshal() []byte {
	members := []wire.Member{
		member("format", wire.String(label.AuditHead)),
		member("user", wire.String(h.User)),
		member("size", wire.Int(h.Size())),
		member("frontier", wire.String(encode(h.Frontier.Marshal()))),
		member("time", wire.Int(h.Time)),
	}
	if h.Size() > 0 {
		members = append(members, member("signer", wire.String(h.Signer)), member("signature", wire.String(encode(h.Signature))))
	}
	return wire.Object(members...).Append(nil)
}

// ParseHead reads the stored head of a user's log. One of another user is
// refused. The error is a *FormatError.
func ParseHead(user string, value []byte) (Head, error) {
	v, err := wire.ParseCanonical(value)
	if err != nil {
		return Head{}, refuse("head", err.Error())
	}
	in := wire.NewObjectReader(v)
	readFormat(in, label.AuditHead)
	h := Head{User: in.String("user"), Time: in.Int("time")}
	size, nodes := in.Int("size"), bytesOf(in, "frontier", -1)
	if size > 0 {
		h.Signer, h.Signature = in.String("signer"), bytesOf(in, "signature", SignatureSize)
	}
	if err := in.Done(); err != nil {
		return Head{}, refuse("head", err.Error())
	}
	switch {
	case h.User != user || !isName(user):
		return Head{}, refuse("head", "it belongs to another place")
	case h.Time < 0 || size == 0 && h.Time != 0:
		return Head{}, refuse("head", "time: expected Unix seconds, 0 for an empty log")
	case size > 0 && !isKeyID(h.Signer):
		return Head{}, refuse("head", "signer: expected a key id")
	}
	if h.Frontier, err = merkle.ParseFrontier(size, nodes); err != nil {
		return Head{}, refuse("head", err.Error())
	}
	return h, nil
}

// Append returns what to store for one entry more, its record and the new head,
// both in the same transaction. It reads nothing but the head and costs
// O(log n). Seq, User and Signer of the entry are set here. The errors are
// *FormatError, ErrFull, ErrSignature, and those of the signer; the log is then
// as it was.
func Append(ctx context.Context, head Head, entry Entry, signer Signer) (Record, Head, error) {
	if head.Size() >= merkle.MaxSize {
		return Record{}, Head{}, ErrFull
	}
	entry.Seq, entry.User, entry.Signer = head.Size(), head.User, signer.ID()
	if err := entry.Check(); err != nil {
		return Record{}, Head{}, err
	}
	frontier, hashes := head.Frontier.Append(entry.Leaf())
	message := body(Origin(head.User), frontier.Size(), frontier.Root())
	signature, err := signer.Sign(ctx, message)
	if err != nil {
		return Record{}, Head{}, err
	}
	if len(signature) != SignatureSize {
		return Record{}, Head{}, ErrSignature
	}
	return Record{entry.User, entry.Seq, entry.Signer, &entry, hashes, signature},
		Head{head.User, frontier, entry.Time, entry.Signer, signature}, nil
}

// AppendDelegated is Append by the delegated key of a certificate. It raises the
// time of the entry to that of the head, since a delegated key may not date its
// entries back, and then refuses with a *CoverError what the certificate does not
// allow, and with ErrSigner another signer.
func AppendDelegated(ctx context.Context, head Head, entry Entry, c Certificate, signer Signer) (Record, Head, error) {
	if !isPoint(c.Point) || signer.ID() != c.ID() {
		return Record{}, Head{}, ErrSigner
	}
	entry.User, entry.Time = head.User, max(entry.Time, head.Time)
	if err := c.Covers(entry); err != nil {
		return Record{}, Head{}, err
	}
	return Append(ctx, head, entry, signer)
}
