// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/verdict"
)

// publication judges a publisher's statement.
func (j *judge) publication(predicate string, proof *sigbundle.Proof, parties []policy.Publisher) error {
	switch {
	case predicate == attest.ProvenanceType:
		return j.provenance(proof, parties)
	case !slices.Contains(j.Policy.Require, predicate):
		return fault(verdict.Statement, "a statement of a type that the policy requires of publishers", "type "+verdict.Quote(predicate), adviceNothing)
	}
	v, err := wire.Parse(proof.Statement)
	if err != nil {
		return fault(verdict.Statement, "a statement in JSON", err.Error(), adviceRefuse)
	}
	if kind, _ := v.Get("_type"); !isText(kind, attest.StatementType) {
		return fault(verdict.Statement, "an in-toto statement of version 1", "another one", adviceRefuse)
	}
	list, _ := v.Get("subject")
	subjects, err := attest.ParseSubjects(list)
	if err != nil {
		return fault(verdict.Statement, "subjects with name and sha256", err.Error(), adviceRefuse)
	}
	return j.subjects(subjects)
}

func isText(v wire.Value, want string) bool {
	text, ok := v.AsString()
	return ok && text == want
}

// provenance judges a provenance by everything that the policy says of it.
func (j *judge) provenance(proof *sigbundle.Proof, parties []policy.Publisher) error {
	s, err := attest.ParseSigned(proof.Statement)
	if err != nil {
		return fault(verdict.Statement, "a completed SLSA provenance without anything unknown", err.Error(), adviceRefuse)
	}
	if err := j.subjects(s.Subjects); err != nil {
		return err
	}
	if err := j.sameAsTemplate(proof.Statement, s.Run); err != nil {
		return err
	}
	isBuilder := func(p policy.Publisher) bool { return p.Builder == s.Run.Builder }
	if !slices.ContainsFunc(parties, isBuilder) {
		return fault(verdict.Builder, "the builder "+parties[0].Builder+", the only one for which "+parties[0].Name+" may speak",
			"builder "+verdict.Quote(s.Run.Builder), adviceRefuse)
	}
	if err := statedBefore("finishedOn", s.Run.Finished, proof); err != nil {
		return err
	}
	return j.source(s, proof)
}

// statedBefore refuses a statement about a time after it was signed.
func statedBefore(what string, stated time.Time, proof *sigbundle.Proof) error {
	if stated.Sub(proof.Time) > skew {
		return fault(verdict.Statement, what+" before the signature, "+attest.FormatTime(proof.Time), attest.FormatTime(stated), adviceRefuse)
	}
	return nil
}

// subjects refuses statements that are not about exactly the files of the
// release, by name and digest.
func (j *judge) subjects(subjects []attest.Subject) error {
	got := make(map[string]string, len(subjects))
	for _, s := range subjects {
		got[s.Name] = s.SHA256
		if _, ok := j.files[s.Name]; !ok {
			return fault(verdict.Statement, "only files of this release as subjects", "also "+verdict.FileName(s.Name), adviceRefuse)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(j.files)) {
		switch got[name] {
		case j.files[name]:
		case "":
			return fault(verdict.Statement, "every file of this release as a subject", "none for "+name, adviceRefuse)
		default:
			return fault(verdict.Statement, "the subject "+name+" with sha256 "+j.files[name], "sha256 "+got[name], adviceRefuse)
		}
	}
	return nil
}

// sameAsTemplate refuses a statement that says anything else than
// provenance.intoto.json where only the run may differ. That file is the same
// for everybody who builds, so a rebuilder has confirmed it.
func (j *judge) sameAsTemplate(payload []byte, run attest.Run) error {
	const expected = "provenance.intoto.json, completed with builder, ref and times"
	template, ok := j.Set.Content(release.ProvenancePath)
	if !ok {
		return fault(verdict.Statement, expected, "no provenance.intoto.json in the release", adviceAgain)
	}
	want, err := attest.Complete(template, run)
	if err != nil {
		return fault(verdict.Statement, expected, err.Error(), adviceAgain)
	}
	v, err := wire.Parse(payload)
	if err != nil || !bytes.Equal(v.Append(nil), want) {
		return fault(verdict.Statement, expected, "a provenance that also differs elsewhere", adviceRefuse)
	}
	return nil
}

// source compares what a provenance was built from with release.json and the
// policy.
func (j *judge) source(s *attest.Signed, proof *sigbundle.Proof) error {
	want := j.Policy.Source
	for _, c := range []struct{ what, want, got string }{
		{"repository", want.Repository, j.Manifest.Source.Repository},
		{"repository", want.Repository, s.Repository},
		{"commit", j.Manifest.Source.Commit, s.Commit},
		{"target", want.Target, s.Target},
		{"build type", want.BuildType, s.BuildType},
	} {
		if c.got != c.want {
			return fault(verdict.BuiltFrom, c.what+" "+c.want, verdict.Quote(c.got), adviceRefuse)
		}
	}
	if s.Commit == release.Unreleased {
		return fault(verdict.BuiltFrom, "a commit", release.Unreleased, "Build the release from a commit.")
	}
	switch {
	case s.Run.Ref == "" && proof.Ref == "":
		return fault(verdict.BuiltFrom, "the ref that was built, in the provenance or the certificate", "neither has one", adviceRefuse)
	case s.Run.Ref != "" && !want.AllowsRef(s.Run.Ref):
		return fault(verdict.BuiltFrom, "a ref that the policy allows", verdict.Quote(s.Run.Ref)+" in the provenance", adviceRefuse)
	case s.Run.Ref != "" && proof.Ref != "" && s.Run.Ref != proof.Ref:
		return fault(verdict.BuiltFrom, "the certificate's ref "+verdict.Quote(proof.Ref)+" in the provenance", verdict.Quote(s.Run.Ref), adviceRefuse)
	}
	return j.certifiedSource(proof)
}

// certifiedSource compares what the certificate says of the build with
// release.json and the policy. Not every issuer says something.
func (j *judge) certifiedSource(proof *sigbundle.Proof) error {
	switch {
	case proof.Repository != "" && proof.Repository != j.Policy.Source.Repository:
		return fault(verdict.BuiltFrom, "a certificate for repository "+j.Policy.Source.Repository, "one for "+verdict.Quote(proof.Repository), adviceRefuse)
	case proof.Commit != "" && proof.Commit != j.Manifest.Source.Commit:
		return fault(verdict.BuiltFrom, "a certificate for commit "+j.Manifest.Source.Commit, "one for "+verdict.Quote(proof.Commit), adviceRefuse)
	case proof.Ref != "" && !j.Policy.Source.AllowsRef(proof.Ref):
		return fault(verdict.BuiltFrom, "a certificate for a ref that the policy allows", "one for "+verdict.Quote(proof.Ref), adviceRefuse)
	}
	return nil
}
