// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	tlog "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// logsByID returns the logs of a trust root by the ID that entries give.
func logsByID(t *trust.Root) map[string]trust.Log {
	logs := make(map[string]trust.Log)
	for _, log := range t.Logs() {
		logs[log.ID] = log
	}
	return logs
}

// sighting is a log that has the entry, with the witnesses that saw it there.
type sighting struct {
	origin string
	index  int64
	names  []string
	seen   []time.Time
}

// checkLogs sees that the signature is in as many logs as demanded, and that
// enough witnesses saw each of those.
func (v *Verifier) checkLogs(s *subject) *Fault {
	body := entryBody(algorithmOf(s.key), s.digest(algorithmOf(s.key)), s.signature, s.certificate, s.keyDER)
	var logged, witnessed []sighting
	entries := s.bundle.parsed.GetVerificationMaterial().GetTlogEntries()
	for _, entry := range entries {
		key, known := v.logs[string(entry.GetLogId().GetKeyId())]
		if !known || len(v.log.Origins) > 0 && !slices.Contains(v.log.Origins, key.Origin) {
			continue
		}
		if f := checkEntryIn(key, entry, body, s.times); f != nil {
			return f
		}
		if slices.ContainsFunc(logged, func(other sighting) bool { return other.origin == key.Origin }) {
			continue
		}
		found := v.look(key, entry, s)
		logged = append(logged, found)
		if len(found.names) >= v.quorum {
			witnessed = append(witnessed, found)
		}
	}
	if len(logged) < v.log.Threshold {
		return fault(verdict.Logged, v.expectedLogs(),
			"it in "+strconv.Itoa(len(logged))+" (entries in the bundle: "+strconv.Itoa(len(entries))+")", adviceLog)
	}
	if len(witnessed) < v.log.Threshold {
		return v.unwitnessed(logged)
	}
	// The same once more as the library does it, whatever was overlooked here.
	if _, err := guarded(func() ([]root.Timestamp, error) {
		return verify.VerifyTlogEntry(s.bundle.parsed, s.material, v.log.Threshold, false)
	}); err != nil {
		return fault(verdict.Logged, "entries that sigstore-go verifies", "one that it refuses", adviceRefuse)
	}
	v.conclude(s, witnessed)
	return nil
}

// conclude records where the signature was seen.
func (v *Verifier) conclude(s *subject, witnessed []sighting) {
	s.proof.LogOrigin, s.proof.LogIndex = witnessed[0].origin, witnessed[0].index
	names := witnessed[0].names
	for _, other := range witnessed[1:] {
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(other.names, name) })
	}
	s.proof.Witnesses = slices.Sorted(slices.Values(names))
	if v.quorum > 0 {
		var times []time.Time
		for _, w := range witnessed {
			times = append(times, nth(w.seen, v.quorum))
		}
		s.proof.Witnessed = nth(times, v.log.Threshold)
	}
}

func (v *Verifier) expectedLogs() string {
	logs := "a log of the trust root"
	if len(v.log.Origins) > 0 {
		logs = "one of the logs " + strings.Join(v.log.Origins, ", ")
	}
	if v.log.Threshold > 1 {
		return "the signature in " + strconv.Itoa(v.log.Threshold) + " logs of the trust root that the policy names"
	}
	return "the signature in " + logs
}

// checkEntryIn sees that an entry is for this signature and in the log.
func checkEntryIn(key trust.Log, entry *protorekor.TransparencyLogEntry, body []byte, times []time.Time) *Fault {
	if !bytes.Equal(entry.GetCanonicalizedBody(), body) {
		return fault(verdict.Logged, "an entry for this signature, digest and signer, and for nothing else",
			"one for something else", adviceRefuse)
	}
	inclusion := entry.GetInclusionProof()
	checkpoint, _, _, err := tlog.ParseCheckpoint([]byte(inclusion.GetCheckpoint().GetEnvelope()), key.Origin, key.Verifier)
	if err != nil {
		return fault(verdict.Logged, "a checkpoint of the log "+verdict.Quote(key.Origin)+" with its signature",
			"one of "+verdict.Quote(firstLine(inclusion.GetCheckpoint().GetEnvelope()))+" that its key does not open", adviceRefuse)
	}
	if inclusion.GetTreeSize() < 0 || uint64(inclusion.GetTreeSize()) != checkpoint.Size || !bytes.Equal(inclusion.GetRootHash(), checkpoint.Hash) {
		return fault(verdict.Logged, "size and root hash as in the checkpoint", "others beside it", adviceRefuse)
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(body)
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(entry.GetLogIndex()), checkpoint.Size,
		leaf, inclusion.GetHashes(), checkpoint.Hash); err != nil {
		return fault(verdict.Logged, "a proof that the entry is in the log "+verdict.Quote(key.Origin),
			"one that does not lead to the checkpoint", adviceRefuse)
	}
	for _, at := range times {
		if !within(at, key.From, key.To) {
			return fault(verdict.Timestamp, "a signature made while the key of the log "+verdict.Quote(key.Origin)+
				" was valid, "+span(key.From, key.To), "one of "+moment(at), adviceRefuse)
		}
	}
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
