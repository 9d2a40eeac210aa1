// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"slices"
	"strconv"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// vote is a rebuilder's latest statement about this release.
type vote struct {
	passed bool
	at     time.Time
	name   string // of the bundle
}

// summary judges a rebuilder's statement, and counts it if it is about this
// release.
func (j *judge) summary(item Item, proof *sigbundle.Proof, member *policy.Rebuilder) error {
	s, err := vsa.Parse(proof.Statement)
	if err != nil {
		return fault(verdict.Statement, "a rebuilder's summary without anything unknown", err.Error(), adviceRefuse)
	}
	isThis := func(subject attest.Subject) bool {
		return subject.Name == release.ManifestPath && subject.SHA256 == j.digest
	}
	if s.Verifier != member.Verifier {
		return fault(verdict.Rebuilders, "the verifier "+member.Verifier+", the only one for which "+member.Name+" may speak",
			"verifier "+verdict.Quote(s.Verifier), adviceRefuse)
	}
	// FAILED counts as soon as it is about this release: what else it says may
	// be the difference that was found.
	if s.Passed || !slices.ContainsFunc(s.Subjects, isThis) {
		if err := j.confirms(s); err != nil {
			return err
		}
		if err := statedBefore("timeVerified", s.Time, proof); err != nil {
			return err
		}
	}
	result := "FAILED"
	if s.Passed {
		result = "PASSED"
	}
	j.hold(item, proof, vsa.PredicateType, "rebuilder", member.Name, result)
	j.count(member.Name, vote{s.Passed, proof.Time, item.Name})
	return nil
}

// confirms refuses a summary that is not about exactly this release and source.
func (j *judge) confirms(s *vsa.Summary) error {
	if err := j.subjects(s.Subjects); err != nil {
		return err
	}
	template, _ := j.Set.Content(release.ProvenancePath)
	source := j.Policy.Source
	for _, c := range []struct{ what, want, got string }{
		{"resource", vsa.Resource(source.Repository, j.Manifest.Source.Commit), s.Resource},
		{"policy.uri", vsa.PolicyURI(source.Repository, source.Target), s.PolicyURI},
		{"policy.digest", release.Digest(template), s.PolicySHA256},
	} {
		if c.got != c.want {
			return fault(verdict.Rebuilders, c.what+" "+c.want, verdict.Quote(c.got), adviceRefuse)
		}
	}
	return nil
}

// count keeps the latest vote of a member; FAILED if two are of one time.
func (j *judge) count(member string, v vote) {
	old, ok := j.votes[member]
	if !ok || v.at.After(old.at) || v.at.Equal(old.at) && !v.passed {
		j.votes[member] = v
	}
}

// rebuilders records whether enough got the same, and who did not.
func (j *judge) rebuilders() {
	confirmed := 0
	for _, member := range j.Policy.Rebuilders.Members {
		v, ok := j.votes[member.Name]
		switch {
		case !ok:
		case v.passed:
			confirmed++
			j.report.Pass(verdict.Rebuilders, member.Name)
		default:
			j.report.Refute(verdict.Rebuilders, member.Name, "the same bytes from the same source",
				"other bytes: "+member.Name+" says FAILED in "+v.name+", signed "+attest.FormatTime(v.at),
				"Do not use this release until it is known why: ask the rebuilder and the publisher, or rebuild it yourself.")
		}
	}
	threshold := j.Policy.Rebuilders.Threshold
	switch {
	case threshold == 0:
		j.report.Leave(verdict.Rebuilders, "policy", "no rebuilder is asked for: that the release is its source, the publisher alone says",
			"Name independent rebuilders in the policy, or rebuild it yourself.")
	case confirmed < threshold:
		expected := strconv.Itoa(threshold) + " of " + strconv.Itoa(len(j.Policy.Rebuilders.Members)) + " rebuilders with the same bytes"
		if j.Incomplete {
			j.report.Leave(verdict.Rebuilders, "policy", "it asks for "+expected+", and there are "+strconv.Itoa(confirmed), "Nobody who holds to the policy uses the release before.")
			return
		}
		j.report.Refute(verdict.Rebuilders, "policy", expected, strconv.Itoa(confirmed), "Wait for more rebuilders, or rebuild it yourself.")
	}
}

// enoughRebuilders says whether no statement of a rebuilder is missing.
func (j *judge) enoughRebuilders() bool {
	passed := 0
	for _, v := range j.votes {
		if v.passed {
			passed++
		}
	}
	return passed >= j.Policy.Rebuilders.Threshold
}
