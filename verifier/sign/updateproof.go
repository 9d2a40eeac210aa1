// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"crypto/x509"
	"slices"
	"strings"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"golang.org/x/mod/sumdb/note"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/updateproof"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// UpdateProof signs a manifest with the Signer's Key, puts that into the first
// log and returns the update proof. It has been checked against the log in the
// trust root and the Signer's witnesses, of which there must be some: apps take
// their time from them. Every error is a *Fault.
func (s *Signer) UpdateProof(ctx context.Context, manifest []byte) ([]byte, updateproof.Evidence, error) {
	var none updateproof.Evidence
	if err := s.CheckUpdate(); err != nil {
		return nil, none, asFault(err)
	}
	plain := *s
	plain.Services.Timestamps, plain.Services.Logs = nil, s.Services.Logs[:1]
	b, err := plain.sign(ctx, Job{Subject: release.ManifestPath, Payload: manifest})
	if err != nil {
		return nil, none, asFault(err)
	}
	proof, checkpoint, err := proofOf(b)
	if err != nil {
		return nil, none, asFault(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(s.Key.Public())
	if err != nil {
		return nil, none, asFault(err)
	}
	log, err := logKey(s.Trust, checkpoint)
	if err != nil {
		return nil, none, err
	}
	evidence, err := proof.Check(updateproof.Rule{
		Keys: [][]byte{spki}, Log: log, Witnesses: s.Witnesses.Keys, Threshold: s.Witnesses.Threshold,
	}, manifest)
	if err != nil {
		return nil, none, refused("update proof", "one that apps accept", verdict.Plain(err.Error()), adviceInstance)
	}
	return proof.Marshal(), evidence, nil
}

// CheckUpdate says whether the Signer has what an update proof needs.
func (s *Signer) CheckUpdate() error {
	switch {
	case s.Key == nil:
		return misused("--key", "the update key, or a --signer that has it", "neither", "Apps pin the key, so that an identity token is no use here")
	case s.Witnesses.Threshold < 1:
		return misused("--policy", "a policy with witnesses", "none", "Apps take the time of an update from witnesses")
	case len(s.Services.Logs) == 0:
		return misused(configName, "a Rekor log", "none", adviceConfig)
	}
	return nil
}

// proofOf turns what the log answered into the file for apps.
func proofOf(b *protobundle.Bundle) (proof *updateproof.Proof, checkpoint string, err error) {
	entries := b.GetVerificationMaterial().GetTlogEntries()
	if len(entries) != 1 {
		return nil, "", refused("transparency log", "one entry", "another number of them", adviceInstance)
	}
	inclusion := entries[0].GetInclusionProof()
	checkpoint = inclusion.GetCheckpoint().GetEnvelope()
	proof, err = updateproof.FromEntry(b.GetMessageSignature().GetSignature(), inclusion.GetLogIndex(), inclusion.GetHashes(), []byte(checkpoint))
	if err != nil {
		return nil, "", refused("transparency log", "a proof of inclusion", verdict.Plain(err.Error()), adviceInstance)
	}
	return proof, checkpoint, nil
}

// logKey returns the verifier key, of C2SP signed-note, of the log that signed a
// checkpoint and the trust root knows.
func logKey(root *trust.Root, checkpoint string) (string, error) {
	origin, _, _ := strings.Cut(checkpoint, "\n")
	for _, log := range root.LogsOf(origin) {
		if _, err := note.Open([]byte(checkpoint), note.VerifierList(log.Verifier)); err == nil && log.Key != "" {
			return log.Key, nil
		}
	}
	return "", refused("transparency log", "a checkpoint by an Ed25519 log of the trust root", "another", adviceInstance)
}

// checkUpdateKey returns an error if a policy has a rule for updates, and key is
// none of its keys.
func checkUpdateKey(key Key, p *policy.Policy) error {
	if p == nil || p.Update == nil {
		return nil
	}
	spki, err := SPKI(key.Public())
	if err != nil {
		return asFault(err)
	}
	if !slices.ContainsFunc(p.Update.Keys, func(other string) bool { return sameBase64(spki, other) }) {
		return refused("--key", "one of the policy's update keys", "another key", "Use the key that apps pin")
	}
	return nil
}

// ForUpdate limits the Signer to what a policy says about updates.
func (s *Signer) ForUpdate(p *policy.Policy) error {
	s.Witnesses = p.Witnesses
	if err := s.CheckUpdate(); err != nil {
		return err
	}
	return checkUpdateKey(s.Key, p)
}
