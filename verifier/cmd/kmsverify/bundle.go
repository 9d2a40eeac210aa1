// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/sigbundle"
	"ats.run/kms-enclave/verifier/verdict"
)

var bundleCommand = command{
	name:     "bundle",
	argument: "[FILE...]",
	many:     true,
	summary:  "check signatures alone, each by itself: who signed what",
	flags: `  --policy FILE      whose signatures count, and what must be true of them
  --trusted-root FILE  the trusted_root.json that the policy names by its SHA-256
  --artifact FILE    the file that is signed, or that the statements are about;
                     without it, a signature over a file is checked with the file
                     beside it: a.tar for a.tar.sigstore.json
` + filesFromHelp + `                     A FILE is a .sigstore.json, or a .jsonl with one on each line.
                     Whether the bundles are enough for a release says "kmsverify
                     release". With --json each is a line, schema "` + verdict.BundleSchema + `"
`,
	bind: func(set *flag.FlagSet) runner {
		f := new(bundleFlags)
		set.Var(&f.policy, "policy", "")
		set.Var(&f.root, "trusted-root", "")
		set.Var(&f.artifact, "artifact", "")
		set.Var(&f.list, "files-from", "")
		return f.run
	},
}

type bundleFlags struct {
	policy, root, artifact, list text
}

func (f *bundleFlags) run(_ context.Context, p *program, _ string) (*verdict.Report, error) {
	switch {
	case !f.policy.set:
		return nil, errors.New("expected --policy, which says whose signatures count")
	case len(p.arguments) == 0 && !f.list.set:
		return nil, errors.New("expected a FILE, or --files-from")
	}
	judgement, err := (&policyFlags{policy: f.policy, root: f.root}).load()
	if err != nil {
		return nil, err
	}
	// If the policy cannot be held there is one report, not one line for each.
	report := verdict.New("bundle", f.policy.value, verdict.Rules, verdict.TrustRoot)
	for _, tell := range judgement.trouble {
		tell(report)
	}
	if judgement.policy == nil || judgement.root == nil {
		return report, nil
	}
	b := &bundler{program: p, count: make(tally), digests: make(map[string]*digestOf)}
	if b.alone = evidence.NewAlone(report, judgement.policy, judgement.root); b.alone == nil {
		return report, nil
	}
	if f.artifact.set {
		b.artifact = f.artifact.value
	}
	eachInOrder(p.jobs(p.arguments, f.list), b.look, b.tell)
	return nil, b.finish()
}

// bundler is one run of the command bundle.
type bundler struct {
	program  *program
	alone    *evidence.Alone
	artifact string // or ""
	count    tally
	failed   error // of writing

	mu      sync.Mutex
	digests map[string]*digestOf // by path: many bundles may be about one file
}

type digestOf struct {
	once sync.Once
	sum  []byte
	err  error
}

// look judges the bundles in one file.
func (b *bundler) look(j job) []verdict.BundleLine {
	if j.err != nil {
		return []verdict.BundleLine{missed(j.path, verdict.Input, j.err, "Correct the list of paths.")}
	}
	data, err := readFile(j.path)
	if err != nil {
		return []verdict.BundleLine{missed(j.path, verdict.Input, err, "Check the path, and that you may read what is there.")}
	}
	if !evidence.IsLines(j.path) {
		return []verdict.BundleLine{b.judge(j.path, data)}
	}
	var lines []verdict.BundleLine
	for _, item := range evidence.Lines(j.path, data) {
		lines = append(lines, b.judge(item.Name, item.Data))
	}
	if len(lines) == 0 {
		return []verdict.BundleLine{missed(j.path, verdict.Input, errors.New("there is no bundle in it"), "Give a file with a bundle on each line.")}
	}
	return lines
}

func missed(name string, step verdict.Step, err error, advice string) verdict.BundleLine {
	return verdict.BundleLine{Bundle: name, Step: step, Found: reason(err), Advice: advice}
}

// judge judges one bundle.
func (b *bundler) judge(name string, data []byte) verdict.BundleLine {
	line := verdict.BundleLine{Bundle: name, Artifact: b.artifact}
	parsed, err := sigbundle.Parse(data)
	if err != nil {
		return refused(line, err)
	}
	if beside, ok := strings.CutSuffix(name, release.SignatureSuffix); ok && line.Artifact == "" && !parsed.IsStatement() {
		line.Artifact = beside
	}
	var sum []byte
	switch {
	case line.Artifact != "":
		if sum, err = b.digest(line.Artifact); err != nil {
			return verdict.BundleLine{Bundle: name, Artifact: line.Artifact, Step: verdict.Input,
				Found: "the file that is signed, " + line.Artifact + ": " + reason(err), Advice: "Name that file with --artifact."}
		}
	case !parsed.IsStatement():
		return missed(name, verdict.Input, errors.New("which file is signed is not known"), "Name that file with --artifact.")
	}
	if line.Signed, err = b.alone.Check(parsed, sum); err != nil {
		return refused(line, err)
	}
	return line
}

func refused(line verdict.BundleLine, err error) verdict.BundleLine {
	var f *sigbundle.Fault
	if !errors.As(err, &f) {
		f = &sigbundle.Fault{Step: verdict.Bundle, Expected: "a bundle that can be judged", Found: "another", Advice: "Get the bundle anew."}
	}
	line.Signed, line.Step, line.Expected, line.Found, line.Advice = nil, f.Step, f.Expected, f.Found, f.Advice
	return line
}

// digest returns the SHA-256 of a file, which is read once.
func (b *bundler) digest(path string) ([]byte, error) {
	b.mu.Lock()
	d, ok := b.digests[path]
	if !ok {
		d = new(digestOf)
		b.digests[path] = d
	}
	b.mu.Unlock()
	d.once.Do(func() {
		file, err := os.Open(fromCaller(path))
		if err != nil {
			d.err = err
			return
		}
		defer file.Close() // only read
		h := sha256.New()
		if _, d.err = io.Copy(h, file); d.err == nil {
			d.sum = h.Sum(nil)
		}
	})
	return d.sum, d.err
}

// tell writes the lines of one file.
func (b *bundler) tell(lines []verdict.BundleLine) {
	p := b.program
	for i := range lines {
		b.count[lines[i].Conclusion()]++
		out := lines[i].JSON
		if !p.common.json {
			out = func() []byte {
				return []byte(lines[i].Text(verdict.Style{Colour: p.colour, Verbose: p.common.verbose}))
			}
		}
		if b.failed == nil {
			_, b.failed = p.stdout.Write(out())
		}
	}
}

// finish says how many there were, and returns the exit code.
func (b *bundler) finish() error {
	p := b.program
	if total := b.count.total(); b.failed == nil && !p.common.json && total != 1 {
		_, b.failed = fmt.Fprintf(p.stdout, "%d bundles: %d verified, %d refuted, %d could not be checked\n", total,
			b.count[verdict.ConcludeVerified], b.count[verdict.ConcludeRefuted], b.count[verdict.ConcludeUnchecked])
	}
	if b.failed != nil {
		fmt.Fprintf(p.stderr, "kmsverify: writing the report: %v\n", b.failed)
		return exitCode(exitNoOutput)
	}
	return exitCode(b.count.worst().ExitCode())
}
