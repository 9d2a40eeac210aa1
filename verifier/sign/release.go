// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// The names of the bundles that a publisher adds to a release.
const (
	ManifestBundle   = release.ManifestPath + release.SignatureSuffix
	ProvenanceBundle = release.ProvenancePath + release.SignatureSuffix
)

// Plan is what will be signed.
type Plan struct {
	Digest   string // of release.json, in hexadecimal
	Manifest *release.Manifest
	Jobs     []Job
}

// CheckRelease checks a release by itself, as kmsverify does, and returns its
// manifest. The report tells more than the error, a *Fault.
func CheckRelease(set *artifact.Set, target string) (*release.Manifest, *verdict.Report, error) {
	report := verdict.New("release", target, releasecheck.Required(releasecheck.Options{})...)
	manifest := releasecheck.Check(report, set, releasecheck.Options{})
	switch report.Conclude() {
	case verdict.ConcludeVerified:
		return manifest, report, nil
	case verdict.ConcludeRefuted:
		return nil, report, refused("release", "a release without faults", "one that is refuted", "Build it again; \"kmsverify release\" lists what is wrong")
	default:
		return nil, report, unavailable("release", "it could not be checked whole", "Check the path, and that you may read what is there")
	}
}

// PlanRelease returns what a publisher signs of a release that CheckRelease has
// accepted: its manifest, and its provenance completed by run.
func PlanRelease(set *artifact.Set, manifest *release.Manifest, run attest.Run, allowUnreleased bool) (*Plan, error) {
	if manifest.Source.Commit == release.Unreleased && !allowUnreleased {
		return nil, refused(release.ManifestPath, "a source commit", "\"unreleased\"",
			"Build with --//tools/rules:source_commit, or give --allow-unreleased for a trial")
	}
	data, _ := set.Content(release.ManifestPath)
	template, _ := set.Content(release.ProvenancePath)
	statement, err := attest.Complete(template, run)
	if err != nil {
		return nil, misused("provenance", "a run that can be stated: builder id, invocation id, times, ref", verdict.Plain(err.Error()),
			"See --builder-id, --invocation-id, --started, --finished and --ref")
	}
	return &Plan{release.Digest(data), manifest, []Job{
		{Subject: release.ManifestPath, File: ManifestBundle, Payload: data},
		{Subject: release.ProvenancePath, File: ProvenanceBundle, Payload: statement, Statement: true},
	}}, nil
}

// PlanStatement returns what a rebuilder signs: a statement as package vsa
// specifies it.
func PlanStatement(data []byte, name string) (*Plan, *vsa.Summary, error) {
	if !isRebuilder(name) {
		return nil, nil, misused("--name", "1 to 40 characters of a-z 0-9 -", verdict.Quote(name), "Use the name that policies give this rebuilder")
	}
	summary, err := vsa.Parse(data)
	if err != nil {
		return nil, nil, refused("statement", "a rebuilder's verification summary", verdict.Plain(err.Error()), "Let \"kmsverify rebuild\" write it")
	}
	plan := &Plan{Jobs: []Job{{Subject: "statement of " + name, File: RebuildBundle(name), Payload: data, Statement: true}}}
	for _, subject := range summary.Subjects {
		if subject.Name == release.ManifestPath {
			plan.Digest = subject.SHA256
		}
	}
	return plan, summary, nil
}

// RebuildBundle returns the name of a rebuilder's bundle.
func RebuildBundle(name string) string { return "rebuild-" + name + release.SignatureSuffix }

func isRebuilder(name string) bool {
	return name != "" && len(name) <= 40 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Digest returns the SHA-256 of what is signed, before DSSE wraps it.
func (j Job) Digest() string {
	sum := sha256.Sum256(j.Payload)
	return hex.EncodeToString(sum[:])
}

// RebuilderIdentities returns by whom a policy wants the statement of a rebuilder
// signed; none if it does not know the name.
func RebuilderIdentities(p *policy.Policy, name string) []policy.Identity {
	for _, member := range p.Rebuilders.Members {
		if member.Name == name {
			return []policy.Identity{member.Identity}
		}
	}
	return nil
}
