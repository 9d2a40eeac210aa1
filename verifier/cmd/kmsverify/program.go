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
	colour         bool        // stdout takes colours
	stdin          io.Reader   // for lists of paths
	common         commonFlags // those of the command that runs
	arguments      []string    // all those of the command that runs
	site           site.Config
}

// command is a subcommand.
type command struct {
	name     string
	argument string // what follows the flags, such as "DIR|TAR"; in brackets if it may be missing
	summary  string // for the list of commands, no full stop
	flags    string // for the command's help: a line for each flag, and its explanation
	hidden   bool   // not in the list of commands
	many     bool   // takes any number of arguments
	bind     func(*flag.FlagSet) runner
}

// runner does the work of a command, once its flags are read. It returns the report to write, or an error
// about usage. A nil report means that all was said already.
type runner func(ctx context.Context, p *program, argument string) (*verdict.Report, error)

func commands() []command {
	return []command{releaseCommand, bundleCommand, siteCommand, logCommand, auditCommand, rebuildCommand, policyCommand, trustCommand, verifyBundleCommand}
}

func commandNamed(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

// run returns the exit code.
func (p *program) run(ctx context.Context, arguments []string) int {
	if len(arguments) == 0 {
		return p.misused(errors.New("expected a command"))
	}
	switch arguments[0] {
	case "help", "-h", "-help", "--help":
		return p.help(arguments[1:])
	case "version", "--version":
		return p.print(versionText())
	}
	c, ok := commandNamed(arguments[0])
	if !ok {
		return p.misused(fmt.Errorf("unknown command %s", verdict.Quote(arguments[0])))
	}
	return p.do(ctx, c, arguments[1:])
}

func (p *program) help(arguments []string) int {
	if len(arguments) == 0 {
		return p.print(helpText())
	}
	c, ok := commandNamed(arguments[0])
	if !ok {
		return p.misused(fmt.Errorf("unknown command %s", verdict.Quote(arguments[0])))
	}
	return p.print(c.help())
}

func (p *program) do(ctx context.Context, c command, arguments []string) int {
	run, argument, common, err := c.parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		return p.print(c.help())
	}
	var report *verdict.Report
	if err == nil {
		report, err = run(ctx, p.with(common), argument)
	}
	var known exitCode
	switch {
	case errors.As(err, &known):
		return int(known)
	case err != nil:
		return p.misused(fmt.Errorf("%s: %w", c.name, err))
	case report == nil:
		return exitOK
	}
	return p.write(report, common)
}

// exitCode ends a command that has said all itself.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// write writes a report, and returns its exit code.
func (p *program) write(report *verdict.Report, common commonFlags) int {
	var err error
	if common.json {
		err = report.WriteJSON(p.stdout)
	} else {
		err = report.WriteText(p.stdout, verdict.Style{Colour: p.colour, Verbose: common.verbose})
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
