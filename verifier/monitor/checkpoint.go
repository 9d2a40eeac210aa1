// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// maxCheckpoint is the size in bytes of a checkpoint, with its signatures.
const maxCheckpoint = 64 << 10

// Checkpoint is a signed head of a log (C2SP tlog-checkpoint).
type Checkpoint struct {
	Text      string // with its signatures
	Origin    string
	Tree      tlog.Tree
	Witnesses []string  // names of the policy's witnesses that cosigned
	Time      time.Time // when the last of them that the policy needs had; zero if it needs none
}

// fault says why a checkpoint is refused.
type fault struct {
	step                    verdict.Step
	expected, found, advice string
}

func (f *fault) Error() string { return "expected " + f.expected + "; found " + f.found }

// parseHead reads the signed text of a checkpoint without looking at its
// signatures.
func parseHead(text string) (origin string, tree tlog.Tree, err error) {
	const expected = "a checkpoint: origin, size and root on a line each, an empty line, signatures"
	wrong := &fault{verdict.Checkpoint, expected, "something else", "Check that the address is that of the log, as its operator gives it."}
	body, _, signed := strings.Cut(text, "\n\n")
	lines := strings.Split(body, "\n")
	if !signed || len(lines) < 3 || lines[0] == "" || len(text) > maxCheckpoint {
		return "", tlog.Tree{}, wrong
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return "", tlog.Tree{}, wrong
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(sum) != tlog.HashSize {
		return "", tlog.Tree{}, wrong
	}
	return lines[0], tlog.Tree{N: size, Hash: tlog.Hash(sum)}, nil
}

// judge verifies checkpoints.
type judge struct {
	policy *policy.Policy
	trust  *trust.Root
}

// verify returns a checkpoint that the log's key and enough witnesses signed.
// Its errors are *fault.
func (j judge) verify(text string) (*Checkpoint, error) {
	checkpoint, signatures, err := j.open(text)
	if err != nil {
		return nil, err
	}
	if err := j.quorum(checkpoint, signatures); err != nil {
		return nil, err
	}
	return checkpoint, nil
}

// open returns a checkpoint that the log's key signed, and all signatures that
// verify. Its errors are *fault.
func (j judge) open(text string) (*Checkpoint, []note.Signature, error) {
	origin, tree, err := parseHead(text)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Contains(j.policy.Log.Origins, origin) && len(j.policy.Log.Origins) > 0 {
		return nil, nil, &fault{verdict.Checkpoint, "a log that the policy names: " + strings.Join(j.policy.Log.Origins, ", "),
			"the log " + verdict.Quote(origin), "Check the address, and the policy's log.origins."}
	}
	var keys []note.Verifier
	for _, log := range j.trust.LogsOf(origin) {
		keys = append(keys, log.Verifier)
	}
	if len(keys) == 0 {
		return nil, nil, &fault{verdict.TrustRoot, "a key for the log " + verdict.Quote(origin) + " in the trust root", "none",
			"Give the trust root that names this log; its baseUrl must have the log's origin as host."}
	}
	opened, err := note.Open([]byte(text), note.VerifierList(append(slices.Clone(keys), j.witnesses()...)...))
	isByLog := err == nil && slices.ContainsFunc(opened.Sigs, func(s note.Signature) bool {
		return slices.ContainsFunc(keys, func(v note.Verifier) bool { return v.Name() == s.Name && v.KeyHash() == s.Hash })
	})
	if !isByLog {
		return nil, nil, &fault{verdict.Checkpoint, "a signature by the key of " + verdict.Quote(origin) + " in the trust root", "none that verifies",
			"Do not rely on this log; ask its operator, and compare with what others see."}
	}
	return &Checkpoint{Text: text, Origin: origin, Tree: tree}, opened.Sigs, nil
}

// quorum records which witnesses cosigned, and fails if they are too few.
func (j judge) quorum(c *Checkpoint, signatures []note.Signature) error {
	var times []time.Time
	for _, witness := range j.witnesses() {
		for _, s := range signatures {
			if s.Name != witness.Name() || s.Hash != witness.KeyHash() {
				continue
			}
			if at, err := cosignature.CoSigV1Timestamp(s); err == nil {
				times = append(times, at)
				c.Witnesses = append(c.Witnesses, witness.Name())
				break
			}
		}
	}
	needed := j.policy.Witnesses.Threshold
	if len(times) < needed {
		return &fault{verdict.Witness, fmt.Sprintf("cosignatures by %d witnesses of the policy", needed),
			fmt.Sprintf("%d on the checkpoint of size %d", len(times), c.Tree.N),
			"Look again soon. If it stays so, this log shows you what it may not show others: ask its operator and the witnesses."}
	}
	if needed > 0 {
		slices.SortFunc(times, time.Time.Compare)
		c.Time = times[needed-1]
	}
	return nil
}

// witnesses returns the verifiers of the policy's witnesses, each key once.
func (j judge) witnesses() []note.Verifier {
	var verifiers []note.Verifier
	var seen []string
	for _, key := range j.policy.Witnesses.Keys {
		_, encoded, _ := strings.Cut(key, "+")
		_, encoded, _ = strings.Cut(encoded, "+")
		verifier, err := cosignature.NewVerifierForCosignatureV1(key)
		if err != nil || slices.Contains(seen, encoded) {
			continue // the policy's own check refuses it; here it only counts for nobody
		}
		seen = append(seen, encoded)
		verifiers = append(verifiers, verifier)
	}
	return verifiers
}

// expired returns why nobody may rely on the checkpoint's time any more, or
// nil: what a log signs after its key's time counts for nothing. at is when it
// was signed at the latest, as far as is known.
func (j judge) expired(c *Checkpoint, at time.Time) error {
	if slices.ContainsFunc(j.trust.LogsOf(c.Origin), func(l trust.Log) bool { return l.Counts(at) }) {
		return nil
	}
	return &fault{verdict.Checkpoint, "that the log signed while its key was valid by the trust root", "a checkpoint of " + at.UTC().Format(time.RFC3339),
		"Give the trust root of today. If it names no later end for this key, do not rely on what the log adds: it was closed."}
}
