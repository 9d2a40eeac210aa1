// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// options are the flags of a command.
type options struct {
	expect  string // release digest, or ""
	json    bool
	verbose bool
	timeout time.Duration
	since   string // path of an earlier checkpoint, or ""
	key     string // log key, or ""
}

// parseOptions reads the flags, which may stand before and after the one
// argument.
func parseOptions(c command, arguments []string) (argument string, o options, err error) {
	set, flags := newFlagSet(c)
	var rest []string
	for len(arguments) > 0 {
		if err := set.Parse(arguments); err != nil {
			return "", options{}, err
		}
		if arguments = set.Args(); len(arguments) > 0 {
			rest = append(rest, arguments[0])
			arguments = arguments[1:]
		}
	}
	switch {
	case len(rest) != 1 || rest[0] == "":
		return "", options{}, fmt.Errorf("expected one %s, found %d arguments", c.argument, len(rest))
	case isSet(set, "expect") && !isDigest(flags.expect):
		return "", options{}, errors.New("--expect: expected a release digest, 64 lower-case hexadecimal digits")
	case isSet(set, "since") && flags.since == "":
		return "", options{}, errors.New("--since: expected the path of a checkpoint")
	case isSet(set, "key") && flags.key == "":
		return "", options{}, errors.New("--key: expected a log key")
	}
	return rest[0], *flags, nil
}

// newFlagSet returns the flags of a command and where they are put. What they
// mean is in the help.
func newFlagSet(c command) (*flag.FlagSet, *options) {
	o := new(options)
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.BoolVar(&o.json, "json", false, "")
	set.BoolVar(&o.verbose, "verbose", false, "")
	if c.flags != nil {
		c.flags(set, o)
	}
	return set, o
}

// expectFlag is the flag of the commands that judge a release.
func expectFlag(set *flag.FlagSet, o *options) { set.StringVar(&o.expect, "expect", "", "") }

func isSet(set *flag.FlagSet, name string) bool {
	found := false
	set.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
