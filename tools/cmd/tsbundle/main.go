// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command tsbundle is the action behind the ts_bundle and ts_strip rules: it bundles TypeScript into one file,
// or strips one file's types.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"ats.run/kms-enclave/tools/bundle"
)

// pairs is a flag of the form name=value that may be given several times.
type pairs map[string]string

func (p pairs) String() string { return "" }

func (p pairs) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("expected name=value")
	}
	p[name] = value
	return nil
}

func main() {
	config := bundle.Config{}
	alias, constants := pairs{}, pairs{}
	flag.StringVar(&config.Entry, "entry", "", "entry file")
	flag.Func("also", "further entry in the same folder; may be repeated", func(path string) error {
		config.Also = append(config.Also, path)
		return nil
	})
	flag.BoolVar(&config.Module, "module", true, "write an ES module; else a classic script")
	flag.Var(alias, "alias", "module name=file that stands for it; may be repeated")
	flag.Var(constants, "define", "global name=string value; may be repeated")
	flag.StringVar(&config.Packages, "packages", "", "folder node_modules in which module names without an alias are looked up")
	flag.BoolVar(&config.Node, "node", false, "for node; else for browsers")
	strip := flag.Bool("strip", false, "only strip the entry's types")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	config.Alias, config.Constants = alias, constants
	code, err := produce(config, *strip)
	if err == nil {
		err = os.WriteFile(*out, code, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tsbundle:", err)
		os.Exit(1)
	}
}

func produce(config bundle.Config, strip bool) ([]byte, error) {
	if !strip {
		return bundle.Bundle(config)
	}
	source, err := os.ReadFile(config.Entry)
	if err != nil {
		return nil, err
	}
	return bundle.Strip(config.Entry, source)
}
