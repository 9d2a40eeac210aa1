// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// signer is a Signer that can fail and counts.
type signer struct {
	auditlogtest.Key
	calls int
	alter func([]byte) ([]byte, error)
}

func (s *signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	s.calls++
	signature, err := s.Key.Sign(ctx, message)
	if s.alter != nil {
		return s.alter(signature)
	}
	return signature, err
}

func TestStateSurvivesStorage(t *testing.T) {
	log := auditlogtest.NewLog()
	if _, err := auditlog.ParseHead(auditlogtest.User, log.Head.Marshal()); err != nil {
		t.Errorf("head of the empty log: %v", err)
	}
	for range 40 {
		log.Grow(1)
		head, err := auditlog.ParseHead(auditlogtest.User, log.Head.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		log.Head = head
		last := len(log.Records) - 1
		r, err := auditlog.ParseRecord(auditlogtest.User, int64(last), log.Records[last].Marshal())
		if err != nil {
			t.Fatal(err)
		}
		log.Records[last] = r
	}
	log.Prune(11)
	for i, r := range log.Records {
		again, err := auditlog.ParseRecord(auditlogtest.User, int64(i), r.Marshal())
		if err != nil || (again.Entry == nil) != (i < 11) {
			t.Fatalf("record %d: %v", i, err)
		}
		log.Records[i] = again
	}
	if result := verify(t, log.Bundle(), auditlog.Options{}); !result.OK() || result.Pruned != 11 || result.Entries != 40 {
		t.Errorf("result %+v", result)
	}
}

// TestAppendReadsOnlyTheHead shows that an append cannot depend on the entries
// before: all that it gets and writes stays small, and it signs once.
//
// Mistake M35 (docs/mistakes.md).
func TestAppendReadsOnlyTheHead(t *testing.T) {
	by := &signer{Key: auditlogtest.NewKey("log")}
	for _, size := range []int64{0, 10, 1000, 100_000, 1<<40 - 1} {
		head := headOf(t, size)
		by.calls = 0
		record, next, err := auditlog.Append(t.Context(), head, auditlogtest.Entry(1), by)
		if err != nil || record.Seq != size || next.Size() != size+1 {
			t.Fatalf("append at %d: %v", size, err)
		}
		if by.calls != 1 {
			t.Errorf("at %d: %d signatures", size, by.calls)
		}
		if n := len(head.Marshal()); n > 2500 {
			t.Errorf("at %d: the head has %d bytes", size, n)
		}
		if n := len(record.Marshal()); n > 3000 {
			t.Errorf("at %d: the record has %d bytes", size, n)
		}
	}
}

// headOf returns a head of a size, over made up entries.
func headOf(t testing.TB, size int64) auditlog.Head {
	t.Helper()
	made := func(level int, index int64) (merkle.Hash, error) {
		return merkle.LeafHash([]byte(strconv.Itoa(level) + "/" + strconv.FormatInt(index, 10))), nil
	}
	frontier, err := merkle.FrontierAt(size, made)
	if err != nil {
		t.Fatal(err)
	}
	return auditlog.Head{User: auditlogtest.User, Frontier: frontier, Signer: auditlogtest.NewKey("log").ID(), Signature: make([]byte, 64)}
}

// TestEntriesOfManySignersAtOnceAreEachTheirs has many signers race for one log, as
// tabs do: compare, append, try again. Each entry is signed by the key that it
// names, and by no other.
//
// Mistake M14 (docs/mistakes.md).
func TestEntriesOfManySignersAtOnceAreEachTheirs(t *testing.T) {
	const writers, each = 8, 25
	log := auditlogtest.NewLog()
	log.Certificates = nil
	var mu sync.Mutex
	commit := func(before int64, r auditlog.Record, h auditlog.Head) bool {
		mu.Lock()
		defer mu.Unlock()
		if log.Head.Size() != before {
			return false
		}
		log.Records, log.Head = append(log.Records, r), h
		return true
	}
	var wg sync.WaitGroup
	keys := make([]auditlogtest.Key, writers)
	for w := range writers {
		keys[w] = auditlogtest.NewKey("lease " + strconv.Itoa(w))
		log.Certificates = append(log.Certificates, log.Certify(keys[w]))
	}
	for w := range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				mu.Lock()
				head := log.Head
				mu.Unlock()
				e := auditlogtest.Entry(0)
				e.Method, e.Session = "vapid.issue", "lease-"+strconv.Itoa(w)
				r, next, err := auditlog.AppendDelegated(t.Context(), head, e, log.Certificates[w], keys[w])
				if err != nil {
					t.Error(err)
					return
				}
				if commit(head.Size(), r, next) {
					done++
				}
			}
		})
	}
	wg.Wait()
	result := verify(t, log.Bundle(), auditlog.Options{})
	if !result.OK() || result.Delegated != writers*each {
		t.Fatalf("%d delegated, findings %v", result.Delegated, result.Findings)
	}
	for i, r := range log.Records {
		w, err := strconv.Atoi(strings.TrimPrefix(r.Entry.Session, "lease-"))
		if err != nil || r.Signer != keys[w].ID() {
			t.Fatalf("entry %d of writer %d names another signer", i, w)
		}
	}
}

