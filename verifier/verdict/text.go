// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"io"
	"strings"
)

// Style says how WriteText writes.
type Style struct {
	Colour  bool // ANSI colours: for terminals, unless NO_COLOR is set
	Verbose bool // also each check that is ok
}

// ANSI escape sequences (ECMA-48, SGR).
const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// WriteText writes the report for people: one line with the conclusion, every
// check that failed, one line per step, and what the conclusion leaves open.
func (r *Report) WriteText(w io.Writer, style Style) error {
	t := &textWriter{report: r, style: style}
	t.headline()
	t.failures()
	t.identity()
	t.signatures()
	t.steps()
	t.open()
	_, err := io.WriteString(w, t.out.String())
	return err
}

type textWriter struct {
	report *Report
	style  Style
	out    strings.Builder
}

func (t *textWriter) printf(format string, args ...any) {
	fmt.Fprintf(&t.out, format, args...)
}

func (t *textWriter) paint(colour, text string) string {
	if !t.style.Colour {
		return text
	}
	return colour + text + reset
}

func (t *textWriter) headline() {
	r := t.report
	total := len(r.checks) - r.Count(Unchecked)
	switch r.Conclude() {
	case ConcludeVerified:
		t.printf("%s %s: all %s passed\n", t.paint(bold+green, "VERIFIED:"), r.target, plural(total, "check"))
	case ConcludeRefuted:
		t.printf("%s %s: %d of %s failed\n", t.paint(bold+red, "REFUTED:"), r.target, r.Count(Refuted), plural(total, "check"))
	default:
		t.printf("%s %s: %s\n", t.paint(bold+yellow, "COULD NOT CHECK:"), r.target, t.whyUnchecked())
	}
}

func (t *textWriter) whyUnchecked() string {
	if n := t.report.Count(Unavailable); n > 0 {
		return plural(n, "thing") + " could not be looked at"
	}
	var names []string
	for _, step := range t.report.notRun() {
		names = append(names, string(step))
	}
	return "nothing was found to check for: " + strings.Join(names, ", ")
}

// failures tells all that is wrong, not only the first.
func (t *textWriter) failures() {
	for _, c := range t.report.checks {
		switch c.Result {
		case Refuted:
			t.printf("\n  %s %s: %s\n", t.paint(red, "wrong"), c.Step, c.Subject)
			t.printf("    expected  %s\n    found     %s\n", c.Expected, c.Found)
		case Unavailable:
			t.printf("\n  %s %s: %s\n", t.paint(yellow, "not seen"), c.Step, c.Subject)
			t.printf("    because   %s\n", c.Found)
		default:
			continue
		}
		t.printf("    to do     %s\n", c.Advice)
	}
}

func (t *textWriter) identity() {
	if l := t.report.log; l != nil {
		t.printf("\n  log         %s\n  log key     %s\n", l.Origin, l.Key)
		t.printf("  entries     %d to %d: %d there, %d pruned, %d by delegated keys\n", l.First, l.Size-1, l.Entries, l.Pruned, l.Delegated)
		if l.From != "" {
			t.printf("  dated       %s to %s\n", l.From, l.To)
		}
		if l.Root != "" {
			t.printf("  root        %s\n", l.Root)
		}
	}
	if t.report.release == "" {
		return
	}
	t.printf("\n  release     %s\n", t.report.release)
	t.printf("  built from  %s\n", t.report.source.Repository)
	t.printf("  at commit   %s\n", t.report.source.Commit)
}

// signatures tells who signed, when, and who has seen that.
func (t *textWriter) signatures() {
	if p := t.report.policy; p != nil {
		t.printf("\n  policy      %s\n  trust root  %s\n", p.Name, p.TrustRoot)
	}
	for _, s := range t.report.signed {
		what := s.What
		if s.Result != "" {
			what = s.Result + ", " + what
		}
		t.printf("\n  %-10s  %s: %s\n", s.Role, s.Party, what)
		t.printf("    signed    %s by %s\n", s.Time, s.Identity)
		t.printf("    in log    %s, entry %d\n", s.Log, s.Index)
		if len(s.Witnesses) > 0 {
			t.printf("    seen by   %s\n", strings.Join(s.Witnesses, ", "))
		}
	}
}

// steps writes one line for each step that has checks.
func (t *textWriter) steps() {
	t.printf("\n")
	for _, info := range Steps() {
		ok, bad := t.tally(info.Step)
		switch {
		case bad > 0:
			t.printf("  %-13s %s  %s\n", info.Step, t.paint(red, fmt.Sprintf("%3d of %3d failed", bad, ok+bad)), info.Meaning)
		case ok > 0:
			t.printf("  %-13s %s  %s\n", info.Step, t.paint(green, fmt.Sprintf("%3d ok           ", ok)), info.Meaning)
		}
		t.passed(info.Step)
	}
}

func (t *textWriter) passed(step Step) {
	if !t.style.Verbose {
		return
	}
	for _, c := range t.report.checks {
		if c.Step == step && c.Result == OK {
			t.printf("                    ok  %s\n", c.Subject)
		}
	}
}

func (t *textWriter) tally(step Step) (ok, bad int) {
	for _, c := range t.report.checks {
		switch {
		case c.Step != step:
		case c.Result == OK:
			ok++
		case c.Result == Refuted, c.Result == Unavailable:
			bad++
		}
	}
	return ok, bad
}

// open says what even "verified" leaves open.
func (t *textWriter) open() {
	printed := false
	for _, c := range t.report.checks {
		if c.Result != Unchecked {
			continue
		}
		if !printed {
			t.printf("\nNot checked:\n")
			printed = true
		}
		t.printf("  %s: %s. %s\n", c.Subject, c.Found, c.Advice)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
