// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"strconv"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"ats.run/kms-enclave/verifier/policy"
)

// witnessed returns how many different witnesses of a rule have cosigned every
// checkpoint of a bundle: of several entries, the fewest.
func witnessed(b *protobundle.Bundle, rule policy.WitnessRule) (int, error) {
	verifiers, err := witnessVerifiers(rule.Keys)
	if err != nil {
		return 0, err
	}
	fewest := len(rule.Keys)
	for _, entry := range b.GetVerificationMaterial().GetTlogEntries() {
		checkpoint := entry.GetInclusionProof().GetCheckpoint().GetEnvelope()
		fewest = min(fewest, cosigners(checkpoint, verifiers))
	}
	return fewest, nil
}

func witnessVerifiers(keys []string) ([]note.Verifier, error) {
	verifiers := make([]note.Verifier, 0, len(keys))
	for i, key := range keys {
		verifier, err := cosignature.NewVerifierForCosignatureV1(key)
		if err != nil {
			return nil, misused("policy", "witnesses.keys["+strconv.Itoa(i)+"] of the form name+hash+base64", "something else", "Copy the verifier key that the witness publishes")
		}
		verifiers = append(verifiers, verifier)
	}
	return verifiers, nil
}

// cosigners counts the verifiers that have signed a checkpoint, each by itself so
// that a bad signature of one does not hide another's.
func cosigners(checkpoint string, verifiers []note.Verifier) int {
	count := 0
	for _, verifier := range verifiers {
		opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifier))
		if err == nil && len(opened.Sigs) > 0 {
			count++
		}
	}
	return count
}

func notWitnessed(name string, found int, rule policy.WitnessRule) *Fault {
	return refused(name,
		"a checkpoint that "+strconv.Itoa(rule.Threshold)+" of the policy's witnesses have cosigned",
		strconv.Itoa(found)+" cosignatures, after trying "+strconv.Itoa(attempts)+" times",
		"The log gives checkpoints without its witnesses while they are down; sign again when they are back")
}
