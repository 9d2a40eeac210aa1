// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// countingStore counts the calls by method.
type countingStore struct {
	vault.Store
	gets, lists, scans, commits int
}

func (s *countingStore) Get(ctx context.Context, ref vault.Ref) (vault.Record, error) {
	s.gets++
	return s.Store.Get(ctx, ref)
}

func (s *countingStore) List(ctx context.Context, collection string) ([]vault.Ref, error) {
	s.lists++
	return s.Store.List(ctx, collection)
}

func (s *countingStore) Scan(ctx context.Context, collection, from string, limit int) ([]vault.Entry, error) {
	s.scans++
	return s.Store.Scan(ctx, collection, from, limit)
}

func (s *countingStore) Commit(ctx context.Context, changes []vault.Change) error {
	s.commits++
	return s.Store.Commit(ctx, changes)
}

// Appending reads the head of the log and nothing else of it, however long it is.
//
// Mistake M35 (docs/mistakes.md).
func TestAppendReadsNoMoreThanTheHead(t *testing.T) {
	w := newWorld()
	store := &countingStore{Store: w.store}
	w.Vault = w.open(store)
	w.user = w.create(t, "Ada", byPassphrase(passphrase))
	key := generate(t, w.Vault)
	if err := sign(t, w.Vault, key.KID); err != nil { // unwraps the key
		t.Fatal(err)
	}
	for range 300 {
		*store = countingStore{Store: w.store}
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
		if store.gets != 1 || store.commits != 1 || store.lists+store.scans != 0 {
			t.Fatalf("a signature reads %d records, lists %d, scans %d and commits %d times; want 1, 0, 0, 1",
				store.gets, store.lists, store.scans, store.commits)
		}
	}
	verifyLog(t, w.Vault)
}

func TestLogIsListedInPages(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for range 5 {
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
	}
	for from := range int64(8) {
		page, err := w.AuditList(t.Context(), at("audit.list"), from, 3)
		if err != nil || page.Size != 8 || page.First != 0 || int64(len(page.Entries)) != min(3, 8-from) {
			t.Fatalf("from %d: %+v, %v", from, page, err)
		}
		for i, e := range page.Entries {
			if e.Seq != from+int64(i) || e.User != w.user.ID || e.Time != now || e.Session == "" || e.Request != "1" || e.Origin != app {
				t.Errorf("entry %d = %+v", from, e)
			}
		}
	}
	if page, err := w.AuditList(t.Context(), at("audit.list"), 100, 3); err != nil || len(page.Entries) != 0 {
		t.Errorf("beyond the end: %+v, %v", page, err)
	}
	for _, try := range [][2]int64{{-1, 3}, {0, 0}} {
		_, err := w.AuditList(t.Context(), at("audit.list"), try[0], try[1])
		if refused, _ := errors.AsType[*vault.InputError](err); refused == nil {
			t.Errorf("%v: %v, want an InputError", try, err)
		}
	}
}

func TestLogIsReadByWhoHasTheSessionOnly(t *testing.T) {
	w := setUp(t)
	ask := from(other, "audit.export")
	_, listError := w.AuditList(t.Context(), ask, 0, 10)
	_, exportError := w.AuditExport(t.Context(), ask, 0, 0, 1000)
	_, checkpointError := w.AuditCheckpoint(t.Context(), ask)
	_, proofError := w.AuditProveInclusion(t.Context(), ask, 0, 0)
	_, pruneError := w.AuditPrune(t.Context(), ask, 1)
	for _, err := range []error{listError, exportError, checkpointError, proofError, pruneError} {
		expectError(t, "another origin", err, vault.ErrNotGranted)
	}
}

func TestExportStaysOfOneSizeWhileTheLogGrows(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	var text strings.Builder
	parts := 0
	for from, size := int64(0), int64(0); from >= 0; parts++ {
		part, err := w.AuditExport(t.Context(), at("audit.export"), from, size, 1)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(part.Text)
		from, size = part.Next, part.Size
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
	}
	if result := judge(t, text.String()); result.Size != 4 || parts < 4 {
		t.Errorf("%d parts of %d entries, want 4", parts, result.Size)
	}
	_, err := w.AuditExport(t.Context(), at("audit.export"), 0, 10_000, 1)
	if refused, _ := errors.AsType[*vault.InputError](err); refused == nil {
		t.Errorf("beyond the end: %v, want an InputError", err)
	}
}

