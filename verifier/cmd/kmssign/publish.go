// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/verdict"
)

var publishCommand = command{
	name: "publish", argument: "[DIR|TAR]",
	summary: "gather a release and its signatures into one folder to host",
	flags: `  --signatures DIR       also take the *.sigstore.json and the update proof in there
  --allow-incomplete     with --policy: also publish if rebuilders or the update proof
                         are still missing; what is wrong is refused all the same
  --webcat-max-age DAYS  also sign for the WEBCAT extension, keyless; visits are
                         blocked DAYS after that, so sign again before
  --deployment FILE      the deployment.json of the host: WEBCAT's manifest names the
                         embedders in it. It is no part of the folder
` + tokenHelp + instanceHelp + `  --out DIR              where to put the folder; default: complete the release where
                         it is
  --force                replace what is there
  --dry-run              say exactly what would be signed; no connection is opened
`,
	bind: func(set *flag.FlagSet) runner {
		f := new(publishFlags)
		f.bind(set)
		f.bindTokens(set)
		set.StringVar(&f.signatures, "signatures", "", "")
		set.StringVar(&f.deployment, "deployment", "", "")
		set.IntVar(&f.days, "webcat-max-age", 0, "")
		set.BoolVar(&f.incomplete, "allow-incomplete", false, "")
		return f.run
	},
}

type publishFlags struct {
	signerFlags
	signatures, deployment string
	days                   int
	incomplete             bool
}

func (f *publishFlags) run(ctx context.Context, p *program, argument string) error {
	set, target, folder, err := p.openRelease(argument)
	if err != nil {
		return err
	}
	out, err := f.outFolder(p, folder)
	if err != nil {
		return err
	}
	if _, report, err := sign.CheckRelease(set, target); err != nil {
		_ = report.WriteText(p.stderr, verdict.Style{})
		return err
	}
	added, err := f.gather(p, set)
	if err != nil {
		return err
	}
	if err := f.judge(p, set, target, added); err != nil {
		return err
	}
	if f.days != 0 {
		done, err := f.webcat(ctx, p, set, added)
		if done || err != nil {
			return err
		}
	}
	files := maps.Clone(added)
	if out != folder { // the release itself comes along
		for _, name := range set.Names() {
			if _, ok := files[name]; !ok {
				files[name], _ = set.Content(name)
			}
		}
	}
	if f.dryRun {
		return p.list("would write", out, files)
	}
	if out == folder {
		f.unchanged(set, files)
	}
	if err := sign.Write(out, files, f.force); err != nil {
		return err
	}
	return p.list("wrote", out, files)
}

// gather returns what publishing adds to a release.
func (f *publishFlags) gather(p *program, set *artifact.Set) (map[string][]byte, error) {
	added := make(map[string][]byte)
	bundles := sign.Bundles(set)
	if f.signatures != "" {
		folder := p.fromCaller(f.signatures)
		entries, err := os.ReadDir(folder)
		if err != nil {
			return nil, unreadable(f.signatures, err)
		}
		for _, entry := range entries {
			if !release.IsSignature(entry.Name()) {
				continue
			}
			data, err := p.readFile(filepath.Join(folder, entry.Name()))
			if err != nil {
				return nil, err
			}
			bundles[entry.Name()], added[entry.Name()] = data, data
		}
		if data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(release.UpdateProofPath))); err == nil {
			added[release.UpdateProofPath] = data
		}
	}
	lines, err := sign.Attestations(set, bundles)
	if err != nil {
		return nil, err
	}
	added[release.AttestationsPath] = lines
	return added, nil
}

// judge holds what will be hosted against the policy, if there is one, as those
// who verify the site will.
func (f *publishFlags) judge(p *program, set *artifact.Set, target string, added map[string][]byte) error {
	if f.policy == "" {
		if f.incomplete {
			return usage("--allow-incomplete", "--policy too, which says what is complete", "none", "")
		}
		return nil
	}
	if f.root == "" {
		return usage("--policy", "--trusted-root too, the one that the policy names", "none", "Give its file, or the name of an embedded root")
	}
	root, err := f.trust(p)
	if err != nil {
		return err
	}
	rules, err := f.readPolicy(p, root)
	if err != nil {
		return err
	}
	report, err := sign.JudgePublished(sign.Published{
		Target: target, Release: set, Added: added, Policy: rules, Trust: root, Now: p.now(), Incomplete: f.incomplete,
	})
	if err != nil {
		_ = report.WriteText(p.stderr, verdict.Style{})
		return err
	}
	for _, check := range report.Checks() {
		if f.incomplete && check.Result == verdict.Unchecked {
			fmt.Fprintf(p.stderr, "open: %s: %s. %s\n", check.Subject, check.Found, check.Advice)
		}
	}
	return nil
}

// webcat signs for the extension; done says that a dry run has said all.
func (f *publishFlags) webcat(ctx context.Context, p *program, set *artifact.Set, added map[string][]byte) (done bool, err error) {
	if f.days < 1 || f.days > 365 {
		return false, usage("--webcat-max-age", "1 to 365 days", fmt.Sprint(f.days), "")
	}
	var deployment []byte
	if f.deployment != "" {
		if deployment, err = p.readFile(f.deployment); err != nil {
			return false, err
		}
	}
	plan, err := sign.PlanWebcat(set, deployment)
	if err != nil {
		return false, err
	}
	signer, _, err := f.open(ctx, p)
	if err != nil {
		return false, err
	}
	if f.dryRun {
		return true, p.describe(signer, plan)
	}
	files, err := signer.Webcat(ctx, plan, int64(f.days)*int64(24*time.Hour/time.Second))
	maps.Copy(added, files)
	return false, err
}

// unchanged takes out what lies there already with the same bytes.
func (f *publishFlags) unchanged(set *artifact.Set, files map[string][]byte) {
	for name, data := range files {
		if old, ok := set.Content(name); ok && string(old) == string(data) {
			delete(files, name)
		}
	}
}

func (p *program) list(what, out string, files map[string][]byte) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%s %s\n", what, verdict.Plain(filepath.Join(out, name)))
	}
	if len(files) == 0 {
		b.WriteString("everything was there already\n")
	}
	_, err := p.stdout.Write([]byte(b.String()))
	return err
}
