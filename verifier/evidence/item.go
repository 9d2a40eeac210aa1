// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"encoding/hex"
	"errors"
	"slices"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// kind is what a bundle that does not hold could have been.
type kind int

const (
	anything  kind = iota // its content is not readable, or not verified
	signature             // over release.json
	publisher             // statement of a publisher
	rebuilder             // statement of a rebuilder
	statement             // statement of nobody knows whom
)

// failure is a bundle that does not hold.
type failure struct {
	name      string
	kind      kind
	predicate string // type of the statement, if the kind is publisher
	fault     *sigbundle.Fault
}

func fault(step verdict.Step, expected, found, advice string) *sigbundle.Fault {
	return &sigbundle.Fault{Step: step, Expected: expected, Found: found, Advice: advice}
}

func asFault(err error) *sigbundle.Fault {
	var f *sigbundle.Fault
	if errors.As(err, &f) {
		return f
	}
	return fault(verdict.Bundle, "a bundle that can be judged", verdict.Quote(err.Error()), adviceAgain)
}

func (j *judge) fail(item Item, k kind, predicate string, err error) {
	j.failed = append(j.failed, failure{item.Name, k, predicate, asFault(err)})
}

// item looks at one bundle. What it is follows from what is verified.
func (j *judge) item(item Item) {
	b, err := sigbundle.Parse(item.Data)
	if err != nil {
		j.fail(item, anything, "", err)
		return
	}
	if !b.IsStatement() {
		j.message(item, b)
		return
	}
	proof, err := j.verifier.Verify(b, nil)
	if err != nil {
		j.fail(item, statement, "", err)
		return
	}
	predicate, err := predicateType(proof.Statement)
	if member := j.memberOf(proof); member != nil {
		if err == nil && predicate != vsa.PredicateType {
			err = fault(verdict.Statement, "a rebuilder's statement of type "+vsa.PredicateType, "type "+verdict.Quote(predicate), adviceRefuse)
		}
		if err == nil {
			err = j.summary(item, proof, member)
		}
		if err != nil {
			j.fail(item, rebuilder, "", err)
		}
		return
	}
	parties := j.publishersOf(proof)
	if err == nil {
		err = j.publication(predicate, proof, parties)
	}
	if err != nil {
		j.fail(item, publisher, predicate, err)
		return
	}
	j.hold(item, proof, predicate, "publisher", parties[0].Name, "")
	j.held[predicate] = true
}

// predicateType returns the type of a verified statement.
func predicateType(payload []byte) (string, error) {
	v, err := wire.Parse(payload)
	if err != nil {
		return "", fault(verdict.Statement, "a statement in JSON with integers only", err.Error(), adviceRefuse)
	}
	member, _ := v.Get("predicateType")
	text, ok := member.AsString()
	if !ok {
		return "", fault(verdict.Statement, "a statement with a predicate type", "none", adviceRefuse)
	}
	return text, nil
}

// message looks at a signature over a file: release.json or nothing.
func (j *judge) message(item Item, b *sigbundle.Bundle) {
	digest, _ := hex.DecodeString(j.digest)
	proof, err := j.verifier.Verify(b, digest)
	if err != nil {
		j.fail(item, signature, "", err)
		return
	}
	parties := j.publishersOf(proof)
	if len(parties) == 0 {
		j.fail(item, signature, "", fault(verdict.Signature, "a signature over release.json by a publisher", "one by a rebuilder",
			"A rebuilder signs a statement, not the release."))
		return
	}
	if err := j.certifiedSource(proof); err != nil {
		j.fail(item, signature, "", err)
		return
	}
	j.hold(item, proof, release.ManifestPath, "publisher", parties[0].Name, "")
	if proof.Time.After(j.signed) {
		j.signed = proof.Time
	}
}

// hold records a bundle that holds.
func (j *judge) hold(item Item, proof *sigbundle.Proof, what, role, party, result string) {
	for _, step := range []verdict.Step{verdict.Bundle, verdict.Signature, verdict.Timestamp, verdict.Logged} {
		j.report.Pass(step, item.Name)
	}
	if j.Policy.Witnesses.Threshold > 0 {
		j.report.Pass(verdict.Witness, item.Name)
	}
	if what != release.ManifestPath {
		j.report.Pass(verdict.Statement, item.Name)
	}
	if what == attest.ProvenanceType {
		j.report.Pass(verdict.Builder, item.Name)
		j.report.Pass(verdict.BuiltFrom, item.Name)
	}
	j.proven = append(j.proven, verdict.Signed{
		What: what, Role: role, Party: party, Identity: identityOf(proof), Time: attest.FormatTime(proof.Time),
		Log: proof.LogOrigin, Index: proof.LogIndex, Witnesses: proof.Witnesses, Result: result,
	})
}

// signers records who signed: publishers first, release.json first.
func (j *judge) signers() {
	rank := func(s verdict.Signed) int {
		switch {
		case s.What == release.ManifestPath:
			return 0
		case s.Role == "publisher":
			return 1
		default:
			return 2
		}
	}
	slices.SortStableFunc(j.proven, func(a, b verdict.Signed) int { return rank(a) - rank(b) })
	for _, s := range j.proven {
		j.report.AddSigned(s)
	}
}

// identityOf returns who signed, as proven.
func identityOf(proof *sigbundle.Proof) string {
	return policy.Identity{Issuer: proof.Issuer, Subject: proof.Subject, Key: proof.Key}.String()
}

// publishersOf returns the publishers of the policy whose identity signed:
// more than one if their patterns overlap.
func (j *judge) publishersOf(proof *sigbundle.Proof) []policy.Publisher {
	var list []policy.Publisher
	for _, p := range j.Policy.Publishers {
		if signedBy(p.Identity, proof) {
			list = append(list, p)
		}
	}
	return list
}

// memberOf returns the rebuilder of the policy who signed, or nil.
func (j *judge) memberOf(proof *sigbundle.Proof) *policy.Rebuilder {
	for i, m := range j.Policy.Rebuilders.Members {
		if signedBy(m.Identity, proof) {
			return &j.Policy.Rebuilders.Members[i]
		}
	}
	return nil
}

func signedBy(i policy.Identity, proof *sigbundle.Proof) bool {
	if i.Key != "" || proof.Key != "" {
		return i.Key == proof.Key
	}
	return i.Issuer == proof.Issuer && i.Matches(proof.Subject)
}
