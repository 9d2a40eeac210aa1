// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/updateproof"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

const (
	adviceProof   = "Apps that pin an earlier release will not follow to this one. If you publish it, make the proof with \"kmssign update-proof\" and put it up with the release."
	adviceProven  = "Apps that pin an earlier release will not follow to this one. Do not use this copy; if you publish it, put up the proof that was made for this release."
	adviceUpdates = "Correct the policy, or give the trust root that goes with it: no app can hold to this rule."
)

// UpdateRule returns what apps hold update proofs against by a policy with an
// update rule, if they take them from this log. The log's key must be an Ed25519
// one.
func UpdateRule(p *policy.Policy, log trust.Log) updateproof.Rule {
	rule := updateproof.Rule{Log: log.Key, Witnesses: p.Witnesses.Keys, Threshold: p.Witnesses.Threshold}
	for _, key := range p.Update.Keys {
		der, _ := base64.StdEncoding.DecodeString(key) // the policy is checked
		rule.Keys = append(rule.Keys, der)
	}
	return rule
}

// UpdateLogs returns the logs in whose name apps can take update proofs by a
// policy, each with its keys in the trust root.
func UpdateLogs(p *policy.Policy, t *trust.Root) []trust.Log {
	var logs []trust.Log
	for _, origin := range p.Log.Origins {
		for _, log := range t.LogsOf(origin) {
			if log.Key != "" {
				logs = append(logs, log)
			}
		}
	}
	return logs
}

// update judges the update proof as the apps of this policy will.
func (j *judge) update() {
	data, ok := j.Set.Content(release.UpdateProofPath)
	switch {
	case j.Policy.Update == nil:
		if ok {
			j.report.Leave(verdict.Update, release.UpdateProofPath, "the policy has no rule for updates, so the update proof was not judged", "Give the policy of an app that has one.")
		}
		return
	case !ok && j.Published && !j.Incomplete:
		j.report.Refute(verdict.Update, release.UpdateProofPath, "an update proof, which this policy promises to apps", "none", adviceProof)
		return
	case !ok:
		j.report.Leave(verdict.Update, release.UpdateProofPath, "there is no update proof", adviceProof)
		return
	}
	proven, f := j.provenUpdate(data)
	if f != nil {
		j.report.Refute(f.Step, release.UpdateProofPath, f.Expected, f.Found, f.Advice)
		return
	}
	j.report.Pass(verdict.Update, release.UpdateProofPath)
	j.follow(time.Unix(proven.Time, 0).UTC())
}

// provenUpdate returns what an update proof shows, or what is wrong with it.
func (j *judge) provenUpdate(data []byte) (updateproof.Evidence, *sigbundle.Fault) {
	var none updateproof.Evidence
	proof, err := updateproof.Parse(data)
	if err != nil {
		return none, j.updateFault(err)
	}
	manifest, _ := j.Set.Content(release.ManifestPath) // readRelease has looked
	var failed error
	for _, log := range UpdateLogs(j.Policy, j.Trust) {
		proven, err := proof.Check(UpdateRule(j.Policy, log), manifest)
		if err == nil {
			return proven, j.updateTime(log, time.Unix(proven.Time, 0).UTC())
		}
		// What another log says of a checkpoint that is not its own tells nothing.
		if code := codeOf(err); failed == nil || code != updateproof.CodeLog && codeOf(failed) == updateproof.CodeLog {
			failed = err
		}
	}
	if failed == nil {
		return none, fault(verdict.Update, "an Ed25519 key for a log of the policy in the trust root", "none", adviceUpdates)
	}
	return none, j.updateFault(failed)
}

// updateTime holds the time of a proof against the validity of the log's key and
// the clock.
func (j *judge) updateTime(log trust.Log, at time.Time) *sigbundle.Fault {
	switch {
	case !log.Counts(at):
		return fault(verdict.Update, "witnesses that saw the release while the key of the log "+log.Origin+" counted, by the trust root",
			"a proof of "+attest.FormatTime(at), adviceProven)
	case at.Sub(j.Now) > skew:
		return fault(verdict.Update, "witnesses that saw the release before now, "+attest.FormatTime(j.Now),
			"a proof of "+attest.FormatTime(at), "Set this computer's clock, and look again.")
	}
	return nil
}

// follow tells from when apps accept the release.
func (j *judge) follow(seen time.Time) {
	delay := j.Policy.Update.Delay
	from := seen.Add(delay)
	after := "apps with the delay of " + policy.FormatDuration(delay) + " follow from "
	advice := "Apps may have been given another delay than the policy's: ask their makers."
	if from.After(j.Now) {
		after += attest.FormatTime(from) + " on, not yet"
		advice = "Until then apps that pin an earlier release refuse this one: go on serving the earlier one to them."
	} else {
		after += attest.FormatTime(from) + " on"
	}
	j.report.Leave(verdict.Update, release.UpdateProofPath, after, advice)
}

func codeOf(err error) updateproof.Code {
	var e *updateproof.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// updateFault says in the words of a verdict what package updateproof refuses.
func (j *judge) updateFault(err error) *sigbundle.Fault {
	var e *updateproof.Error
	if !errors.As(err, &e) {
		e = &updateproof.Error{Code: updateproof.CodeFormat, Reason: "something else"}
	}
	found := e.Reason
	if e.Line > 0 {
		found = "in line " + strconv.Itoa(e.Line) + ": " + found
	}
	expected, advice := "", adviceProven
	switch e.Code {
	case updateproof.CodeRule:
		expected, advice = "an update rule that apps can hold to", adviceUpdates
	case updateproof.CodeSignature:
		expected = "a signature over this release.json by an update key of the policy"
	case updateproof.CodeLog:
		expected = "a checkpoint that a log of the policy signed: " + strings.Join(j.Policy.Log.Origins, ", ")
	case updateproof.CodeInclusion:
		expected = "a proof that the log has the entry of this release.json"
	case updateproof.CodeCosignature, updateproof.CodeQuorum:
		expected = "cosignatures by " + strconv.Itoa(j.Policy.Witnesses.Threshold) + " witnesses of the policy"
	default:
		expected = "a C2SP tlog-proof"
	}
	return fault(verdict.Update, expected, found, advice)
}
