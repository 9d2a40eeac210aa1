// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/vault/internal/record"
)

// AuditBundle is a part of an exported bundle; parts joined are the bundle.
type AuditBundle struct {
	Text string
	Size int64 // of the tree that the bundle is of; pass it on
	Next int64 // from of the next part; -1 after the last
}

// exportScan is how many entries of the log are read at once.
const exportScan = 64

// AuditExport returns part of the bundle of the open user's log. The first call
// has from 0 and size 0; further ones the Next and Size of the one before. A part
// has at least one entry, and ends with the one that brings it to maxBytes. The first call
// is itself an entry of the log, the last of the bundle.
func (v *Vault) AuditExport(ctx context.Context, a Asker, from, size, maxBytes int64) (AuditBundle, error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return AuditBundle{}, err
	}
	if from == 0 && size == 0 {
		err := v.within(ctx, s, func(t *transaction) error {
			t.log(a, auditlog.Entry{Method: "audit.export"})
			return nil
		})
		if err != nil {
			return AuditBundle{}, err
		}
	}
	log, err := v.readAudit(ctx, a)
	if err != nil {
		return AuditBundle{}, err
	}
	return v.export(ctx, log.user, log.head, from, size, maxBytes)
}

// AuditExportOf is AuditExport of a user who was reset, whose log is all that
// is left. It needs no session and is not logged.
func (v *Vault) AuditExportOf(ctx context.Context, user string, from, size, maxBytes int64) (AuditBundle, error) {
	u, _, err := v.readAnyUser(ctx, user)
	if err != nil {
		return AuditBundle{}, err
	}
	if !u.Reset {
		return AuditBundle{}, ErrLocked
	}
	ref := headRef(user)
	stored, err := v.config.Store.Get(ctx, ref)
	if err != nil {
		return AuditBundle{}, during("reading the log", err)
	}
	head, err := auditlog.ParseHead(user, stored.Value)
	if err != nil {
		return AuditBundle{}, damaged(ref.Collection, err)
	}
	return v.export(ctx, u, head, from, size, maxBytes)
}

func (v *Vault) export(
	ctx context.Context, user record.User, head auditlog.Head, from, size, maxBytes int64,
) (AuditBundle, error) {
	if size == 0 {
		size = head.Size()
	}
	then, err := v.headAt(ctx, head, size)
	if err != nil {
		return AuditBundle{}, err
	}
	if from < 0 || from >= size {
		return AuditBundle{}, &InputError{"from", "expected the number of an entry of the tree"}
	}
	var text []byte
	if from == 0 {
		header := auditlog.BundleHeader{User: user.ID, Point: user.Log, Size: size}
		if header.Certificates, err = v.certificates(ctx, user.ID); err != nil {
			return AuditBundle{}, err
		}
		text = header.Line()
	}
	for begun := false; from < size && (!begun || int64(len(text)) < maxBytes); begun = true {
		records, err := v.scanAudit(ctx, user.ID, from, exportScan, size)
		if err != nil {
			return AuditBundle{}, err
		}
		for i, r := range records {
			if i > 0 && int64(len(text)) >= maxBytes {
				break
			}
			text = append(text, r.Line()...)
			from++
		}
	}
	if from < size {
		return AuditBundle{string(text), size, from}, nil
	}
	checkpoint, err := then.Checkpoint()
	if err != nil {
		return AuditBundle{}, err
	}
	return AuditBundle{string(append(text, auditlog.Footer(checkpoint)...)), size, -1}, nil
}

// certificates returns all certificates of delegated keys of a user.
func (v *Vault) certificates(ctx context.Context, user string) ([]auditlog.Certificate, error) {
	collection := certificatesOf(user)
	entries, err := v.scanAll(ctx, collection)
	if err != nil {
		return nil, during("reading the certificates", err)
	}
	list := make([]auditlog.Certificate, len(entries))
	for i, e := range entries {
		if list[i], err = auditlog.ParseCertificate(user, e.Value); err != nil {
			return nil, damaged(collection, err)
		}
	}
	return list, nil
}
