// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
	"ats.run/kms-enclave/verifier/audit"
	"ats.run/kms-enclave/verifier/verdict"
)

func check(t testing.TB, bundle []byte, o audit.Options) *verdict.Report {
	t.Helper()
	report := verdict.New("audit", "bundle", audit.Required(o)...)
	if err := audit.Check(report, bytes.NewReader(bundle), o); err != nil {
		t.Fatal(err)
	}
	return report
}

func checkpoint(t testing.TB, text string) *auditlog.Checkpoint {
	t.Helper()
	c, err := auditlog.ParseCheckpoint([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFaithfulLogIsVerified(t *testing.T) {
	log := auditlogtest.NewLog().Grow(25)
	earlier := checkpoint(t, auditlogtest.NewLog().Grow(10).Checkpoint())
	o := audit.Options{Since: earlier, Key: log.Key.Point()}
	report := check(t, log.Prune(3).Bundle(), o)
	if got := report.Conclude(); got != verdict.ConcludeVerified {
		t.Errorf("concluded %s: %+v", got, report.Checks())
	}
	for _, step := range []verdict.Step{
		verdict.Form, verdict.LogKey, verdict.Order, verdict.Signer, verdict.Certificate, verdict.Checkpoint, verdict.Since,
	} {
		if !slices.ContainsFunc(report.Checks(), func(c verdict.Check) bool { return c.Step == step && c.Result == verdict.OK }) {
			t.Errorf("%s did not pass", step)
		}
	}
}

// TestReportSaysWhatABundleAloneDoesNotShow is about what VERIFIED leaves open.
func TestReportSaysWhatABundleAloneDoesNotShow(t *testing.T) {
	report := check(t, auditlogtest.NewLog().Grow(5).Prune(2).Bundle(), audit.Options{})
	var left []string
	for _, c := range report.Checks() {
		if c.Result == verdict.Unchecked {
			left = append(left, c.Found)
		}
	}
	if text := strings.Join(left, "; "); report.Conclude() != verdict.ConcludeVerified || len(left) != 3 ||
		!strings.Contains(text, "whose key") || !strings.Contains(text, "newest") || !strings.Contains(text, "pruned") {
		t.Errorf("concluded %s, left open: %s", report.Conclude(), text)
	}
}

// fault is a bundle with a fault of the kind.
type fault struct {
	kind   auditlog.Kind
	step   verdict.Step
	change func(t *testing.T, log *auditlogtest.Log, o *audit.Options) []byte
}

var other = auditlogtest.NewKey("other")

// edited makes a fault by changing the text of a bundle.
func edited(old, replacement string) func(*testing.T, *auditlogtest.Log, *audit.Options) []byte {
	return func(t *testing.T, log *auditlogtest.Log, _ *audit.Options) []byte {
		bundle := log.Bundle()
		if !bytes.Contains(bundle, []byte(old)) {
			t.Fatalf("no %s", old)
		}
		return bytes.Replace(bundle, []byte(old), []byte(replacement), 1)
	}
}

// added makes a fault by an entry more, which a key signed.
func added(key func(*auditlogtest.Log) auditlogtest.Key, change func(*auditlog.Entry)) func(*testing.T, *auditlogtest.Log, *audit.Options) []byte {
	return func(_ *testing.T, log *auditlogtest.Log, _ *audit.Options) []byte {
		e := auditlogtest.Entry(29)
		change(&e)
		log.Add(e, key(log))
		return log.Bundle()
	}
}

func without(from, to int) func(*testing.T, *auditlogtest.Log, *audit.Options) []byte {
	return func(_ *testing.T, log *auditlogtest.Log, _ *audit.Options) []byte {
		return bytes.Join(slices.Delete(log.Lines(0), from, to), nil)
	}
}

func delegate(log *auditlogtest.Log) auditlogtest.Key { return log.Delegate }

// faults hold one for each kind of finding.
//
// Mistakes M13, M14 and M15 (docs/mistakes.md).
var faults = []fault{
	{auditlog.KindFormat, verdict.Form, edited(`{"entry"`, `{ "entry"`)},
	{auditlog.KindTruncation, verdict.Form, without(20, 26)},
	{auditlog.KindUser, verdict.Order, func(_ *testing.T, log *auditlogtest.Log, _ *audit.Options) []byte {
		log.Certificates[0] = log.Certify(log.Delegate, func(c *auditlog.Certificate) { c.User = "someone-else" })
		return log.Bundle()
	}},
	{auditlog.KindOrder, verdict.Order, func(_ *testing.T, log *auditlogtest.Log, _ *audit.Options) []byte {
		lines := log.Lines(0)
		lines[4], lines[5] = lines[5], lines[4]
		return bytes.Join(lines, nil)
	}},
	{auditlog.KindGap, verdict.Order, without(8, 9)},
	{auditlog.KindTime, verdict.Order, added(delegate, func(e *auditlog.Entry) { e.Time = auditlogtest.Start })},
	{auditlog.KindSigner, verdict.Signer, added(func(*auditlogtest.Log) auditlogtest.Key { return other }, func(*auditlog.Entry) {})},
	{auditlog.KindSignature, verdict.Signer, func(_ *testing.T, log *auditlogtest.Log, _ *audit.Options) []byte {
		log.Records[9].Signature = log.Records[8].Signature
		return log.Bundle()
	}},
	{auditlog.KindCertificate, verdict.Certificate, edited(`"*:cancelled"`, `"*:canc"`)},
	{auditlog.KindScope, verdict.Certificate, added(delegate, func(e *auditlog.Entry) { e.Outcome = "ok" })},
	{auditlog.KindValidity, verdict.Certificate, added(delegate, func(e *auditlog.Entry) { e.Time += 86400 })},
	{auditlog.KindCode, verdict.Certificate, added(delegate, func(e *auditlog.Entry) { e.Release = strings.Repeat("0", 64) })},
	{auditlog.KindRoot, verdict.Checkpoint, func(_ *testing.T, log *auditlogtest.Log, _ *audit.Options) []byte {
		lines := log.Lines(0)
		lines[26] = auditlog.Footer(auditlogtest.NewLog().Grow(24).Checkpoint())
		return bytes.Join(lines, nil)
	}},
	{auditlog.KindCheckpoint, verdict.Checkpoint, added(func(*auditlogtest.Log) auditlogtest.Key { return other }, func(*auditlog.Entry) {})},
	{auditlog.KindKey, verdict.LogKey, func(_ *testing.T, log *auditlogtest.Log, o *audit.Options) []byte {
		o.Key = other.Point()
		return log.Bundle()
	}},
	{auditlog.KindLog, verdict.Since, func(t *testing.T, log *auditlogtest.Log, o *audit.Options) []byte {
		o.Since = checkpoint(t, strings.ReplaceAll(log.Checkpoint(), auditlogtest.User, "someone-else"))
		return log.Bundle()
	}},
	{auditlog.KindSinceKey, verdict.Since, func(t *testing.T, log *auditlogtest.Log, o *audit.Options) []byte {
		anew := auditlogtest.NewLog()
		anew.Key = other
		o.Since = checkpoint(t, anew.Grow(3).Checkpoint())
		return log.Bundle()
	}},
	{auditlog.KindRollback, verdict.Since, func(t *testing.T, log *auditlogtest.Log, o *audit.Options) []byte {
		bundle := log.Bundle()
		o.Since = checkpoint(t, log.Grow(1).Checkpoint())
		return bundle
	}},
	{auditlog.KindFork, verdict.Since, func(t *testing.T, log *auditlogtest.Log, o *audit.Options) []byte {
		fork := auditlogtest.NewLog().Grow(3)
		fork.Add(auditlogtest.Entry(9), fork.Key)
		o.Since = checkpoint(t, fork.Checkpoint())
		return log.Bundle()
	}},
}

func TestEveryKindOfFindingRefutes(t *testing.T) {
	var kinds []auditlog.Kind
	for _, f := range faults {
		kinds = append(kinds, f.kind)
		t.Run(string(f.kind), func(t *testing.T) {
			log := auditlogtest.NewLog().Grow(25)
			var o audit.Options
			bundle := f.change(t, log, &o)
			report := check(t, bundle, o)
			if got := report.Conclude(); got != verdict.ConcludeRefuted {
				t.Errorf("concluded %s", got)
			}
			if !report.Failed(f.step) {
				t.Errorf("nothing wrong with %s: %+v", f.step, report.Checks())
			}
			for _, c := range report.Checks() {
				if c.Result == verdict.Refuted && (c.Expected == "" || c.Found == "" || c.Advice == "") {
					t.Errorf("not told in full: %+v", c)
				}
				if c.Step == f.step && c.Result == verdict.OK {
					t.Errorf("%s passes as well", f.step)
				}
			}
		})
	}
	if !slices.Equal(slices.Sorted(slices.Values(kinds)), slices.Sorted(slices.Values(auditlog.Kinds()))) {
		t.Errorf("there are faults for %q, kinds are %q", kinds, auditlog.Kinds())
	}
}

func TestSignaturesAfterAGapAreNotSaidToBeFine(t *testing.T) {
	report := check(t, without(8, 9)(t, auditlogtest.NewLog().Grow(25), nil), audit.Options{})
	found := slices.ContainsFunc(report.Checks(), func(c verdict.Check) bool {
		return c.Step == verdict.Signer && c.Result == verdict.Unavailable && strings.Contains(c.Found, "17 entries")
	})
	if !found {
		t.Errorf("checks %+v", report.Checks())
	}
}

func TestCheckpointThatTheBundleDoesNotReachIsNoPass(t *testing.T) {
	log := auditlogtest.NewLog().Grow(25)
	o := audit.Options{Since: checkpoint(t, auditlogtest.NewLog().Grow(10).Checkpoint())}
	if got := check(t, bytes.Join(log.Lines(10), nil), o).Conclude(); got != verdict.ConcludeVerified {
		t.Errorf("from entry 10 on: concluded %s", got)
	}
	report := check(t, bytes.Join(log.Lines(11), nil), o)
	if got := report.Conclude(); got != verdict.ConcludeUnchecked || !report.Failed(verdict.Since) {
		t.Errorf("from entry 11 on: concluded %s", got)
	}
}

func TestFileThatIsNoLogIsRefuted(t *testing.T) {
	for _, text := range []string{"", "\n", "{}\n", "hello\n", "\x00"} {
		report := check(t, []byte(text), audit.Options{})
		if got := report.Conclude(); got != verdict.ConcludeRefuted {
			t.Errorf("%q: concluded %s", text, got)
		}
	}
}

func TestErrorsOfReadingComeBack(t *testing.T) {
	errBroken := errors.New("broken disk")
	report := verdict.New("audit", "bundle", audit.Required(audit.Options{})...)
	if err := audit.Check(report, iotest.ErrReader(errBroken), audit.Options{}); !errors.Is(err, errBroken) {
		t.Errorf("error = %v", err)
	}
	if got := report.Conclude(); got != verdict.ConcludeUnchecked {
		t.Errorf("concluded %s", got)
	}
}

func TestManyFaultsAreCounted(t *testing.T) {
	log := auditlogtest.NewLog()
	log.Certificates = nil
	for i := range 2100 {
		by := log.Key
		if i%2 == 0 {
			by = log.Delegate
		}
		log.Add(auditlogtest.Entry(1), by)
	}
	report := check(t, log.Bundle(), audit.Options{})
	last := report.Checks()[1000]
	if report.Count(verdict.Refuted) != 1001 || last.Found != "50 more like these" {
		t.Errorf("%d faults, the last %+v", report.Count(verdict.Refuted), last)
	}
}

func FuzzCheck(f *testing.F) {
	log := auditlogtest.NewLog().Grow(3)
	f.Add(log.Bundle())
	f.Add(bytes.Join(log.Prune(1).Lines(0), nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := audit.Options{Key: log.Key.Point()}
		if check(t, data, o).Conclude() == verdict.ConcludeVerified && !bytes.Contains(data, []byte(auditlogtest.User)) {
			t.Error("verified what is not of this log")
		}
	})
}

// BenchmarkCheck verifies a bundle of 1,000 entries, 100 of them by a delegated key.
func BenchmarkCheck(b *testing.B) {
	bundle := auditlogtest.NewLog().Grow(1000).Bundle()
	b.SetBytes(int64(len(bundle)))
	for b.Loop() {
		if check(b, bundle, audit.Options{}).Conclude() != verdict.ConcludeVerified {
			b.Fatal("not verified")
		}
	}
}
