// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/verdict"
)

const (
	exitOK          = 0
	exitUnavailable = 2
	exitUsage       = 64 // EX_USAGE of sysexits.h
)

// program is kmssign with its ties to the world.
type program struct {
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	transport      http.RoundTripper
}

// command is a subcommand.
type command struct {
	name     string
	argument string // in brackets if it may be missing; "" if there is none
	summary  string // for the list of commands, no full stop
	flags    string // for the command's help
	bind     func(*flag.FlagSet) runner
}

// runner does the work of a command, once its flags are read.
type runner func(ctx context.Context, p *program, argument string) error

func commands() []command {
	return []command{releaseCommand, statementCommand, updateProofCommand, publishCommand, keygenCommand}
}

// run returns the exit code.
func (p *program) run(ctx context.Context, arguments []string) int {
	if len(arguments) == 0 {
		return p.misused(errors.New("expected a command"))
	}
	name, rest := arguments[0], arguments[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		if len(rest) == 0 {
			return p.print(helpText())
		}
		name, rest = rest[0], []string{"--help"}
	case "version", "--version":
		return p.print(versionText())
	}
	for _, c := range commands() {
		if c.name == name {
			return p.do(ctx, c, rest)
		}
	}
	return p.misused(fmt.Errorf("unknown command %s", verdict.Quote(name)))
}

func (p *program) do(ctx context.Context, c command, arguments []string) int {
	run, argument, err := c.parse(arguments)
	if errors.Is(err, flag.ErrHelp) {
		return p.print(c.help())
	}
	if err != nil {
		return p.misused(fmt.Errorf("%s: %w", c.name, err))
	}
	err = run(ctx, p, argument)
	var fault *sign.Fault
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &fault) && fault.Kind == sign.Usage:
		return p.misused(fmt.Errorf("%s: %w", c.name, fault))
	case errors.As(err, &fault):
		fmt.Fprintf(p.stderr, "%s: %s\n", headline(fault.Kind), verdict.Plain(fault.Error()))
		return fault.Kind.ExitCode()
	default:
		fmt.Fprintf(p.stderr, "%s: %s\n", headline(sign.Unavailable), verdict.Plain(err.Error()))
		return exitUnavailable
	}
}

func headline(kind sign.Kind) string {
	if kind == sign.Refused {
		return "REFUSED"
	}
	return "COULD NOT DO IT"
}

// parse reads the flags, which may stand before and after the one argument.
func (c command) parse(arguments []string) (run runner, argument string, err error) {
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	run = c.bind(set)
	var rest []string
	for len(arguments) > 0 {
		if err := set.Parse(arguments); err != nil {
			return nil, "", err
		}
		if arguments = set.Args(); len(arguments) > 0 {
			rest = append(rest, arguments[0])
			arguments = arguments[1:]
		}
	}
	switch optional := c.argument == "" || strings.HasPrefix(c.argument, "["); {
	case len(rest) == 0 && optional:
		return run, "", nil
	case c.argument == "":
		return nil, "", fmt.Errorf("expected no argument, found %d", len(rest))
	case len(rest) != 1 || rest[0] == "":
		return nil, "", fmt.Errorf("expected one %s, found %d arguments", strings.Trim(c.argument, "[]"), len(rest))
	}
	return run, rest[0], nil
}

func (p *program) print(text string) int {
	if _, err := io.WriteString(p.stdout, text); err != nil {
		return exitUnavailable
	}
	return exitOK
}

func (p *program) misused(err error) int {
	fmt.Fprintf(p.stderr, "kmssign: %s\nRun \"kmssign help\" to see how it is used.\n", verdict.Plain(err.Error()))
	return exitUsage
}
