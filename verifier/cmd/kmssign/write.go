// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/verdict"
)

// outFolder returns where to write: as told, or beside a release in a folder.
func (f *signerFlags) outFolder(p *program, beside string) (string, error) {
	switch {
	case f.out != "":
		return p.fromCaller(f.out), nil
	case beside != "":
		return beside, nil
	case f.dryRun:
		return "", nil // nothing will be written
	default:
		return "", usage("--out", "a folder to write to", "none", "What is signed is no folder of yours, so there is no place beside it")
	}
}

// signAndWrite does what a plan says, or says it for a dry run.
func (f *signerFlags) signAndWrite(ctx context.Context, p *program, signer *sign.Signer, plan *sign.Plan, out string) error {
	if f.dryRun {
		return p.describe(signer, plan)
	}
	if err := p.checkFree(out, plan, f.force); err != nil {
		return err
	}
	all, err := signer.SignAll(ctx, plan)
	if err != nil {
		return err
	}
	files := make(map[string][]byte)
	for _, signed := range all {
		files[signed.File] = signed.Data
	}
	if err := sign.Write(out, files, f.force); err != nil {
		return err
	}
	return p.report(all, files, out)
}

func (p *program) describe(signer *sign.Signer, plan *sign.Plan) error {
	text, err := signer.Describe(plan)
	if err != nil {
		return err
	}
	_, err = p.stdout.Write([]byte(text))
	return err
}

// checkFree looks before signing whether there is anything that would be
// replaced: an entry in a public log is for ever.
func (p *program) checkFree(out string, plan *sign.Plan, force bool) error {
	var names []string
	for _, job := range plan.Jobs {
		names = append(names, job.File)
	}
	return sign.CheckFree(out, names, force)
}

// report says what was made.
func (p *program) report(all []*sign.Signed, files map[string][]byte, out string) error {
	var b strings.Builder
	for i, signed := range all {
		proof := signed.Proof
		if i == 0 {
			fmt.Fprintf(&b, "SIGNED by %s\n", verdict.Plain(proof.Identity.String()))
		}
		fmt.Fprintf(&b, "  %s  log %s, entry %d, at %s, %s\n", signed.File, verdict.Plain(proof.LogOrigin), proof.LogIndex,
			proof.Time.UTC().Format(time.RFC3339), witnesses(len(proof.Witnesses)))
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "wrote %s\n", verdict.Plain(filepath.Join(out, name)))
	}
	_, err := p.stdout.Write([]byte(b.String()))
	return err
}

// witnesses says how many cosigned; without a policy none were looked for.
func witnesses(n int) string {
	if n == 0 {
		return "witnesses not looked at"
	}
	if n == 1 {
		return "1 witness"
	}
	return fmt.Sprintf("%d witnesses", n)
}
