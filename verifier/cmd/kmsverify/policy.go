// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

var policyCommand = command{
	name:     "policy",
	argument: "POLICY",
	summary:  "say in plain words what a policy asks for",
	flags: `  --update-rule      instead write the update rule for apps as JSON: what the SDK's
                     logProvedUpdate takes, but for the store
  --trusted-root FILE  the trusted_root.json that the policy names by its SHA-256;
                     the update rule has its log's key
  --log ORIGIN       the log that apps take proofs from, if the policy has more
  --now TIME         take the log's key of this time, such as 2026-01-02T15:04:05Z
`,
	bind: func(set *flag.FlagSet) runner {
		f := new(policyCommandFlags)
		set.BoolVar(&f.updateRule, "update-rule", false, "")
		set.Var(&f.root, "trusted-root", "")
		set.Var(&f.log, "log", "")
		set.Var(&f.now, "now", "")
		return f.run
	},
}

type policyCommandFlags struct {
	updateRule bool
	root, log  text
	now        moment
}

func (f *policyCommandFlags) run(_ context.Context, p *program, path string) (*verdict.Report, error) {
	if !f.updateRule && (f.log.set || !f.now.value.IsZero()) {
		return nil, errors.New("--log and --now: expected --update-rule too")
	}
	j := &judgement{now: f.now.value}
	if j.now.IsZero() {
		j.now = time.Now()
	}
	j.loadPolicy(path)
	if j.policy != nil && (f.updateRule || f.root.set) {
		j.loadRoot(f.root.value)
	}
	if j.root != nil {
		j.compareRoot()
	}
	if len(j.trouble) > 0 {
		report := verdict.New("policy", path, verdict.Rules)
		for _, tell := range j.trouble {
			tell(report)
		}
		return report, nil
	}
	out := explained(j.policy)
	switch {
	case f.updateRule:
		rule, err := updateRule(j, f.log.value)
		if err != nil {
			return nil, err
		}
		out = rule
	case p.common.json:
		return nil, errors.New("--json: expected --update-rule too; the policy itself is JSON")
	}
	if code := p.print(out); code != exitOK {
		return nil, exitCode(code)
	}
	return nil, nil
}

// compareRoot refuses a root that the policy does not name.
func (j *judgement) compareRoot() {
	want := j.policy.TrustRoot
	if named, err := trust.Named(want); err == nil {
		want = named.SHA256
	}
	if j.root.SHA256 != want {
		j.refute(verdict.TrustRoot, j.root.Name, "the trust root with SHA-256 "+want, "SHA-256 "+j.root.SHA256,
			"Give the trusted_root.json that the policy names.")
	}
}

// sdkRule is the part of the SDK's UpdateOptions that a policy has.
type sdkRule struct {
	Keys           []string `json:"keys"`
	Log            string   `json:"log"`
	Witnesses      []string `json:"witnesses"`
	Threshold      int      `json:"threshold"`
	Delay          int64    `json:"delay"` // seconds
	MinimumVersion string   `json:"minimumVersion"`
	Revoked        []string `json:"revoked"`
}

// updateRule returns the update rule of a policy for apps.
func updateRule(j *judgement, origin string) (string, error) {
	if j.policy.Update == nil {
		return "", errors.New(`the policy has no "update": apps with it follow to no other release`)
	}
	log, err := updateLog(j, origin)
	if err != nil {
		return "", err
	}
	rule := evidence.UpdateRule(j.policy, log)
	if err := rule.Validate(); err != nil {
		return "", errors.New("no app can hold to the rule: " + err.Error())
	}
	out := sdkRule{
		Keys: j.policy.Update.Keys, Log: rule.Log, Witnesses: rule.Witnesses, Threshold: rule.Threshold,
		Delay: int64(j.policy.Update.Delay / time.Second), MinimumVersion: j.policy.Minimum, Revoked: []string{},
	}
	for _, r := range j.policy.Revoked {
		out.Revoked = append(out.Revoked, r.Digest)
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // keys have "+"
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(out) // strings and numbers: cannot fail
	return b.String(), nil
}

// updateLog returns the one log, with the key that counts, from which apps take
// proofs: the last one that the trust root has if the key was changed.
func updateLog(j *judgement, origin string) (trust.Log, error) {
	var found []trust.Log
	for _, log := range evidence.UpdateLogs(j.policy, j.root) {
		if !log.Counts(j.now) || origin != "" && log.Origin != origin {
			continue
		}
		if n := len(found); n > 0 && found[n-1].Origin == log.Origin {
			found = found[:n-1]
		}
		found = append(found, log)
	}
	switch len(found) {
	case 0:
		return trust.Log{}, errors.New("the trust root has no Ed25519 key that counts now for a log of the policy: " + strings.Join(j.policy.Log.Origins, ", "))
	case 1:
		return found[0], nil
	}
	return trust.Log{}, errors.New("apps take proofs from one log: choose one of the policy's with --log, " + strings.Join(j.policy.Log.Origins, " or "))
}

// explained says what a policy asks for.
func explained(p *policy.Policy) string {
	e := &explainer{}
	e.line("%s\n", p.Name)
	e.line("A release fulfils this policy if all of this is so:\n")
	e.from(p)
	e.signed(p)
	e.rebuilt(p.Rebuilders)
	e.allowed(p)
	e.updates(p)
	e.line("\nNothing else is trusted: not the host, and no key that is not named here.")
	return e.String()
}
