// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"slices"
	"testing"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// FuzzJunk lays any bytes beside a signed release: they change no conclusion.
func FuzzJunk(f *testing.F) {
	w := newWorld(f)
	p, m := w.Parsed(), w.Files.Manifest(f)
	root, err := trust.Parse("trusted_root.json", w.Root)
	if err != nil {
		f.Fatal(err)
	}
	var good []evidence.Item
	for name, data := range w.Bundles {
		f.Add(data)
		good = append(good, evidence.Item{Name: name, Data: data})
	}
	set := artifact.NewSet(w.Files)
	f.Fuzz(func(t *testing.T, data []byte) {
		items := append(evidence.Lines("junk.jsonl", data), evidence.Item{Name: "junk", Data: data})
		report := verdict.New("release", "test", evidence.Required(p)...)
		evidence.Check(report, evidence.Input{
			Set: set, Manifest: m, Items: append(slices.Clone(good), items...), Policy: p, Trust: root, Now: w.Now,
		})
		if report.Conclude() != verdict.ConcludeVerified {
			t.Fatal(text(report))
		}
	})
}
