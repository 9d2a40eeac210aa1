// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/sign/signtest"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/vsa"
)

var update = flag.Bool("update", false, "write the outputs in testdata anew")

var run = attest.Run{
	Builder: "https://ci.example/builder", InvocationID: "https://ci.example/runs/1", Ref: "refs/tags/v0.5.0",
	Started: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Finished: time.Date(2026, 11, 23, 12, 5, 0, 0, time.UTC),
}

func planOf(t *testing.T, files releasetest.Release) *sign.Plan {
	t.Helper()
	set := artifact.NewSet(files)
	manifest, _, err := sign.CheckRelease(set, "test")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := sign.PlanRelease(set, manifest, run, false)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestManifestAndCompletedProvenanceAreSigned(t *testing.T) {
	files := releasetest.Load(t)
	plan := planOf(t, files)
	if plan.Digest != files.Digest() || len(plan.Jobs) != 2 {
		t.Fatalf("plan %+v", plan)
	}
	manifest, provenance := plan.Jobs[0], plan.Jobs[1]
	if manifest.File != "release.json.sigstore.json" || manifest.Statement || !bytes.Equal(manifest.Payload, files[release.ManifestPath]) {
		t.Error("the manifest is not signed as it is")
	}
	signed, err := attest.ParseSigned(provenance.Payload)
	if err != nil || provenance.File != "provenance.intoto.json.sigstore.json" || !provenance.Statement {
		t.Fatal(err)
	}
	if signed.Run != run {
		t.Errorf("run %+v, want %+v", signed.Run, run)
	}
	all, err := newSigner(t, signtest.New(t)).SignAll(t.Context(), plan)
	if err != nil || len(all) != 2 || !bytes.Equal(all[1].Proof.Statement, provenance.Payload) {
		t.Error(err)
	}
}

func TestReleaseWithAFaultIsNotSigned(t *testing.T) {
	files := releasetest.Build(t)
	files["icon.svg"] = append(files["icon.svg"], ' ')
	_, report, err := sign.CheckRelease(artifact.NewSet(files), "test")
	wantFault(t, err, sign.Refused, "one that is refuted")
	if report.Release() == "" {
		t.Error("the report does not say which release")
	}
	files = releasetest.Build(t)
	delete(files, release.ChecksumsPath)
	if _, _, err = sign.CheckRelease(artifact.NewSet(files), "test"); err == nil {
		t.Error("a release that is not whole is signed")
	}
}

func TestReleaseOfUnknownCommitIsSignedOnlyIfAsked(t *testing.T) {
	files := releasetest.Build(t)
	m := files.Manifest(t)
	m.Source.Commit = release.Unreleased
	files.SetManifest(t, m)
	files.UpdateAll(t)
	set := artifact.NewSet(files)
	manifest, report, err := sign.CheckRelease(set, "test")
	if err != nil {
		t.Fatal(report.Checks())
	}
	_, err = sign.PlanRelease(set, manifest, run, false)
	wantFault(t, err, sign.Refused, "unreleased", "--allow-unreleased")
	trial := run
	trial.Ref = ""
	if _, err := sign.PlanRelease(set, manifest, trial, true); err != nil {
		t.Error(err)
	}
}

func TestRunThatCannotBeStatedIsAMistake(t *testing.T) {
	set := artifact.NewSet(releasetest.Build(t))
	manifest, _, err := sign.CheckRelease(set, "test")
	if err != nil {
		t.Fatal(err)
	}
	bad := run
	bad.Builder = "somebody"
	_, err = sign.PlanRelease(set, manifest, bad, false)
	wantFault(t, err, sign.Usage, "--builder-id")
}

func summary(t *testing.T, files releasetest.Release) []byte {
	t.Helper()
	s := &vsa.Summary{
		Verifier: "https://rebuilder.example", Versions: map[string]string{"bazel": "9.0.0"}, Time: run.Finished,
		Resource: "git+" + releasetest.Repository + "@" + releasetest.Commit, PolicyURI: releasetest.Repository + "#//enclave:release",
		PolicySHA256: release.Digest(files[release.ProvenancePath]), Passed: true, Levels: []string{vsa.Level},
	}
	m := files.Manifest(t)
	for _, f := range m.Files {
		s.Subjects = append(s.Subjects, attest.Subject{Name: f.Path, SHA256: f.SHA256})
		if f.Path < release.ManifestPath && (len(m.Files) == len(s.Subjects) || m.Files[len(s.Subjects)].Path > release.ManifestPath) {
			s.Subjects = append(s.Subjects, attest.Subject{Name: release.ManifestPath, SHA256: files.Digest()})
		}
	}
	data, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestStatementOfARebuilderIsSignedUnderItsName(t *testing.T) {
	files := releasetest.Build(t)
	plan, parsed, err := sign.PlanStatement(summary(t, files), "north-1")
	if err != nil {
		t.Fatal(err)
	}
	if plan.Jobs[0].File != "rebuild-north-1.sigstore.json" || !parsed.Passed {
		t.Errorf("plan %+v", plan.Jobs[0].File)
	}
	for _, name := range []string{"", "North", "a/b", "a.b", strings.Repeat("a", 41)} {
		_, _, err := sign.PlanStatement(summary(t, files), name)
		wantFault(t, err, sign.Usage, "--name")
	}
	_, _, err = sign.PlanStatement(files[release.ProvenancePath], "north")
	wantFault(t, err, sign.Refused, "a rebuilder's verification summary")
}

func TestRebuilderIsFoundInAPolicyByName(t *testing.T) {
	id := policy.Identity{Key: "x"}
	p := &policy.Policy{Rebuilders: policy.RebuilderRule{Members: []policy.Rebuilder{{Name: "north", Identity: id}}}}
	if got := sign.RebuilderIdentities(p, "north"); len(got) != 1 || got[0] != id {
		t.Errorf("got %v", got)
	}
	if sign.RebuilderIdentities(p, "south") != nil {
		t.Error("south is known")
	}
}

func TestAttestationsAreGatheredInOrderAndOnlyOfThisRelease(t *testing.T) {
	files := releasetest.Build(t)
	plan := planOf(t, files)
	stack := sigtest.New(t)
	signer := sigtest.Signer{Key: stack.Key("publisher")}
	bundles := map[string][]byte{
		"rebuild-a.sigstore.json": stack.SignStatement(signer, summary(t, files)),
		sign.ProvenanceBundle:     stack.SignStatement(signer, plan.Jobs[1].Payload),
		sign.ManifestBundle:       stack.SignMessage(signer, files[release.ManifestPath]),
	}
	set := artifact.NewSet(files)
	lines, err := sign.Attestations(set, bundles)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(lines), "\n")
	if len(got) != 4 || !strings.Contains(got[2], "messageSignature") || !strings.Contains(got[0], "dsseEnvelope") {
		t.Errorf("%d lines in another order", len(got)-1)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":           {[]byte("{}"), "a Sigstore bundle"},
		"another manifest":  {stack.SignMessage(signer, []byte("other")), "about another release"},
		"another statement": {stack.SignStatement(signer, []byte(`{"subject":[{"name":"release.json","digest":{"sha256":"00"}}]}`)), "about another release"},
		"no subject":        {stack.SignStatement(signer, []byte(`{}`)), "about another release"},
		"no statement":      {stack.SignStatement(signer, []byte(`x`)), "an in-toto statement"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sign.Attestations(set, map[string][]byte{"x.sigstore.json": c.data})
			wantFault(t, err, sign.Refused, "x.sigstore.json", c.want)
		})
	}
	_, err = sign.Attestations(set, nil)
	wantFault(t, err, sign.Refused, "at least one")
}

