// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Sigstack runs a real Sigstore on loopback, for tests and for trying out. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"ats.run/kms-enclave/tools/sigstack/internal/rekor"
	"ats.run/kms-enclave/tools/sigstack/internal/selftest"
	"ats.run/kms-enclave/tools/sigstack/internal/stack"
)

const usage = `usage:
  sigstack up [--dir DIR] [--idle 10m] [--witnesses 2] [--quorum N] [--hostname NAME] [--faults PART-down,…]
              [--with-stdin] [--survive-parent]
  sigstack token --url OIDC_URL --subject SUBJECT
  sigstack token --url OIDC_URL --repository OWNER/NAME [--ref REF] [--sha SHA] [--workflow FILE]
  sigstack check DIR
`

func main() {
	rekor.RunIfChild()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run returns the exit status: 0, 1 for a failure, 64 for a wrong command line.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		_, _ = io.WriteString(stderr, usage)
		return 64
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage) }
	var err error
	switch args[0] {
	case "up":
		err = up(flags, args[1:], stdin, stdout)
	case "token":
		err = token(flags, args[1:], stdout)
	case "check":
		err = check(flags, args[1:], stdout)
	default:
		err = errUsage
	}
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		flags.Usage()
		return 64
	}
	_, _ = fmt.Fprintln(stderr, "sigstack:", err)
	return 1
}

var errUsage = errors.New("wrong command line")

func parse(flags *flag.FlagSet, args []string, arguments int) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if flags.NArg() != arguments {
		return errUsage
	}
	return nil
}

func token(flags *flag.FlagSet, args []string, stdout io.Writer) error {
	issuer := flags.String("url", "", "")
	query := url.Values{}
	for _, name := range []string{"subject", "kind", "audience", "repository", "ref", "sha", "workflow", "signer",
		"event", "environment", "run", "runner"} {
		flags.Func(name, "", func(v string) error { query.Set(name, v); return nil })
	}
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	if *issuer == "" {
		return errUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	made, err := selftest.Token(ctx, strings.TrimRight(*issuer, "/"), query)
	if err == nil {
		_, err = fmt.Fprintln(stdout, made)
	}
	return err
}

func check(flags *flag.FlagSet, args []string, stdout io.Writer) error {
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	info, err := stack.Load(flags.Arg(0))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	lines, err := selftest.Check(ctx, info)
	for _, l := range lines {
		_, _ = fmt.Fprintf(stdout, "ok  %-22s entry %d, %d witnesses, signed in %s\n",
			l.What, l.Index, l.Witnesses, l.Took.Round(time.Millisecond))
	}
	return err
}
