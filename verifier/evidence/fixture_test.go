// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"maps"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// world is a signed release that tests alter and judge.
type world struct {
	*evidencetest.World
	t                     testing.TB
	published, incomplete bool
}

func newWorld(t testing.TB) *world { return &world{World: evidencetest.New(t), t: t} }

// judge returns the report of evidence on the world.
func (w *world) judge() *verdict.Report {
	w.t.Helper()
	report := verdict.New("release", "test", evidence.Required(w.Parsed())...)
	w.judgeManifest(report, w.Files.Manifest(w.t))
	return report
}

func (w *world) judgeManifest(report *verdict.Report, m *release.Manifest) {
	w.t.Helper()
	root, err := trust.Parse("trusted_root.json", w.Root)
	if err != nil {
		w.t.Fatal(err)
	}
	files := w.Files.Clone()
	maps.Copy(files, w.Bundles)
	set := artifact.NewSet(files)
	evidence.Check(report, evidence.Input{
		Set: set, Manifest: m, Items: evidence.Items(set), Policy: w.Parsed(), Trust: root, Now: w.Now,
		Published: w.published, Incomplete: w.incomplete,
	})
}

// text returns a report for failing tests.
func text(report *verdict.Report) string {
	var b strings.Builder
	if err := report.WriteText(&b, verdict.Style{Verbose: true}); err != nil {
		return err.Error()
	}
	return b.String()
}

// expect fails unless the conclusion is as wanted; refuted at step, with found
// in what was found.
func (w *world) expect(want verdict.Conclusion, step verdict.Step, found string) {
	w.t.Helper()
	report := w.judge()
	if report.Conclude() != want {
		w.t.Fatalf("concluded %s, want %s\n%s", report.Conclude(), want, text(report))
	}
	if want != verdict.ConcludeRefuted {
		return
	}
	for _, c := range report.Checks() {
		if c.Result == verdict.Refuted && c.Step == step && strings.Contains(c.Found, found) && c.Advice != "" {
			return
		}
	}
	w.t.Errorf("not refuted at %s with %q\n%s", step, found, text(report))
}
