// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"ats.run/kms-enclave/verifier/verdict"
)

// mutation is one alteration of one document.
type mutation struct {
	document, path, what string
	subject              string // of the checks that must refuse it; "" for any
	report               func(*parsed) *verdict.Report
}

// name is what rules match: document, path and alteration.
func (m mutation) name() string { return m.document + " " + m.path + ": " + m.what }

// rule is a row of the table: what may come of mutations whose name the pattern
// matches as a whole.
type rule struct {
	pattern string
	steps   []verdict.Step // that may refuse it; none if it has no effect
	reason  string         // why it has no effect
	shows   bool           // it is shown, though the verdict is the same
	either  bool           // it has no effect, or is refused at one of the steps
}

type compiledRule struct {
	rule
	pattern *regexp.Regexp
	used    int
}

// table judges mutations by rules, and counts.
type table struct {
	t        *testing.T
	baseline *verdict.Report
	rules    []*compiledRule

	mu     sync.Mutex
	counts map[string]map[string]int // by document, then step
	errors int
}

func newTable(t *testing.T, baseline *verdict.Report, rules []rule) *table {
	t.Helper()
	if baseline.Conclude() != verdict.ConcludeVerified {
		t.Fatalf("what is not altered is not verified:\n%s", text(baseline))
	}
	tb := &table{t: t, baseline: baseline, counts: make(map[string]map[string]int)}
	for _, r := range rules {
		tb.rules = append(tb.rules, &compiledRule{rule: r, pattern: regexp.MustCompile(`^(?:` + r.pattern + `)$`)})
	}
	return tb
}

const (
	withoutEffect = "without effect"
	// unavailable stands for the step of what could not be looked at, so that
	// nothing is verified.
	unavailable verdict.Step = "unavailable"
)

// run judges all mutations, some at once.
func (tb *table) run(mutations []mutation) {
	queue := make(chan mutation)
	var workers sync.WaitGroup
	want := shown(tb.t, tb.baseline)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			known := newParsed()
			for m := range queue {
				tb.judge(m, m.report(known), want)
			}
		})
	}
	for _, m := range mutations {
		queue <- m
	}
	close(queue)
	workers.Wait()
	for _, r := range tb.rules {
		if r.used == 0 {
			tb.t.Errorf("no mutation meets the row %q", r.rule.pattern)
		}
	}
}

// judge holds the report on a mutation against the first rule that it meets.
func (tb *table) judge(m mutation, report *verdict.Report, want string) {
	step, refused := classOf(report, m.subject)
	tb.mu.Lock()
	defer tb.mu.Unlock()
	i := slices.IndexFunc(tb.rules, func(r *compiledRule) bool { return r.pattern.MatchString(m.name()) })
	if i < 0 {
		tb.fail("no row of the table for %q, which gives %s", m.name(), outcome(step, refused, report))
		return
	}
	r := tb.rules[i]
	r.used++
	class := string(step)
	switch {
	case len(r.steps) == 0, r.either && !refused:
		class = withoutEffect
		if refused || report.Conclude() != verdict.ConcludeVerified || !r.shows && shown(tb.t, report) != want {
			tb.fail("%q has an effect: %s\n%s", m.name(), outcome(step, refused, report), text(report))
		}
	case !refused:
		tb.fail("ACCEPTED: %q: %s", m.name(), text(report))
	case !slices.Contains(r.steps, step):
		tb.fail("%q is refused at %s, want %v\n%s", m.name(), step, r.steps, text(report))
	}
	if tb.counts[m.document] == nil {
		tb.counts[m.document] = make(map[string]int)
	}
	tb.counts[m.document][class]++
}

// fail reports the first failures; more help nobody.
func (tb *table) fail(format string, args ...any) {
	const enough = 40
	if tb.errors++; tb.errors <= enough {
		tb.t.Errorf(format, args...)
	}
}

func outcome(step verdict.Step, refused bool, report *verdict.Report) string {
	if refused {
		return "refused at " + string(step)
	}
	return "NOT REFUSED: " + string(report.Conclude())
}

// classOf returns the step that refused, about the subject if it has one. What
// is missing in consequence counts only if nothing else was refused.
func classOf(report *verdict.Report, subject string) (verdict.Step, bool) {
	if report.Conclude() == verdict.ConcludeVerified {
		return "", false
	}
	var first, last verdict.Step
	for _, c := range report.Checks() {
		if c.Result != verdict.Refuted || c.Expected == "" || c.Found == "" || c.Advice == "" {
			continue
		}
		switch {
		case subject != "" && c.Subject == subject:
			return c.Step, true
		case c.Step == verdict.Required || c.Step == verdict.Rebuilders && c.Subject == "policy":
			last = c.Step
		case first == "":
			first = c.Step
		}
	}
	if first == "" {
		first = last
	}
	if report.Conclude() == verdict.ConcludeUnchecked && report.Count(verdict.Unavailable) > 0 {
		first = unavailable
	}
	return first, first != ""
}

// grand is the sum of all tables, which TestMain prints.
var grand = struct {
	sync.Mutex
	counts map[string]int
}{counts: make(map[string]int)}

func TestMain(m *testing.M) {
	code := m.Run()
	if testing.Verbose() {
		fmt.Println(line("ALL TABLES", grand.counts))
	}
	os.Exit(code)
}

// print writes the counts to the test's log.
func (tb *table) print() {
	total := make(map[string]int)
	for _, document := range slices.Sorted(maps.Keys(tb.counts)) {
		tb.t.Log(line(document, tb.counts[document]))
		for class, n := range tb.counts[document] {
			total[class] += n
		}
	}
	grand.Lock()
	defer grand.Unlock()
	for class, n := range total {
		grand.counts[class] += n
	}
	tb.t.Log(line("TOTAL", total))
}

func line(document string, counts map[string]int) string {
	n := 0
	var parts []string
	classes := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return counts[b] - counts[a] })
	for _, class := range classes {
		n += counts[class]
		if class != withoutEffect {
			parts = append(parts, fmt.Sprintf("%s %d", class, counts[class]))
		}
	}
	text := fmt.Sprintf("%-38s %5d mutations: %5d refused", document, n, n-counts[withoutEffect])
	if k := counts[withoutEffect]; k > 0 {
		text += fmt.Sprintf(", %d %s", k, withoutEffect)
	}
	return text + " (" + strings.Join(parts, ", ") + ")"
}
