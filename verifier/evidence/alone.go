// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"encoding/hex"
	"slices"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// Alone judges bundles by a policy without a release: each for itself, and so
// never whether together they fulfil it. It is safe for concurrent use.
type Alone struct{ judge *judge }

// NewAlone returns nil if no bundle can be judged by this policy and trust
// root; the report says why.
func NewAlone(report *verdict.Report, p *policy.Policy, t *trust.Root) *Alone {
	j := &judge{Input: Input{Policy: p, Trust: t}, report: report}
	report.IdentifyPolicy(verdict.Policed{Name: p.Name, TrustRoot: t.SHA256})
	report.Pass(verdict.Rules, p.Name)
	if !j.trustRoot() {
		return nil
	}
	verifier, err := j.demands().Prepare()
	if err != nil {
		j.refuse("policy", err)
		return nil
	}
	j.verifier = verifier
	return &Alone{j}
}

// Check judges one bundle. The digest is the SHA-256 of the file that a bundle
// signs; for a statement it may be nil, else it must be the digest of a subject.
// The error is a *sigbundle.Fault.
func (a *Alone) Check(b *sigbundle.Bundle, digest []byte) (*verdict.Signed, error) {
	signed, err := a.check(b, digest)
	if err == nil {
		return signed, nil
	}
	// There is no release here that one could be told not to use.
	f := *asFault(err)
	if f.Advice == adviceRefuse || f.Advice == adviceAgain {
		f.Advice = "Do not rely on it; ask whoever signed it."
	}
	return nil, &f
}

func (a *Alone) check(b *sigbundle.Bundle, digest []byte) (*verdict.Signed, error) {
	if !b.IsStatement() {
		return a.file(b, digest)
	}
	proof, err := a.judge.verifier.Verify(b, nil)
	if err != nil {
		return nil, err
	}
	predicate, err := predicateType(proof.Statement)
	if err != nil {
		return nil, err
	}
	if digest != nil {
		if err := about(proof.Statement, hex.EncodeToString(digest)); err != nil {
			return nil, err
		}
	}
	if member := a.judge.memberOf(proof); member != nil {
		return summaryAlone(proof, predicate, member)
	}
	parties := a.judge.publishersOf(proof)
	if predicate == attest.ProvenanceType {
		if err := a.provenance(proof, parties); err != nil {
			return nil, err
		}
	}
	return signedAlone(proof, predicate, "publisher", parties[0].Name, ""), nil
}

func (a *Alone) file(b *sigbundle.Bundle, digest []byte) (*verdict.Signed, error) {
	proof, err := a.judge.verifier.Verify(b, digest)
	if err != nil {
		return nil, err
	}
	parties := a.judge.publishersOf(proof)
	if len(parties) == 0 {
		return nil, fault(verdict.Signature, "a signature over a file by a publisher", "one by a rebuilder",
			"A rebuilder signs a statement, not files.")
	}
	return signedAlone(proof, "sha256 "+hex.EncodeToString(digest), "publisher", parties[0].Name, ""), nil
}

// about refuses a statement that has no subject with this digest.
func about(payload []byte, digest string) error {
	v, err := wire.Parse(payload)
	if err != nil {
		return fault(verdict.Statement, "a statement in JSON", err.Error(), adviceRefuse)
	}
	list, _ := v.Get("subject")
	subjects, err := attest.ParseSubjects(list)
	if err != nil {
		return fault(verdict.Statement, "subjects with name and sha256", err.Error(), adviceRefuse)
	}
	if !slices.ContainsFunc(subjects, func(s attest.Subject) bool { return s.SHA256 == digest }) {
		return fault(verdict.Statement, "a subject with sha256 "+digest, "only others", "The statement is about other files: find the one about this.")
	}
	return nil
}

// summaryAlone judges a rebuilder's statement without the release.
func summaryAlone(proof *sigbundle.Proof, predicate string, member *policy.Rebuilder) (*verdict.Signed, error) {
	if predicate != vsa.PredicateType {
		return nil, fault(verdict.Statement, "a rebuilder's statement of type "+vsa.PredicateType, "type "+verdict.Quote(predicate), adviceRefuse)
	}
	s, err := vsa.Parse(proof.Statement)
	switch {
	case err != nil:
		return nil, fault(verdict.Statement, "a rebuilder's summary without anything unknown", err.Error(), adviceRefuse)
	case s.Verifier != member.Verifier:
		return nil, fault(verdict.Rebuilders, "the verifier "+member.Verifier+", the only one for which "+member.Name+" may speak",
			"verifier "+verdict.Quote(s.Verifier), adviceRefuse)
	case !s.Passed:
		return nil, fault(verdict.Rebuilders, "the same bytes from the same source", "other bytes: "+member.Name+" says FAILED of "+verdict.Quote(s.Resource),
			"Do not use that release until it is known why: ask the rebuilder and the publisher.")
	}
	return signedAlone(proof, predicate, "rebuilder", member.Name, "PASSED"), nil
}

// provenance judges a provenance by what the policy says of every release.
func (a *Alone) provenance(proof *sigbundle.Proof, parties []policy.Publisher) error {
	s, err := attest.ParseSigned(proof.Statement)
	if err != nil {
		return fault(verdict.Statement, "a completed SLSA provenance without anything unknown", err.Error(), adviceRefuse)
	}
	if !slices.ContainsFunc(parties, func(p policy.Publisher) bool { return p.Builder == s.Run.Builder }) {
		return fault(verdict.Builder, "the builder "+parties[0].Builder+", the only one for which "+parties[0].Name+" may speak",
			"builder "+verdict.Quote(s.Run.Builder), adviceRefuse)
	}
	// What it says of the release itself is compared with itself.
	j := *a.judge
	j.Manifest = &release.Manifest{Source: release.Source{Repository: s.Repository, Commit: s.Commit}}
	return j.source(s, proof)
}

func signedAlone(proof *sigbundle.Proof, what, role, party, result string) *verdict.Signed {
	return &verdict.Signed{
		What: what, Role: role, Party: party, Identity: identityOf(proof), Time: attest.FormatTime(proof.Time),
		Log: proof.LogOrigin, Index: proof.LogIndex, Witnesses: proof.Witnesses, Result: result,
	}
}
