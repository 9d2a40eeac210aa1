// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"

	"ats.run/kms-enclave/kmslib/auditlog"
)

// MaxPrune is how many entries one AuditPrune prunes at most.
const MaxPrune = 1000

// AuditPrune deletes what the entries before sequence number before say, and
// keeps their hashes and signatures. It prunes at most MaxPrune, and returns how
// many; the newest entry is never pruned. Export the log first.
func (v *Vault) AuditPrune(ctx context.Context, a Asker, before int64) (int64, error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return 0, err
	}
	pruned := int64(0)
	err = v.within(ctx, s, func(t *transaction) error {
		first := t.state.user.Kept
		last := min(before, t.state.head.Size(), first+MaxPrune)
		pruned = max(0, last-first)
		if pruned == 0 {
			return nil
		}
		ref := auditRef(s.user, first)
		entries, err := v.config.Store.Scan(ctx, ref.Collection, ref.Key, int(pruned))
		if err != nil {
			return during("reading the log", err)
		}
		for i, e := range entries {
			r, err := auditlog.ParseRecord(s.user, first+int64(i), e.Value)
			if err != nil {
				return damaged(ref.Collection, err)
			}
			t.put(Change{Ref: auditRef(s.user, r.Seq), IfVersion: e.Version, Value: r.Prune().Marshal()})
		}
		t.state.user.Kept = last
		t.putUser()
		t.log(a, auditlog.Entry{Method: "audit.prune"})
		return nil
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}
