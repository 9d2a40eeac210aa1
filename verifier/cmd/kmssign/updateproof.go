// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/verdict"
)

var updateProofCommand = command{
	name: "update-proof", argument: "[DIR|TAR]",
	summary: "sign a release with the update key, for apps that pin an older one",
	flags:   keyHelp + instanceHelp + outHelp,
	bind: func(set *flag.FlagSet) runner {
		f := new(signerFlags)
		f.bind(set)
		return f.updateProof
	},
}

func (f *signerFlags) updateProof(ctx context.Context, p *program, argument string) error {
	set, target, folder, err := p.openRelease(argument)
	if err != nil {
		return err
	}
	out, err := f.outFolder(p, folder)
	if err != nil {
		return err
	}
	manifest, report, err := sign.CheckRelease(set, target)
	if err != nil {
		_ = report.WriteText(p.stderr, verdict.Style{})
		return err
	}
	signer, rules, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	if rules == nil {
		return usage("--policy", "a policy, since apps take the time of an update from its witnesses", "none", "")
	}
	if err := signer.ForUpdate(rules); err != nil {
		return err
	}
	data, _ := set.Content(release.ManifestPath)
	if f.dryRun {
		job := sign.Job{Subject: release.ManifestPath, File: release.UpdateProofPath, Payload: data}
		signer.Services.Timestamps = nil // witnesses tell the time
		return p.describe(signer, &sign.Plan{Digest: release.Digest(data), Manifest: manifest, Jobs: []sign.Job{job}})
	}
	if err := sign.CheckFree(out, []string{release.UpdateProofPath}, f.force); err != nil {
		return err
	}
	proof, evidence, err := signer.UpdateProof(ctx, data)
	if err != nil {
		return err
	}
	if err := sign.Write(out, map[string][]byte{release.UpdateProofPath: proof}, f.force); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "PROVED: release %s is entry %d of the log, cosigned at %s\nwrote %s\n", release.Digest(data), evidence.Index,
		time.Unix(evidence.Time, 0).UTC().Format(time.RFC3339), verdict.Plain(filepath.Join(out, release.UpdateProofPath)))
	return err
}