func TestProofsLeadToTheCheckpoint(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for range 20 {
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
	}
	for size := int64(1); size <= 23; size++ {
		for seq := range size {
			p, err := w.AuditProveInclusion(t.Context(), at("audit.prove"), seq, size)
			if err != nil {
				t.Fatal(err)
			}
			root := rootOf(t, p.Checkpoint)
			if err := merkle.VerifyInclusion(seq, size, merkle.Hash(p.Leaf), root, hashes(p)); err != nil {
				t.Errorf("entry %d in %d: %v", seq, size, err)
			}
			old, err := w.AuditProveInclusion(t.Context(), at("audit.prove"), seq, seq+1)
			if err != nil {
				t.Fatal(err)
			}
			c, err := w.AuditProveConsistency(t.Context(), at("audit.prove"), seq+1, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := merkle.VerifyConsistency(seq+1, size, rootOf(t, old.Checkpoint), root, hashes(c)); err != nil {
				t.Errorf("from %d to %d: %v", seq+1, size, err)
			}
		}
	}
	head, err := w.AuditCheckpoint(t.Context(), at("audit.checkpoint"))
	newest, err2 := w.AuditProveInclusion(t.Context(), at("audit.prove"), 0, 0)
	if err != nil || err2 != nil || head.Size != 23 || newest.Size != 23 || newest.Checkpoint != head.Checkpoint {
		t.Errorf("head %+v, proof %+v, %v, %v", head, newest, err, err2)
	}
	for _, try := range [][2]int64{{23, 23}, {-1, 23}, {0, 24}, {0, -1}} {
		_, err := w.AuditProveInclusion(t.Context(), at("audit.prove"), try[0], try[1])
		if refused, _ := errors.AsType[*vault.InputError](err); refused == nil {
			t.Errorf("%v: %v, want an InputError", try, err)
		}
	}
}

func rootOf(t *testing.T, checkpoint string) merkle.Hash {
	t.Helper()
	c, err := auditlog.ParseCheckpoint([]byte(checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	return c.Root
}

func hashes(p vault.AuditProof) []merkle.Hash {
	var list []merkle.Hash
	for _, h := range p.Hashes {
		list = append(list, merkle.Hash(h))
	}
	return list
}

func TestPrunedLogForgetsWhatWasAndStillVerifies(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for range 10 {
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
	}
	before, err := w.AuditCheckpoint(t.Context(), at("audit.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	for before, want := range map[int64]int64{-1: 0, 0: 0, 8: 8} {
		if n, err := w.AuditPrune(t.Context(), at("audit.prune"), before); n != want || err != nil {
			t.Errorf("AuditPrune(%d) = %d, %v; want %d", before, n, err, want)
		}
	}
	if n, err := w.AuditPrune(t.Context(), at("audit.prune"), 8); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	page, err := w.AuditList(t.Context(), at("audit.list"), 0, 100)
	if err != nil || page.First != 8 || page.Entries[0].Seq != 8 {
		t.Errorf("page = %+v, %v", page, err)
	}
	bundle := export(t, w.Vault)
	result := judge(t, bundle)
	if result.Pruned != 8 || strings.Contains(bundle, "vault.setup") {
		t.Errorf("result = %+v", result)
	}
	since, err := auditlog.ParseCheckpoint([]byte(before.Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	result, err = auditlog.Verify(strings.NewReader(bundle), auditlog.Options{Verify: verifyP256, Since: since})
	if err != nil || !result.OK() || result.Since != auditlog.SinceContinued {
		t.Errorf("since the checkpoint before: %+v, %v", result, err)
	}
	if p, err := w.AuditProveInclusion(t.Context(), at("audit.prove"), 2, 0); err != nil ||
		merkle.VerifyInclusion(2, p.Size, merkle.Hash(p.Leaf), rootOf(t, p.Checkpoint), hashes(p)) != nil {
		t.Errorf("a proof of what was pruned: %v", err)
	}
}

// Deleting or altering entries behind the vault's back shows.
func TestLogThatWasTamperedWithIsNotExportedAsGood(t *testing.T) {
	w := setUp(t)
	key := generate(t, w.Vault)
	for range 5 {
		if err := sign(t, w.Vault, key.KID); err != nil {
			t.Fatal(err)
		}
	}
	audit := func(seq int) vault.Ref {
		n := strconv.Itoa(seq)
		return vault.Ref{Collection: w.user.ID + "/audit", Key: strings.Repeat("0", 16-len(n)) + n}
	}
	for name, tamper := range map[string]func(*vaulttest.MemStore){
		"middle deleted": func(s *vaulttest.MemStore) { s.Put(audit(4), vault.Record{}) },
		"end deleted":    func(s *vaulttest.MemStore) { s.Put(audit(7), vault.Record{}) },
		"moved":          func(s *vaulttest.MemStore) { move(t, s, audit(4), audit(5)) },
		"altered": func(s *vaulttest.MemStore) {
			r, _ := s.Get(t.Context(), audit(4))
			r.Value = []byte(strings.Replace(string(r.Value), `"time":1790000000`, `"time":1790000001`, 1))
			s.Put(audit(4), r)
		},
	} {
		store := w.store.Clone()
		tamper(store)
		v := w.open(store)
		unlockBy(t, v, w.user.ID, passphrase)
		part, err := v.AuditExport(t.Context(), at("audit.export"), 0, 0, 1<<20)
		if !isRecordError(err) {
			t.Errorf("%s: exported as %+v, %v", name, part, err)
		}
	}
}

// The delegated key signs failures and refusals, nothing else; the log says
// which key signed what.
func TestEntriesWhileLockedAreSignedByTheDelegate(t *testing.T) {
	w := setUp(t)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	expectError(t, "wrong", tryPassphrase(t, w.Vault, w.user.ID, wrong), unlock.ErrWrongSecret)
	w.Refused(t.Context(), from(other, "vapid.sign"), "locked")
	w.Refused(t.Context(), from(other, "vapid.sign"), "internal_error") // not in its scope
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	for _, e := range entries(t, w.Vault) {
		if e.Delegated != (e.Outcome != "ok") {
			t.Errorf("entry %+v", e)
		}
		if e.Outcome == "internal_error" {
			t.Error("the delegate signed what is not in its scope")
		}
	}
	if result := verifyLog(t, w.Vault); result.Delegated != 2 {
		t.Errorf("%d delegated entries, want 2", result.Delegated)
	}
}

func TestDelegateIsRenewedInTime(t *testing.T) {
	w := setUp(t)
	w.clock.Advance(vault.DelegateValidity/2 - 10)
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if result := verifyLog(t, w.Vault); result.Certificates != 1 {
		t.Errorf("%d certificates before half of the time, want 1", result.Certificates)
	}
	w.clock.Advance(20)
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if result := verifyLog(t, w.Vault); result.Certificates != 2 {
		t.Errorf("%d certificates after half of the time, want 2", result.Certificates)
	}
}

func TestRefusalsThatAreAlikeAreOneEntryAMinute(t *testing.T) {
	w := setUp(t)
	before := len(entries(t, w.Vault))
	for i := range 130 { // one a second
		w.Refused(t.Context(), from(other, "vapid.sign"), "not_granted")
		if i%2 == 0 {
			w.Refused(t.Context(), from(other, "vapid.list"), "not_granted")
		}
		w.clock.Advance(1)
	}
	w.clock.Advance(vault.RefusalInterval)
	if err := w.Flush(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	total, count := int64(0), 0
	for _, e := range entries(t, w.Vault)[before:] {
		if e.Method == "vapid.sign" {
			total += max(1, e.Repeats)
			count++
		}
	}
	if total != 130 || count != 4 {
		t.Errorf("%d entries for %d refusals, want 4 for 130", count, total)
	}
	if err := w.Flush(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	verifyLog(t, w.Vault)
}

func TestRefusalsThatCannotBeLoggedAreCountedOn(t *testing.T) {
	w := setUp(t)
	failing := &vaulttest.FailingStore{Store: w.store, Kind: vault.StorageQuota}
	v := w.open(failing)
	shared, _ := w.Share()
	if err := v.Adopt(t.Context(), shared); err != nil {
		t.Fatal(err)
	}
	failing.FailAt = failing.Calls() + 2 // the commit
	before := len(entries(t, w.Vault))
	v.Refused(t.Context(), from(other, "vapid.sign"), "not_granted")
	if got := len(entries(t, w.Vault)); got != before {
		t.Fatalf("%d entries, want none more", got)
	}
	v.Refused(t.Context(), from(other, "vapid.sign"), "not_granted")
	all := entries(t, w.Vault)
	if e := all[len(all)-1]; len(all) != before+1 || e.Repeats != 2 {
		t.Errorf("entry = %+v, want one for both", e)
	}
}

func TestRefusalsOfAStrangerGoToTheUserWhoWasThereLast(t *testing.T) {
	w := setUp(t)
	w.clock.Advance(10)
	w.create(t, "Bob", byPassphrase(passphrase))
	w.clock.Advance(10)
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	w.Refused(t.Context(), from(other, "vapid.sign"), "locked")
	unlockBy(t, w.Vault, w.user.ID, passphrase)
	all := entries(t, w.Vault)
	if e := all[len(all)-2]; e.Outcome != "locked" || e.Origin != other || e.Method != "vapid.sign" {
		t.Errorf("entry = %+v, want the refusal", e)
	}
	newWorld().Refused(t.Context(), at("vapid.sign"), "not_set_up") // nobody's log: nothing happens
}
