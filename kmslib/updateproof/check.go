// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// Evidence is what a proof has shown.
type Evidence struct {
	Time  int64 // Unix seconds at which Threshold witnesses had cosigned
	Index int64 // place of the entry in the log
	Key   int   // which of the rule's update keys signed, from 0
}

// maxTime is the latest time of a cosignature that every reader can hold.
const maxTime = 1<<53 - 1

// Check looks whether the proof shows, to whoever trusts the rule's keys, that
// manifest, the bytes of a release.json, is in the log. The error is an *Error.
func (p *Proof) Check(rule Rule, manifest []byte) (Evidence, error) {
	a, err := rule.read()
	if err != nil {
		return Evidence{}, err
	}
	digest := sha256.Sum256(manifest)
	signer := slices.IndexFunc(a.updates, func(k updateKey) bool {
		return ecdsa.VerifyASN1(k.key, digest[:], p.signature)
	})
	if signer < 0 {
		return Evidence{}, refuse(CodeSignature, "none of the update keys made the signature over this release.json")
	}
	if err := p.checkLog(a.log); err != nil {
		return Evidence{}, err
	}
	leaf := merkle.LeafHash(EntryBody(digest, p.signature, a.updates[signer].spki))
	if merkle.VerifyInclusion(p.index, p.checkpoint.Size, leaf, p.checkpoint.Root, p.hashes) != nil {
		return Evidence{}, refuse(CodeInclusion, "the inclusion proof does not lead from the entry of this release.json to the checkpoint's root")
	}
	time, err := p.checkWitnesses(a.witnesses, a.threshold)
	if err != nil {
		return Evidence{}, err
	}
	return Evidence{Time: time, Index: p.index, Key: signer}, nil
}

// checkLog looks whether the log made the checkpoint.
func (p *Proof) checkLog(log noteKey) error {
	if p.checkpoint.Log != log.name {
		return refuse(CodeLog, "the checkpoint is of another log than "+log.name)
	}
	signature, ok := p.signatureBy(log)
	if !ok {
		return refuse(CodeLog, "the checkpoint has no signature by the key of the log "+log.name)
	}
	if len(signature) != ed25519.SignatureSize || !ed25519.Verify(log.key, p.checkpoint.Body(), signature) {
		return refuse(CodeLog, "the signature of the log "+log.name+" does not verify")
	}
	return nil
}

// checkWitnesses returns the time by which threshold of them had cosigned.
func (p *Proof) checkWitnesses(witnesses []noteKey, threshold int) (int64, error) {
	var times []int64
	for _, witness := range witnesses {
		signature, ok := p.signatureBy(witness)
		if !ok {
			continue
		}
		time, ok := p.cosigned(witness, signature)
		if !ok {
			return 0, refuse(CodeCosignature, "the cosignature of the witness "+witness.name+" does not verify")
		}
		times = append(times, time)
	}
	if len(times) < threshold {
		return 0, refuse(CodeQuorum, "expected cosignatures of "+strconv.Itoa(threshold)+" known witnesses, found "+strconv.Itoa(len(times)))
	}
	slices.Sort(times)
	return times[threshold-1], nil
}

// cosigned verifies a timestamped signature (C2SP tlog-cosignature).
func (p *Proof) cosigned(witness noteKey, signature []byte) (int64, bool) {
	if len(signature) != 8+ed25519.SignatureSize {
		return 0, false
	}
	time := binary.BigEndian.Uint64(signature)
	if time == 0 || time > maxTime {
		return 0, false
	}
	message := []byte("cosignature/v1\ntime ")
	message = strconv.AppendUint(message, time, 10)
	message = append(message, '\n')
	message = append(message, p.checkpoint.Body()...)
	return int64(time), ed25519.Verify(witness.key, message, signature[8:])
}

// signatureBy returns the one signature in the name of a key.
func (p *Proof) signatureBy(key noteKey) ([]byte, bool) {
	for _, s := range p.checkpoint.Signatures {
		if s.Name == key.name && s.KeyHash == key.id {
			return s.Signature, true
		}
	}
	return nil, false
}
