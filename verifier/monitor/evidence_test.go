// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"maps"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// published is a signed release, all signatures of which are in one log.
func published(t *testing.T) (*evidencetest.World, *world) {
	t.Helper()
	e := evidencetest.New(t)
	w := newWorld(t)
	trusted, err := trust.Parse("trusted_root.json", e.Root)
	if err != nil {
		t.Fatal(err)
	}
	w.stack, w.config.Trust, w.config.Policy, w.config.Now = e.Stack, trusted, e.Parsed(), e.Now
	w.config.evidence, w.config.required = evidence.Check, evidence.Required(w.config.Policy)
	w.serve(e.Stack)
	w.know(e)
	return e, w
}

func (w *world) know(e *evidencetest.World) {
	files := e.Files.Clone()
	maps.Copy(files, e.Bundles)
	w.config.Known = []Release{{Name: "known/1", Set: artifact.NewSet(files)}}
}

func TestPublishedAndRebuiltReleaseIsFine(t *testing.T) {
	_, w := published(t)
	report, state := w.look()
	wantFine(t, report)
	if state.Publishers < 2 || state.Rebuilders < 2 {
		t.Errorf("state %+v", state)
	}
}

// An operator signs WEBCAT's manifest for a deployment with the publisher's
// identity.
func TestSignedWebcatManifestIsKnownWithItsReleaseOnly(t *testing.T) {
	e, w := published(t)
	template, err := webcat.ParseManifest(e.Files[release.WebcatManifestPath])
	if err != nil {
		t.Fatal(err)
	}
	operator := release.Deployment{Embedders: []string{"https://app.example"}}
	for _, listed := range []struct {
		alter  bool
		result verdict.Result
	}{{false, verdict.OK}, {true, verdict.Refuted}} {
		m := template.Expand(operator.Expand)
		if listed.alter {
			m.Files["/LICENSE.txt"] = m.Files["/index.html"]
		}
		data, err := m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		signature := e.Stack.SignMessage(e.Publisher, data)
		enrollment, err := webcat.Enrollment{TrustedRoot: e.Root, MaxAge: 1, Claims: map[string]string{
			webcat.ClaimSubject: e.Publisher.Subject, webcat.ClaimIssuer: e.Publisher.Issuer,
		}}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := webcat.Bundle(enrollment, data, [][]byte{signature})
		if err != nil {
			t.Fatal(err)
		}
		e.Bundles[release.WebcatBundlePath] = bundle
		w.know(e)
		report, _ := w.look()
		if listed.result == verdict.OK {
			wantFine(t, report)
		} else {
			wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "no known release")
		}
	}
}

func TestReleaseWithoutItsRebuildersIsAlarmed(t *testing.T) {
	e, w := published(t)
	for name := range e.Bundles {
		if len(name) > 8 && name[:8] == "rebuild-" {
			delete(e.Bundles, name)
		}
	}
	w.know(e)
	report, state := w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "known but not rebuilt")
	for _, alarm := range state.Open() {
		if alarm.Kind != NotRebuilt {
			t.Errorf("alarm %+v", alarm)
		}
	}
}

func TestStatementThatIsLaidBesideAReleaseIsNotExplainedByIt(t *testing.T) {
	e, w := published(t)
	stray := e.Stack.SignStatement(e.Publisher, []byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://x.example/1","predicate":{},"subject":[{"name":"index.html","digest":{"sha256":"02"}}]}`))
	e.Bundles["stray.sigstore.json"] = stray
	w.know(e)
	report, state := w.look()
	wantCheck(t, report, verdict.LogEntry, verdict.Refuted, "known, but its evidence does not")
	if len(state.Open()) != 1 || state.Open()[0].Kind != NotProved {
		t.Errorf("state %+v", state)
	}
}
