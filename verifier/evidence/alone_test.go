// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// alone judges one bundle by the policy of a world.
func alone(t *testing.T, w *evidencetest.World, data, digest []byte) (*verdict.Signed, error) {
	t.Helper()
	root, err := trust.Parse("root.json", w.Root)
	if err != nil {
		t.Fatal(err)
	}
	a := evidence.NewAlone(verdict.New("bundle", "x"), w.Parsed(), root)
	if a == nil {
		t.Fatal("the policy cannot be held")
	}
	b, err := sigbundle.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return a.Check(b, digest)
}

func TestBundlesAlone(t *testing.T) {
	w := evidencetest.New(t)
	manifest := sha256.Sum256(w.Files[release.ManifestPath])
	other := sha256.Sum256([]byte("other"))
	otherBuilder := func() []byte {
		run := w.Run
		run.Builder = "https://forge.example/runners/mine"
		data, err := attest.Complete(w.Files[release.ProvenancePath], run)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	const message, provenance, rebuild = "release.json.sigstore.json", "provenance.intoto.json.sigstore.json", "rebuild-ann.sigstore.json"
	for _, tt := range []struct {
		name   string
		data   []byte
		digest []byte
		party  string
		step   verdict.Step // of the fault, or ""
	}{
		{"file", w.Bundles[message], manifest[:], "acme", ""},
		{"another file", w.Bundles[message], other[:], "", verdict.Signature},
		{"file that is not known", w.Bundles[message], nil, "", verdict.Bundle},
		{"provenance", w.Bundles[provenance], nil, "acme", ""},
		{"provenance of a file", w.Bundles[provenance], manifest[:], "acme", ""},
		{"provenance of another file", w.Bundles[provenance], other[:], "", verdict.Statement},
		{"provenance by another builder", w.Stack.SignStatement(w.Publisher, otherBuilder()), nil, "", verdict.Builder},
		{"rebuilder", w.Bundles[rebuild], manifest[:], "ann", ""},
		{"rebuilder in another's name", w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Summary("bob", nil)), nil, "", verdict.Rebuilders},
		{"rebuilder who found a difference", w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Summary("ann", evidencetest.Failed)), nil, "", verdict.Rebuilders},
		{"rebuilder's provenance", w.Stack.SignStatement(evidencetest.Rebuilder("ann"), w.Provenance()), nil, "", verdict.Statement},
		{"file by a rebuilder", w.Stack.SignMessage(evidencetest.Rebuilder("ann"), []byte("other")), other[:], "", verdict.Signature},
		{"stranger", w.Stack.SignMessage(sigtest.Signer{Issuer: evidencetest.Issuer, Subject: "https://else.example"}, []byte("other")), other[:], "", verdict.Signature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signed, err := alone(t, w, tt.data, tt.digest)
			if tt.step == "" {
				if err != nil || signed.Party != tt.party || signed.Time == "" || len(signed.Witnesses) < 2 {
					t.Errorf("%+v, %v", signed, err)
				}
				return
			}
			var f *sigbundle.Fault
			if !errors.As(err, &f) || f.Step != tt.step || signed != nil {
				t.Fatalf("%+v, %v: want a fault of step %s", signed, err, tt.step)
			}
			if strings.Contains(f.Advice, "this release") {
				t.Error("speaks of a release, though there is none:", f.Advice)
			}
		})
	}
}

func TestNoBundleIsJudgedByAnotherTrustRoot(t *testing.T) {
	w := evidencetest.New(t)
	root, err := trust.Parse("root.json", append(w.Root, '\n'))
	if err != nil {
		t.Fatal(err)
	}
	report := verdict.New("bundle", "x")
	if evidence.NewAlone(report, w.Parsed(), root) != nil || report.Conclude() != verdict.ConcludeRefuted || !report.Failed(verdict.TrustRoot) {
		t.Errorf("%+v", report.Checks())
	}
}
