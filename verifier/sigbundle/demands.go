// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// errPanic stands for a panic in guarded.
var errPanic = errors.New("malformed")

// Demands is what a bundle must fulfil.
type Demands struct {
	Trust      *trust.Root
	Identities []policy.Identity // any of them
	Log        policy.LogRule
	Witnesses  policy.WitnessRule
	Timestamps int // how many timestamp authorities; less than 1 is 1
}

// Proof is what a bundle proves. Nothing in it is taken from a part of the
// bundle that is not signed.
type Proof struct {
	Identity policy.Identity // the one of the demands that matched
	Subject  string          // of the certificate, or ""
	Issuer   string          // of OpenID Connect, as the certificate says, or ""
	Key      string          // base64 of the DER of the key, for signers with keys of their own, or ""

	// What the certificate says of the build, or "".
	Repository, Ref, Commit, Builder string

	Time      time.Time // when as many timestamp authorities as demanded had seen the signature
	LogOrigin string    // of the first log that counts
	LogIndex  int64
	Witnesses []string  // names, sorted, of those that count in every log that counts
	Witnessed time.Time // when as many witnesses as demanded had seen it in the log; zero if none are demanded
	Statement []byte    // the payload; nil for a signature over a file
}

// Verify verifies one bundle. For a signature over a file, artifactSHA256 is
// the digest of the file; for a statement it is nil. Every error is a *Fault.
func (d Demands) Verify(b *Bundle, artifactSHA256 []byte) (*Proof, error) {
	v, err := d.Prepare()
	if err != nil {
		return nil, err
	}
	return v.Verify(b, artifactSHA256)
}

// Verifier is Demands made ready, for many bundles. It is safe for concurrent
// use.
type Verifier struct {
	trusted    *root.TrustedRoot
	identities []matcher
	logs       map[string]trust.Log // by log ID
	log        policy.LogRule
	witnesses  []witness
	quorum     int
	timestamps int
}

// Prepare refuses demands that no bundle should be measured by. Every error is
// a *Fault.
func (d Demands) Prepare() (*Verifier, error) {
	v := &Verifier{log: d.Log, quorum: d.Witnesses.Threshold, timestamps: max(d.Timestamps, 1)}
	v.log.Threshold = max(v.log.Threshold, 1)
	if d.Trust == nil || d.Trust.Material == nil {
		return nil, fault(verdict.TrustRoot, "a trust root", "none", adviceRoot)
	}
	v.trusted = d.Trust.Material
	if len(d.Identities) == 0 {
		return nil, fault(verdict.Rules, "at least one identity that may sign", "none", adviceDemands)
	}
	for i, identity := range d.Identities {
		m, err := newMatcher(identity)
		if err != nil {
			return nil, fault(verdict.Rules, err.Error(), "something else for identity "+strconv.Itoa(i+1), adviceDemands)
		}
		v.identities = append(v.identities, m)
	}
	if f := v.prepareWitnesses(d.Witnesses); f != nil {
		return nil, f
	}
	v.logs = logsByID(d.Trust)
	if len(v.logs) == 0 {
		return nil, fault(verdict.TrustRoot, "a trust root with a transparency log and its address", "none", adviceRoot)
	}
	return v, nil
}

// Verify is Demands.Verify.
func (v *Verifier) Verify(b *Bundle, artifactSHA256 []byte) (*Proof, error) {
	s, f := v.open(b, artifactSHA256)
	if f != nil {
		return nil, f
	}
	for _, check := range []func(*subject) *Fault{
		v.checkTimestamps, v.checkCertificate, v.checkSignature, v.checkIdentity, v.checkLogs,
	} {
		if f := check(s); f != nil {
			return nil, f
		}
	}
	return &s.proof, nil
}

// nth returns the time by which n of the times had come; 0 < n <= len(times).
func nth(times []time.Time, n int) time.Time {
	sorted := slices.Clone(times)
	slices.SortFunc(sorted, time.Time.Compare)
	return sorted[n-1].UTC()
}
