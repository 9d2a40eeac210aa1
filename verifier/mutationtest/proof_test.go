// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/updateproof"
	"ats.run/kms-enclave/verifier/verdict"
)

// Codes of package updateproof, as classes.
const (
	proofFormat      verdict.Step = "format"
	proofSignature   verdict.Step = "signature"
	proofLog         verdict.Step = "log"
	proofInclusion   verdict.Step = "inclusion"
	proofCosignature verdict.Step = "cosignature"
	proofQuorum      verdict.Step = "quorum"
)

var proofRules = []rule{
	{pattern: `release.tlog-proof \(note\) cosignature: swapped with the one before`, reason: "signatures of a note have no order"},

	{pattern: `release.tlog-proof \(note\) cosignature: .*`, steps: []verdict.Step{proofFormat, proofCosignature, proofQuorum}},
	{pattern: `release.tlog-proof \(note\).*`, steps: []verdict.Step{proofFormat, proofLog}},
	{pattern: `release.tlog-proof signature: .*`, steps: []verdict.Step{proofFormat, proofSignature}},
	{pattern: `release.tlog-proof (index|hash): .*`, steps: []verdict.Step{proofFormat, proofInclusion}},
	{pattern: `release.tlog-proof .*`, steps: []verdict.Step{proofFormat}},
}

// An update proof is for apps, whose SDK has the same check in TypeScript.
func TestEveryAlteredUpdateProofIsRefused(t *testing.T) {
	w := newWorld(t, "ann")
	key := w.Stack.Key("update")
	manifest := w.Files[release.ManifestPath]
	proof := w.Stack.UpdateProof(key, manifest)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	rule := updateproof.Rule{Keys: [][]byte{der}, Log: w.Stack.LogVKey(), Witnesses: w.Stack.WitnessKeys(), Threshold: len(w.Stack.WitnessKeys())}
	judge := func(data []byte) *verdict.Report {
		report := verdict.New("release", "release", verdict.Update)
		parsed, err := updateproof.Parse(data)
		var seen updateproof.Evidence
		if err == nil {
			seen, err = parsed.Check(rule, manifest)
		}
		var refused *updateproof.Error
		if errors.As(err, &refused) {
			report.Refute(verdict.Step(refused.Code), release.UpdateProofPath, "a proof", err.Error(), "-")
		} else {
			report.Pass(verdict.Update, fmt.Sprintf("%+v", seen))
		}
		return report
	}
	tb := newTable(t, judge(proof), proofRules)
	var all []mutation
	walkLines(string(proof), "", proofLine, func(path, what, text string) {
		all = append(all, mutation{"release.tlog-proof", path, what, "", func(*parsed) *verdict.Report { return judge([]byte(text)) }})
	})
	tb.run(all)
	tb.print()
}

var linesRules = []rule{
	{pattern: `attestations.jsonl : (newline cut off|carriage returns|an empty line added|a line doubled)`, shows: true, reason: "lines have no order, and white space around a bundle is none of it"},
	{pattern: `attestations.jsonl : line \d removed`, steps: []verdict.Step{verdict.Required, verdict.Rebuilders}},
	{pattern: `attestations.jsonl : .*`, steps: []verdict.Step{verdict.Bundle, verdict.Required}},
}

// The same bundles come as lines of one file from where the release is served.
func TestEveryAlteredAttestationsFileIsRefused(t *testing.T) {
	w := newWorld(t, "ann")
	data := linesOf(t, w)
	w.Bundles = nil
	in := inputOf(w).with(release.AttestationsPath, data)
	tb := newTable(t, newParsed().judge(in), linesRules)
	var all []mutation
	add := func(what string, data []byte) {
		other := in.with(release.AttestationsPath, data)
		all = append(all, mutation{"attestations.jsonl", "", what, "", func(k *parsed) *verdict.Report { return k.judge(other) }})
	}
	lines := bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	add("removed", nil)
	add("emptied", []byte{})
	add("newline cut off", bytes.TrimSuffix(data, []byte("\n")))
	add("carriage returns", bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))
	add("an empty line added", append([]byte("\n"), data...))
	add("one line of all", bytes.ReplaceAll(data, []byte("\n"), []byte(" ")))
	for i, line := range lines {
		rest := slices.Delete(slices.Clone(lines), i, i+1)
		add(fmt.Sprintf("line %d removed", i), bytes.Join(rest, nil))
		add(fmt.Sprintf("line %d cut", i), bytes.Join(slices.Insert(rest, i, append(slices.Clone(line[:len(line)/2]), '\n')), nil))
		rest = slices.Delete(slices.Clone(lines), i, i+1)
		add(fmt.Sprintf("line %d broken", i), bytes.Join(slices.Insert(rest, i, slices.Concat(line[:len(line)/2], []byte("\n"), line[len(line)/2:])), nil))
	}
	add("a line doubled", append(slices.Clone(data), lines[0]...))
	tb.run(all)
	tb.print()
}
