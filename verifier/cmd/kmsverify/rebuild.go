// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/rebuild"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// unnamedVerifier is the verifier.id of a rebuilder who gave none: nobody's policy asks for it.
const unnamedVerifier = "https://ats.run/kms-enclave/rebuilders/unnamed"

var rebuildCommand = command{
	name:     "rebuild",
	argument: "SOURCE",
	summary:  "build a release again from its source and compare",
	flags: `  --expect WHAT      the published release: its release.json, a folder or tar with it,
                     the address of a site or of a release.json. SOURCE is the git
                     repository: a folder, or an https or ssh address
  --out FILE         write the outcome as a statement (SLSA VSA) for kmssign statement
  --verifier-id URI  who you are, in that statement
  --work DIR         where to build (default: the system's folder for temporary files)
  --keep             leave the folder in which it was built
  --bazel-arg FLAG   pass a flag such as --jobs=2 on to bazel; may be repeated
  --timeout TIME     give up after TIME (default 2h)
`,
	bind: func(set *flag.FlagSet) runner {
		var expect, out, verifier, work text
		var arguments texts
		set.Var(&expect, "expect", "")
		set.Var(&out, "out", "")
		set.Var(&verifier, "verifier-id", "")
		set.Var(&work, "work", "")
		set.Var(&arguments, "bazel-arg", "")
		keep := set.Bool("keep", false, "")
		timeout := set.Duration("timeout", 2*time.Hour, "")
		return func(ctx context.Context, p *program, source string) (*verdict.Report, error) {
			if *timeout <= 0 {
				return nil, errors.New("--timeout: expected a time, such as 30m")
			}
			ctx, cancel := context.WithTimeout(ctx, *timeout)
			defer cancel()
			return p.rebuild(ctx, out.value, rebuild.Options{
				Source: source, Expect: expect.value, Work: work.value, Keep: *keep, Arguments: arguments, Verifier: verifier.value,
			})
		}
	},
}

func (p *program) rebuild(ctx context.Context, out string, o rebuild.Options) (*verdict.Report, error) {
	if o.Expect == "" {
		return nil, errors.New("--expect: expected the release to compare with, such as release.json")
	}
	if o.Verifier == "" {
		o.Verifier = unnamedVerifier
	} else if u, err := url.Parse(o.Verifier); err != nil || u.Scheme == "" {
		return nil, errors.New("--verifier-id: expected a URI, such as https://rebuilder.example")
	}
	for _, argument := range o.Arguments {
		if err := rebuild.CheckArgument(argument); err != nil {
			return nil, fmt.Errorf("--bazel-arg: %w", err)
		}
	}
	// An address stays as it is; what is not one is a path.
	for _, path := range []*string{&o.Source, &o.Expect, &o.Work, &out} {
		if *path != "" && !strings.Contains(*path, "://") {
			*path = fromCaller(*path)
		}
	}
	o.Environment, o.Now, o.Transport, o.Progress, o.Program = os.Environ(), time.Now, p.site.Transport, p.stderr, programVersion()
	report := verdict.New("rebuild", o.Source, rebuild.Required()...)
	outcome := rebuild.Run(ctx, report, o)
	if out != "" {
		if err := writeStatement(out, outcome.Statement); err != nil {
			report.Miss(verdict.Statement, out, reason(err), "Nothing was written there; see the checks above, or name another file with --out.")
		}
	}
	return report, nil
}

// writeStatement writes the statement whole or not at all.
func writeStatement(path string, summary *vsa.Summary) error {
	if summary == nil {
		return errors.New("there is nothing to state: the release was not rebuilt")
	}
	data, err := summary.Marshal()
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".statement-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // gone already if all went well
	if _, err := file.Write(data); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// programVersion is what Go recorded of this program's version. A build by Bazel records none, so that equal
// sources give equal programs.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return verdict.Schema
}
