// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// maxEarly is how much earlier than the timestamp a witness may have seen an
// entry: clients may ask the log before the timestamp authority, and clocks
// differ. A cosignature from before that is for no signature that was there.
// There is no bound the other way: bundles may get a fresh checkpoint, and
// what is in the future is for callers to say, who know what time it is.
const maxEarly = time.Hour

// witness is a key of the policy that cosigns checkpoints.
type witness struct {
	name     string
	verifier note.Verifier
}

func (v *Verifier) prepareWitnesses(rule policy.WitnessRule) *Fault {
	keys := make(map[[sha256.Size]byte]bool)
	for i, text := range rule.Keys {
		verifier, err := cosignature.NewVerifierForCosignatureV1(text)
		if err != nil {
			return fault(verdict.Rules, "a verifier key of a witness, name+hash+base64 of type 0x04",
				"something else as witness "+strconv.Itoa(i+1), adviceDemands)
		}
		// One key under two names is one witness.
		key := keyOf(text)
		if keys[key] {
			return fault(verdict.Rules, "witnesses with different keys", "one key twice", adviceDemands)
		}
		keys[key] = true
		v.witnesses = append(v.witnesses, witness{verifier.Name(), verifier})
	}
	if v.quorum < 0 || v.quorum > len(v.witnesses) {
		return fault(verdict.Rules, "a threshold of at most "+strconv.Itoa(len(v.witnesses))+" witnesses",
			strconv.Itoa(v.quorum), adviceDemands)
	}
	return nil
}

// keyOf returns the digest of the key in a verifier key that has been parsed.
func keyOf(text string) [sha256.Size]byte {
	parts := strings.SplitN(text, "+", 3)
	raw, _ := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	return sha256.Sum256(raw)
}

// look returns who has cosigned the checkpoint of an entry's inclusion proof.
// Each witness is looked for by itself, so that a broken line of one does not
// hide the others.
func (v *Verifier) look(key trust.Log, entry *protorekor.TransparencyLogEntry, s *subject) sighting {
	found := sighting{origin: key.Origin, index: entry.GetLogIndex()}
	checkpoint := []byte(entry.GetInclusionProof().GetCheckpoint().GetEnvelope())
	for _, w := range v.witnesses {
		opened, err := note.Open(checkpoint, note.VerifierList(w.verifier))
		if err != nil || len(opened.Sigs) != 1 {
			continue
		}
		at, err := cosignature.CoSigV1Timestamp(opened.Sigs[0])
		if err != nil || at.Before(s.proof.Time.Add(-maxEarly)) || !within(at, key.From, key.To) {
			continue
		}
		found.names = append(found.names, w.name)
		found.seen = append(found.seen, at)
	}
	return found
}

func (v *Verifier) unwitnessed(logged []sighting) *Fault {
	most := 0
	for _, l := range logged {
		most = max(most, len(l.names))
	}
	return fault(verdict.Witness, strconv.Itoa(v.quorum)+" of the policy's "+strconv.Itoa(len(v.witnesses))+
		" witnesses to have cosigned the log's checkpoint, at a time that fits the signature and the log's key",
		strconv.Itoa(most), "The log may have been without its witnesses: a publisher can sign again.")
}
