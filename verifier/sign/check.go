// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/verdict"
)

// Signed is a bundle that was made and then verified.
type Signed struct {
	File  string
	Data  []byte // one line of JSON
	Proof *sigbundle.Proof
}

// verify holds a new bundle against the trust root, as everybody else will.
func (s *Signer) verify(data []byte, job Job) (*sigbundle.Proof, error) {
	parsed, err := sigbundle.Parse(data)
	if err != nil {
		return nil, notVerified(err)
	}
	own, err := s.session.identity()
	if err != nil {
		return nil, err
	}
	demands := sigbundle.Demands{
		Trust: s.Trust, Identities: []policy.Identity{own}, Witnesses: s.Witnesses,
		Log: policy.LogRule{Threshold: len(s.Services.Logs)}, Timestamps: len(s.Services.Timestamps),
	}
	if len(s.Accept) > 0 {
		demands.Identities = s.Accept
	}
	var digest []byte
	if !job.Statement {
		sum := sha256.Sum256(job.Payload)
		digest = sum[:]
	}
	proof, err := demands.Verify(parsed, digest)
	if err != nil {
		return nil, notVerified(err)
	}
	if job.Statement && !bytes.Equal(proof.Statement, job.Payload) {
		return nil, refused(job.Subject, "the statement that was signed", "another one in the bundle", adviceInstance)
	}
	return proof, nil
}

// notVerified turns what the verifier says into a refusal to write.
func notVerified(err error) *Fault {
	var found *sigbundle.Fault
	if errors.As(err, &found) {
		return refused("new bundle, "+string(found.Step), found.Expected, found.Found,
			"Nothing was written: check that signing config, trust root and policy are of one Sigstore instance")
	}
	return asFault(err)
}

// identity is whom the bundles of this run are by.
func (s *session) identity() (policy.Identity, error) {
	if s.certificate == nil {
		spki, err := SPKI(s.key.Public())
		return policy.Identity{Key: spki}, err
	}
	parsed, err := x509.ParseCertificate(s.certificate)
	if err != nil {
		return policy.Identity{}, asFault(err)
	}
	summary, err := certificate.SummarizeCertificate(parsed)
	if err != nil || summary.SubjectAlternativeName == "" || summary.Issuer == "" {
		return policy.Identity{}, refused("certificate", "an issuer and one subject", "something else", adviceInstance)
	}
	return policy.Identity{Issuer: verdict.Plain(summary.Issuer), Subject: verdict.Plain(summary.SubjectAlternativeName)}, nil
}

// acceptsKey says, before anything is public, whether a key is one of those that
// are accepted.
func (s *Signer) acceptsKey() error {
	if len(s.Accept) == 0 {
		return nil
	}
	spki, err := SPKI(s.Key.Public())
	if err != nil {
		return asFault(err)
	}
	for _, identity := range s.Accept {
		if sameBase64(identity.Key, spki) {
			return nil
		}
	}
	return refused("key", "an identity that the policy names", "another key", "Sign with the one that it names, or change the policy")
}

// compact takes the spaces, which protojson varies on purpose, out of JSON.
func compact(data []byte) ([]byte, error) {
	var out bytes.Buffer
	err := json.Compact(&out, data)
	return append(out.Bytes(), '\n'), err
}
