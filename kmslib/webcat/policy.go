// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package webcat

import (
	"slices"
	"strings"
)

// directive says what the extension takes in one directive.
type directive struct {
	name     string
	instead  string   // if this one is there, name need not be
	keywords []string // in quotes
	prefixes []string
}

const (
	none = "'none'"
	self = "'self'"
)

// directives are checked in this order. Without default-src 'none' each is
// required.
var directives = []directive{
	{"object-src", "", []string{none}, nil},
	{"script-src", "", []string{none, self, "'wasm-unsafe-eval'"}, []string{"'sha"}},
	{"script-src-elem", "script-src", []string{none, self, "'wasm-unsafe-eval'"}, []string{"'sha"}},
	{"style-src", "", []string{none, self, "'unsafe-inline'", "'unsafe-hashes'"}, []string{"'sha"}},
	{"style-src-elem", "style-src", []string{none, self, "'unsafe-inline'", "'unsafe-hashes'"}, []string{"'sha"}},
	{"child-src", "frame-src", []string{none, self}, []string{"blob:", "data:"}},
	{"frame-src", "child-src", []string{none, self}, []string{"blob:", "data:"}},
	{"worker-src", "", []string{none, self}, nil},
}

// CheckPolicy returns a *FormatError if the extension would not take a
// Content-Security-Policy, for whatever host.
func CheckPolicy(policy string) error {
	if policy == "" || strings.Contains(policy, ",") || !isVisible(strings.ReplaceAll(policy, " ", "")) {
		return &FormatError{"policy: expected one policy in visible ASCII, without a comma"}
	}
	sources := map[string][]string{}
	for part := range strings.SplitSeq(strings.ToLower(policy), ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		if _, twice := sources[words[0]]; twice {
			return &FormatError{"policy: a directive is there twice"}
		}
		sources[words[0]] = words[1:]
	}
	base := sources["default-src"]
	if slices.ContainsFunc(base, func(s string) bool { return s != none && s != self }) {
		return &FormatError{"policy: default-src: expected 'none' or 'self'"}
	}
	isClosed := slices.Equal(base, []string{none})
	for _, d := range directives {
		if err := d.check(sources, isClosed); err != nil {
			return err
		}
	}
	return nil
}

func (d directive) check(sources map[string][]string, isClosed bool) error {
	list := sources[d.name]
	if !isClosed && len(list) == 0 && len(sources[d.instead]) == 0 {
		return &FormatError{"policy: " + d.name + ": missing; expected it, or default-src 'none'"}
	}
	for _, source := range list {
		hasPrefix := func(prefix string) bool { return strings.HasPrefix(source, prefix) }
		if !slices.Contains(d.keywords, source) && !slices.ContainsFunc(d.prefixes, hasPrefix) {
			return &FormatError{"policy: " + d.name + ": expected only " + strings.Join(append(slices.Clone(d.keywords), d.prefixes...), " ")}
		}
	}
	return nil
}

func isVisible(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c <= ' ' || c > '~' })
}
