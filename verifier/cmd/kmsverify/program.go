// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

// Exit codes beside those of verdict.Conclusion.
const (
	exitOK       = 0
	exitNoOutput = 2  // the report could not be written
	exitUsage    = 64 // EX_USAGE of sysexits.h
)

// program is kmsverify with its ties to the world.
type program struct {
	stdout, stderr io.Writer
	colour         bool // stdout takes colours
	site           site.Config
}

// command is a subcommand. Its run returns a report, or an error about usage.
type command struct {
	name     string
	argument string
	flags    func(*flag.FlagSet, *options)
	run      func(context.Context, *program, string, options) (*verdict.Report, error)
}

func commands() []command {
	return []command{releaseCommand, siteCommand, auditCommand}
}

// run returns the exit code.
func (p *program) run(ctx context.Context, arguments []string) int {
	if len(arguments) == 0 {
		return p.misused(errors.New("expected a command"))
	}
	switch arguments[0] {
	case "help", "-h", "-help", "--help":
		return p.print(helpText())
	case "version", "--version":
		return p.print(versionText())
	}
	for _, c := range commands() {
		if c.name == arguments[0] {
			return p.verify(ctx, c, arguments[1:])
		}
	}
	return p.misused(fmt.Errorf("unknown command %s", verdict.Quote(arguments[0])))
}

func (p *program) verify(ctx context.Context, c command, arguments []string) int {
	argument, o, err := parseOptions(c, arguments)
	if errors.Is(err, flag.ErrHelp) {
		return p.print(helpText())
	}
	if err != nil {
		return p.misused(fmt.Errorf("%s: %w", c.name, err))
	}
	report, err := c.run(ctx, p, argument, o)
	if err != nil {
		return p.misused(fmt.Errorf("%s: %w", c.name, err))
	}
	if o.json {
		err = report.WriteJSON(p.stdout)
	} else {
		err = report.WriteText(p.stdout, verdict.Style{Colour: p.colour, Verbose: o.verbose})
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "kmsverify: writing the report: %v\n", err)
		return exitNoOutput
	}
	return report.Conclude().ExitCode()
}

func (p *program) print(text string) int {
	if _, err := io.WriteString(p.stdout, text); err != nil {
		return exitNoOutput
	}
	return exitOK
}

func (p *program) misused(err error) int {
	fmt.Fprintf(p.stderr, "kmsverify: %s\nRun \"kmsverify help\" to see how it is used.\n", verdict.Plain(err.Error()))
	return exitUsage
}