func TestAppendSetsWhatTheCallerMustNotChoose(t *testing.T) {
	e := auditlogtest.Entry(3)
	e.Seq, e.User, e.Signer = 99, "someone-else", "other"
	record, head, err := auditlog.Append(t.Context(), auditlog.NewHead("me"), e, auditlogtest.NewKey("log"))
	if err != nil {
		t.Fatal(err)
	}
	if record.Entry.Seq != 0 || record.Entry.User != "me" || record.Entry.Signer != auditlogtest.NewKey("log").ID() || head.User != "me" {
		t.Errorf("appended %+v", record.Entry)
	}
}

func TestFailedAppendChangesNothing(t *testing.T) {
	errBroken := errors.New("broken")
	by := &signer{Key: auditlogtest.NewKey("log")}
	head := headOf(t, 7)
	before := string(head.Marshal())
	for name, c := range map[string]struct {
		alter func([]byte) ([]byte, error)
		entry func(*auditlog.Entry)
		want  error
	}{
		"signer fails":     {alter: func([]byte) ([]byte, error) { return nil, errBroken }, want: errBroken},
		"short signature":  {alter: func(s []byte) ([]byte, error) { return s[1:], nil }, want: auditlog.ErrSignature},
		"unusable outcome": {entry: func(e *auditlog.Entry) { e.Outcome = "not a word" }},
	} {
		t.Run(name, func(t *testing.T) {
			e := auditlogtest.Entry(3)
			if c.entry != nil {
				c.entry(&e)
			}
			by.alter = c.alter
			record, next, err := auditlog.Append(t.Context(), head, e, by)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error = %v", err)
			}
			if record.Entry != nil || next.Size() != 0 || string(head.Marshal()) != before {
				t.Error("something was returned or changed")
			}
		})
	}
}

func TestFullLogTakesNoMore(t *testing.T) {
	_, _, err := auditlog.Append(t.Context(), headOf(t, merkle.MaxSize), auditlogtest.Entry(1), auditlogtest.NewKey("log"))
	if !errors.Is(err, auditlog.ErrFull) {
		t.Errorf("error = %v", err)
	}
}

func TestDelegatedKeyAppendsOnlyWhatItMay(t *testing.T) {
	log := auditlogtest.NewLog()
	c := log.Certificates[0]
	allowed := auditlogtest.Entry(9) // a refusal
	for name, test := range map[string]struct {
		change func(*auditlog.Entry)
		want   auditlog.Kind
	}{
		"allowed":       {func(*auditlog.Entry) {}, ""},
		"allowed by *":  {func(e *auditlog.Entry) { e.Method = "vault.unlock" }, ""},
		"success":       {func(e *auditlog.Entry) { e.Outcome = "ok" }, auditlog.KindScope},
		"too early":     {func(e *auditlog.Entry) { e.Time = c.NotBefore - 1 }, auditlog.KindValidity},
		"just in time":  {func(e *auditlog.Entry) { e.Time = c.NotAfter }, ""},
		"too late":      {func(e *auditlog.Entry) { e.Time = c.NotAfter + 1 }, auditlog.KindValidity},
		"other release": {func(e *auditlog.Entry) { e.Release = strings.Repeat("0", 64) }, auditlog.KindCode},
		"no release":    {func(e *auditlog.Entry) { e.Release = "" }, auditlog.KindCode},
	} {
		t.Run(name, func(t *testing.T) {
			e := allowed
			test.change(&e)
			_, _, err := auditlog.AppendDelegated(t.Context(), log.Head, e, c, log.Delegate)
			var refused *auditlog.CoverError
			if test.want == "" && err != nil || test.want != "" && (!errors.As(err, &refused) || refused.Kind != test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
	if _, _, err := auditlog.AppendDelegated(t.Context(), log.Head, allowed, c, log.Key); !errors.Is(err, auditlog.ErrSigner) {
		t.Errorf("another key: error = %v", err)
	}
	other := auditlog.NewHead("someone-else")
	if _, _, err := auditlog.AppendDelegated(t.Context(), other, allowed, c, log.Delegate); err == nil {
		t.Error("another user's log was appended to")
	}
	log.Grow(20)
	back, _, err := auditlog.AppendDelegated(t.Context(), log.Head, allowed, c, log.Delegate)
	if err != nil || back.Entry.Time != log.Head.Time {
		t.Errorf("an entry of the past is dated %+v, %v", back.Entry, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int64{10, 1_000, 100_000} {
		b.Run(strconv.FormatInt(size, 10)+"-entries", func(b *testing.B) {
			value := headOf(b, size).Marshal()
			by := constantSigner{auditlogtest.NewKey("log").ID()}
			for b.Loop() {
				head, err := auditlog.ParseHead(auditlogtest.User, value)
				if err != nil {
					b.Fatal(err)
				}
				record, next, err := auditlog.Append(b.Context(), head, auditlogtest.Entry(1), by)
				if err != nil {
					b.Fatal(err)
				}
				record.Marshal()
				next.Marshal()
			}
		})
	}
}

// constantSigner signs at no cost: in the browser WebCrypto signs.
type constantSigner struct{ id string }

func (s constantSigner) ID() string                                   { return s.id }
func (s constantSigner) Sign(context.Context, []byte) ([]byte, error) { return make([]byte, 64), nil }
