// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"path/filepath"

	"ats.run/kms-enclave/verifier/sign"
)

var statementCommand = command{
	name: "statement", argument: "FILE",
	summary: "sign a rebuilder's statement, as \"kmsverify rebuild\" writes it",
	flags: `  --name NAME            the rebuilder's name in policies: a-z 0-9 -, at most 40
` + keyHelp + tokenHelp + instanceHelp + outHelp,
	bind: func(set *flag.FlagSet) runner {
		f := new(statementFlags)
		f.bind(set)
		f.bindTokens(set)
		set.StringVar(&f.name, "name", "", "")
		return f.run
	},
}

type statementFlags struct {
	signerFlags
	name string
}

func (f *statementFlags) run(ctx context.Context, p *program, argument string) error {
	data, err := p.readFile(argument)
	if err != nil {
		return err
	}
	out, err := f.outFolder(p, filepath.Dir(p.fromCaller(argument)))
	if err != nil {
		return err
	}
	plan, _, err := sign.PlanStatement(data, f.name)
	if err != nil {
		return err
	}
	signer, rules, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	if rules != nil {
		if signer.Accept = sign.RebuilderIdentities(rules, f.name); signer.Accept == nil {
			return &sign.Fault{Kind: sign.Refused, Subject: "--name", Expected: "a rebuilder that the policy names", Found: f.name,
				Advice: "Use the name that the policy gives this rebuilder"}
		}
	}
	return f.signAndWrite(ctx, p, signer, plan, out)
}
