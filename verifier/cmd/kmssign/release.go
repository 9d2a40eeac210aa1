// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"time"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/verdict"
)

var releaseCommand = command{
	name: "release", argument: "[DIR|TAR]",
	summary: "sign a built release: its manifest, and its completed provenance",
	flags: `  --builder-id URI       who builds; on GitHub Actions, the workflow at its ref
  --invocation-id URI    which run; on GitHub Actions, the run and its attempt
  --ref REF              the ref it was built from, such as refs/tags/v0.5.0; on
                         GitHub Actions, the one that triggered it
  --started TIME         when the run began and ended, such as 2026-11-23T12:00:00Z;
  --finished TIME        default: now
  --allow-unreleased     sign although the source commit is unknown, for a trial
` + keyHelp + tokenHelp + instanceHelp + outHelp,
	bind: func(set *flag.FlagSet) runner {
		f := new(releaseFlags)
		f.bind(set)
		f.bindTokens(set)
		set.StringVar(&f.builder, "builder-id", "", "")
		set.StringVar(&f.invocation, "invocation-id", "", "")
		set.StringVar(&f.ref, "ref", "", "")
		set.StringVar(&f.started, "started", "", "")
		set.StringVar(&f.finished, "finished", "", "")
		set.BoolVar(&f.unreleased, "allow-unreleased", false, "")
		return f.run
	},
}

type releaseFlags struct {
	signerFlags
	builder, invocation, ref, started, finished string
	unreleased                                  bool
}

func (f *releaseFlags) run(ctx context.Context, p *program, argument string) error {
	set, target, folder, err := p.openRelease(argument)
	if err != nil {
		return err
	}
	out, err := f.outFolder(p, folder)
	if err != nil {
		return err
	}
	plan, err := f.plan(p, set, target)
	if err != nil {
		return err
	}
	signer, rules, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	if rules != nil {
		signer.Accept = rules.Identities()
	}
	return f.signAndWrite(ctx, p, signer, plan, out)
}

// plan checks the release before anything else happens.
func (f *releaseFlags) plan(p *program, set *artifact.Set, target string) (*sign.Plan, error) {
	manifest, report, err := sign.CheckRelease(set, target)
	if err != nil {
		_ = report.WriteText(p.stderr, verdict.Style{})
		return nil, err
	}
	run, err := f.attestRun(p)
	if err != nil {
		return nil, err
	}
	return sign.PlanRelease(set, manifest, run, f.unreleased)
}

// attestRun takes what the flags leave out from the environment of GitHub Actions.
func (f *releaseFlags) attestRun(p *program) (attest.Run, error) {
	run := attest.Run{Builder: f.builder, InvocationID: f.invocation, Ref: f.ref}
	if p.getenv("GITHUB_ACTIONS") == "true" {
		server := p.getenv("GITHUB_SERVER_URL") + "/"
		fill(&run.Builder, server+p.getenv("GITHUB_WORKFLOW_REF"))
		fill(&run.InvocationID, server+p.getenv("GITHUB_REPOSITORY")+"/actions/runs/"+p.getenv("GITHUB_RUN_ID")+"/attempts/"+p.getenv("GITHUB_RUN_ATTEMPT"))
		fill(&run.Ref, p.getenv("GITHUB_REF"))
	}
	if run.Builder == "" {
		return run, usage("--builder-id", "a URI that names who builds", "none", "Policies fix it to the signer")
	}
	var err error
	if run.Finished, err = timeOf(p, "--finished", f.finished); err != nil {
		return run, err
	}
	if f.started == "" {
		run.Started = run.Finished
		return run, nil
	}
	run.Started, err = timeOf(p, "--started", f.started)
	return run, err
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func timeOf(p *program, name, text string) (time.Time, error) {
	if text == "" {
		return p.now().UTC().Truncate(time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, usage(name, "a time such as 2026-11-23T12:00:00Z", verdict.Quote(text), "")
	}
	return t.UTC(), nil
}