// unstable is what differs from run to run in a description.
var unstable = regexp.MustCompile(`127\.0\.0\.1:\d+|[0-9a-f]{64}|key [A-Za-z0-9+/=]{124}|\d+ bytes`)

func TestDryRunSaysExactlyWhatWouldBeSigned(t *testing.T) {
	stack := signtest.New(t)
	s := newSigner(t, stack)
	s.Witnesses = policy.WitnessRule{Threshold: 2, Keys: stack.WitnessKeys()}
	plan := planOf(t, releasetest.Build(t))
	text, err := s.Describe(plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{signtest.Authority, signtest.Log, signtest.Timestamp} {
		if stack.Requests(service) != 0 {
			t.Errorf("a connection to %s", service)
		}
	}
	if !strings.Contains(text, string(plan.Jobs[1].Payload)) {
		t.Error("the statement is not shown as it is")
	}
	got := unstable.ReplaceAllString(strings.Replace(text, string(plan.Jobs[1].Payload), "(the statement)", 1), "(varies)")
	golden := filepath.Join("testdata", "dry-run.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("described as\n%s\nwant\n%s", got, want)
	}
}

func TestDryRunShowsNothingThatATerminalActsUpon(t *testing.T) {
	s := newSigner(t, signtest.New(t))
	s.Trust = &trust.Root{Name: "a\x1b[2J", SHA256: "00"}
	text, err := s.Describe(&sign.Plan{Jobs: []sign.Job{{Subject: "x\x1b", File: "y", Payload: []byte("\x1b\x7f\r"), Statement: true}}})
	if err != nil || strings.ContainsAny(text, "\x1b\x7f\r") {
		t.Errorf("%q %v", text, err)
	}
}
