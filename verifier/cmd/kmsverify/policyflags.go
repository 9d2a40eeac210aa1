// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

const policyHelp = `  --policy FILE      judge signatures, log, rebuilders and version by this policy;
                     without one it is not judged who made the release
  --trusted-root FILE  the trusted_root.json that the policy names by its SHA-256
  --attestations PATH  also take bundles from this file (.sigstore.json, or .jsonl
                     with one on each line) or folder of such files; may be repeated
  --now TIME         judge ages as of this time, such as 2026-01-02T15:04:05Z
`

// policyFlags are the flags of the commands that judge by a policy.
type policyFlags struct {
	policy, root text
	attestations texts
	now          moment
}

func bindPolicy(set *flag.FlagSet) *policyFlags {
	f := new(policyFlags)
	set.Var(&f.policy, "policy", "")
	set.Var(&f.root, "trusted-root", "")
	set.Var(&f.attestations, "attestations", "")
	set.Var(&f.now, "now", "")
	return f
}

// moment is the value of a flag with a time.
type moment struct{ value time.Time }

func (m *moment) String() string { return "" }

func (m *moment) Set(value string) error {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return errors.New("expected a time, such as 2026-01-02T15:04:05Z")
	}
	m.value = t
	return nil
}

// judgement is a policy with all that it needs, or why there is none.
type judgement struct {
	policy  *policy.Policy
	root    *trust.Root
	items   []evidence.Item
	now     time.Time
	trouble []func(*verdict.Report)

	published bool // what is judged is what a host serves
}

// load reads the files that the flags name. It returns nil if no policy was
// given; the error is about usage.
func (f *policyFlags) load() (*judgement, error) {
	if !f.policy.set {
		if f.root.set || len(f.attestations) > 0 || !f.now.value.IsZero() {
			return nil, errors.New("--trusted-root, --attestations and --now: expected --policy too, which says what counts")
		}
		return nil, nil
	}
	j := &judgement{now: f.now.value}
	if j.now.IsZero() {
		j.now = time.Now()
	}
	j.loadPolicy(f.policy.value)
	if j.policy != nil {
		j.loadRoot(f.root.value)
	}
	for _, path := range f.attestations {
		j.loadItems(path)
	}
	return j, nil
}

func (j *judgement) loadPolicy(path string) {
	data, err := readFile(path)
	if err != nil {
		j.miss(verdict.Rules, path, err, "Check the path of the policy.")
		return
	}
	if j.policy, err = policy.Parse(data); err != nil {
		j.policy = nil
		j.refute(verdict.Rules, path, "a policy that can be held", err.Error(), "Correct the policy; nothing is judged by one that allows more than it says.")
	}
}

// loadRoot reads the trust root that is given, or else takes the embedded one
// that the policy names.
func (j *judgement) loadRoot(path string) {
	if path == "" {
		root, err := trust.Named(j.policy.TrustRoot)
		if err != nil {
			j.miss(verdict.TrustRoot, "policy", errors.New("the policy names a trust root that this program does not have: "+j.policy.TrustRoot),
				"Give the trusted_root.json with that SHA-256 with --trusted-root.")
			return
		}
		j.root = root
		return
	}
	data, err := readFile(path)
	if err != nil {
		j.miss(verdict.TrustRoot, path, err, "Check the path of the trust root.")
		return
	}
	root, err := trust.Parse(path, data)
	if err != nil {
		j.refuteRoot(path, err)
		return
	}
	j.root = root
}

func (j *judgement) refuteRoot(path string, err error) {
	var refused *trust.Error
	if !errors.As(err, &refused) {
		refused = &trust.Error{Expected: "a trusted_root.json", Found: "something else", Advice: "Get the file anew."}
	}
	j.refute(verdict.TrustRoot, path, refused.Expected, refused.Found, refused.Advice)
}

// loadItems reads the bundles in a file, or in the files of a folder.
func (j *judgement) loadItems(path string) {
	info, err := os.Stat(fromCaller(path))
	if err != nil {
		j.miss(verdict.Bundle, path, err, "Check the path given with --attestations.")
		return
	}
	names := []string{path}
	if info.IsDir() {
		names = nil
		for _, pattern := range []string{"*" + release.SignatureSuffix, "*.jsonl"} {
			found, _ := filepath.Glob(filepath.Join(fromCaller(path), pattern))
			names = append(names, found...)
		}
	}
	for _, name := range names {
		data, err := readFile(name)
		switch {
		case err != nil:
			j.miss(verdict.Bundle, name, err, "Check that you may read what is there.")
		case evidence.IsLines(name):
			j.items = append(j.items, evidence.Lines(filepath.Base(name), data)...)
		default:
			j.items = append(j.items, evidence.Item{Name: filepath.Base(name), Data: data})
		}
	}
}

// readFile reads a file of at most some bundles' size.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(fromCaller(path))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, 4*sigbundle.MaxSize+1))
	if err == nil && len(data) > 4*sigbundle.MaxSize {
		err = fmt.Errorf("longer than %d MiB", 4*sigbundle.MaxSize>>20)
	}
	return data, err
}

func (j *judgement) miss(step verdict.Step, subject string, err error, advice string) {
	j.trouble = append(j.trouble, func(r *verdict.Report) { r.Miss(step, subject, reason(err), advice) })
}

func (j *judgement) refute(step verdict.Step, subject, expected, found, advice string) {
	j.trouble = append(j.trouble, func(r *verdict.Report) { r.Refute(step, subject, expected, found, advice) })
}

// required returns the steps that the policy makes so. Without a judgement
// there are none.
func (j *judgement) required() []verdict.Step {
	if j == nil || j.policy == nil {
		return nil
	}
	steps := evidence.Required(j.policy)
	if j.published && j.policy.Update != nil {
		steps = append(steps, verdict.Update)
	}
	return steps
}

// check records what the bundles given and those in the set say about a
// release. Without a judgement it does nothing.
func (j *judgement) check(report *verdict.Report, set *artifact.Set, manifest *release.Manifest) {
	if j == nil {
		return
	}
	for _, tell := range j.trouble {
		tell(report)
	}
	if j.policy == nil || j.root == nil {
		return
	}
	evidence.Check(report, evidence.Input{
		Set: set, Manifest: manifest, Items: append(slices.Clone(j.items), evidence.Items(set)...),
		Policy: j.policy, Trust: j.root, Now: j.now, Published: j.published,
	})
}
