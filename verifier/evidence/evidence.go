// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"strconv"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// Input is what Check judges.
type Input struct {
	Set      *artifact.Set
	Manifest *release.Manifest // nil if it is not readable
	Items    []Item
	Policy   *policy.Policy
	Trust    *trust.Root
	Now      time.Time

	// Published says that the set is all that a host serves, or will: then what
	// the policy promises to apps must be there too.
	Published bool
	// Incomplete leaves it open if rebuilders or the update proof are missing,
	// for publishers who go on before all is there. What is wrong is refuted.
	Incomplete bool
}

// Required returns the steps without which no release fulfils p. An update
// proof belongs to what hosts serve, not to the release.
func Required(p *policy.Policy) []verdict.Step {
	steps := []verdict.Step{
		verdict.Rules, verdict.TrustRoot, verdict.Bundle, verdict.Signature, verdict.Timestamp, verdict.Logged,
		verdict.Statement, verdict.Builder, verdict.BuiltFrom, verdict.Required, verdict.Freshness, verdict.Allowed,
	}
	if p.Witnesses.Threshold > 0 {
		steps = append(steps, verdict.Witness)
	}
	if p.Rebuilders.Threshold > 0 {
		steps = append(steps, verdict.Rebuilders)
	}
	return steps
}

const (
	adviceRefuse  = "Do not use this release: what the policy asks for is not there. Ask its publisher."
	adviceRoot    = "Give the trusted_root.json that the policy names with --trusted-root, or correct the policy."
	adviceNothing = "It does no harm: all that the policy asks for is there without it."
	adviceAgain   = "Do not use this copy: get the release again, with its signatures."
)

// Check records what the items say about the release, measured by the policy.
func Check(report *verdict.Report, in Input) {
	j := &judge{Input: in, report: report}
	report.IdentifyPolicy(verdict.Policed{Name: in.Policy.Name, TrustRoot: in.Trust.SHA256})
	report.Pass(verdict.Rules, in.Policy.Name)
	if !j.trustRoot() || !j.readRelease() {
		return
	}
	verifier, err := j.demands().Prepare()
	if err != nil {
		j.refuse("policy", err)
		return
	}
	j.verifier = verifier
	items := Unique(in.Items)
	if len(items) > MaxItems {
		report.Leave(verdict.Bundle, strconv.Itoa(len(items)-MaxItems)+" bundles", "more than "+strconv.Itoa(MaxItems)+" are not looked at",
			"Give those that matter with --attestations.")
		items = items[:MaxItems]
	}
	for _, item := range items {
		j.item(item)
	}
	j.signers()
	j.rebuilders()
	j.required()
	j.failures()
	j.freshness()
	j.allowed()
	j.update()
	j.open()
}

// judge is one run of Check.
type judge struct {
	Input
	report   *verdict.Report
	verifier *sigbundle.Verifier
	digest   string            // of release.json
	files    map[string]string // SHA-256 by name: what statements must be about

	signed time.Time       // latest signature over release.json
	held   map[string]bool // predicate types of publishers' statements that hold
	votes  map[string]vote // latest of each rebuilder, by name
	failed []failure       // bundles that do not hold
	proven []verdict.Signed
}

// demands are the same for all bundles: who signed is looked at afterwards.
func (j *judge) demands() sigbundle.Demands {
	return sigbundle.Demands{
		Trust:      j.Trust,
		Identities: append(j.Policy.Identities(), j.Policy.Rebuilders.Identities()...),
		Log:        j.Policy.Log,
		Witnesses:  j.Policy.Witnesses,
		Timestamps: j.Policy.Timestamps,
	}
}

// trustRoot says whether the root is the one that the policy names.
func (j *judge) trustRoot() bool {
	want := j.Policy.TrustRoot
	if named, err := trust.Named(want); err == nil {
		want = named.SHA256
	}
	if j.Trust.SHA256 != want {
		j.report.Refute(verdict.TrustRoot, j.Trust.Name, "the trust root with SHA-256 "+want, "SHA-256 "+j.Trust.SHA256, adviceRoot)
		return false
	}
	j.report.Pass(verdict.TrustRoot, j.Trust.Name)
	return true
}

// readRelease says whether there is a release for statements to be about.
func (j *judge) readRelease() bool {
	data, ok := j.Set.Content(release.ManifestPath)
	if j.Manifest == nil || !ok {
		j.report.Refute(verdict.Required, release.ManifestPath, "a readable release.json, which signatures are over", "none", adviceAgain)
		return false
	}
	j.digest = release.Digest(data)
	j.files = map[string]string{release.ManifestPath: j.digest}
	for _, f := range j.Manifest.Files {
		j.files[f.Path] = f.SHA256
	}
	j.held, j.votes = make(map[string]bool), make(map[string]vote)
	return true
}

// refuse records an error of package sigbundle, or of ours, as refuted.
func (j *judge) refuse(subject string, err error) {
	f := asFault(err)
	j.report.Refute(f.Step, subject, f.Expected, f.Found, f.Advice)
}
