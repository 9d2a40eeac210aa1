// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// commonFlags are the flags of every command.
type commonFlags struct {
	json      bool
	verbose   bool
	arguments []string // all of them
}

// with returns the program as a command with these flags sees it.
func (p *program) with(common commonFlags) *program {
	q := *p
	q.common, q.arguments = common, common.arguments
	return &q
}

// parse reads the flags, which may stand before, between and after the arguments.
func (c command) parse(arguments []string) (run runner, argument string, common commonFlags, err error) {
	set, run := c.flagSet(&common)
	var rest []string
	for len(arguments) > 0 {
		if err := set.Parse(arguments); err != nil {
			return nil, "", commonFlags{}, plainly(err)
		}
		if arguments = set.Args(); len(arguments) > 0 {
			rest = append(rest, arguments[0])
			arguments = arguments[1:]
		}
	}
	optional := strings.HasPrefix(c.argument, "[")
	common.arguments = rest
	switch {
	case c.many && (len(rest) > 0 || optional || c.manyFrom(set)):
		if i := slices.Index(rest, ""); i >= 0 {
			return nil, "", commonFlags{}, fmt.Errorf("argument %d: expected something, found nothing", i+1)
		}
		return run, "", common, nil
	case len(rest) == 0 && optional:
		return run, "", common, nil
	case len(rest) != 1 || rest[0] == "":
		return nil, "", commonFlags{}, fmt.Errorf("expected one %s, found %d arguments", strings.Trim(c.argument, "[]"), len(rest))
	}
	return run, rest[0], common, nil
}

// manyFrom says whether the arguments may come from a list, too.
func (command) manyFrom(set *flag.FlagSet) bool {
	f := set.Lookup("files-from")
	return f != nil && f.Value.String() != ""
}

// flagSet returns the flags of a command and what runs once they are read. What they mean is in its help.
func (c command) flagSet(common *commonFlags) (*flag.FlagSet, runner) {
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.BoolVar(&common.json, "json", false, "")
	set.BoolVar(&common.verbose, "verbose", false, "")
	return set, c.bind(set)
}

// plainly returns an error of package flag in the words of this program: the flag and what it expects,
// without the value.
func plainly(err error) error {
	_, after, ok := strings.Cut(err.Error(), "\" for flag -")
	if name, expected, found := strings.Cut(after, ": "); ok && found {
		return fmt.Errorf("--%s: %s", name, expected)
	}
	return err
}

// text is the value of a flag that, if it is given, must not be empty.
type text struct {
	value string
	set   bool
}

func (t *text) String() string { return t.value }

func (t *text) Set(value string) error {
	if value == "" {
		return errors.New("expected something, found nothing")
	}
	t.value, t.set = value, true
	return nil
}

// texts is the value of a flag that may be given several times.
type texts []string

func (t *texts) String() string { return strings.Join(*t, ",") }

func (t *texts) Set(value string) error {
	if value == "" {
		return errors.New("expected something, found nothing")
	}
	*t = append(*t, value)
	return nil
}

// digest is the value of the flag --expect of the commands that judge a release.
type digest struct{ value string }

func (d *digest) String() string { return d.value }

func (d *digest) Set(value string) error {
	if len(value) != 64 || strings.Trim(value, "0123456789abcdef") != "" {
		return errors.New("expected a release digest, 64 lower-case hexadecimal digits")
	}
	d.value = value
	return nil
}

const expectHelp = `  --expect DIGEST    accept only the release with this digest: the SHA-256 of its
                     release.json, 64 lower-case hexadecimal digits
`
