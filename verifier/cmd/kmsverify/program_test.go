// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/internal/releasetest"
)

func TestColoursAreForTerminalsThatTakeThem(t *testing.T) {
	for _, c := range []struct {
		noColor, term string
		terminal      bool
		want          bool
	}{
		{"", "xterm", true, true},
		{"", "", true, true},
		{"1", "xterm", true, false},
		{"", "dumb", true, false},
		{"", "xterm", false, false},
	} {
		environment := map[string]string{"NO_COLOR": c.noColor, "TERM": c.term}
		getenv := func(name string) string { return environment[name] }
		if got := takesColour(getenv, c.terminal); got != c.want {
			t.Errorf("NO_COLOR=%q TERM=%q terminal=%v: colours %v", c.noColor, c.term, c.terminal, got)
		}
	}
}

func TestHelpExplainsEveryCommandAndFlag(t *testing.T) {
	help := helpText()
	for _, c := range commands() {
		if c.hidden == strings.Contains(help, "\n  "+c.name+" "+c.argument) {
			t.Errorf("no command %s", c.name)
		}
		set, _ := c.flagSet(new(commonFlags))
		set.VisitAll(func(f *flag.Flag) {
			if !strings.Contains(c.help(), "  --"+f.Name) {
				t.Errorf("%s: no flag %s", c.name, f.Name)
			}
		})
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestReportThatCannotBeWrittenIsNotSuccess(t *testing.T) {
	folder := releasetest.Build(t).Folder(t)
	for _, arguments := range [][]string{{"release", folder}, {"release", "--json", folder}, {"help"}} {
		var stderr bytes.Buffer
		p := &program{stdout: brokenWriter{}, stderr: &stderr}
		if code := p.run(t.Context(), arguments); code != exitNoOutput {
			t.Errorf("%s: exit code %d", arguments[0], code)
		}
	}
}
