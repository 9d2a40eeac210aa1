// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/verdict"
)

func TestConclusionFollowsFromTheChecks(t *testing.T) {
	pass := func(r *verdict.Report) { r.Pass(verdict.Content, "a") }
	refute := func(r *verdict.Report) { r.Refute(verdict.Content, "b", "x", "y", "z") }
	miss := func(r *verdict.Report) { r.Miss(verdict.Content, "c", "x", "z") }
	leave := func(r *verdict.Report) { r.Leave(verdict.Content, "d", "x", "z") }
	for _, c := range []struct {
		name   string
		record []func(*verdict.Report)
		want   verdict.Conclusion
		exit   int
	}{
		{"nothing", nil, verdict.ConcludeUnchecked, 2},
		{"only left alone", []func(*verdict.Report){leave}, verdict.ConcludeUnchecked, 2},
		{"passed", []func(*verdict.Report){pass}, verdict.ConcludeVerified, 0},
		{"passed and left alone", []func(*verdict.Report){pass, leave}, verdict.ConcludeVerified, 0},
		{"passed and missed", []func(*verdict.Report){pass, miss}, verdict.ConcludeUnchecked, 2},
		{"passed and refuted", []func(*verdict.Report){pass, refute}, verdict.ConcludeRefuted, 1},
		{"missed and refuted", []func(*verdict.Report){miss, refute}, verdict.ConcludeRefuted, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verdict.New("test", "test", verdict.Content)
			for _, record := range c.record {
				record(r)
			}
			if got := r.Conclude(); got != c.want || got.ExitCode() != c.exit {
				t.Errorf("concluded %s with exit code %d, want %s with %d", got, got.ExitCode(), c.want, c.exit)
			}
		})
	}
}

func TestStepThatDidNotRunIsNotVerified(t *testing.T) {
	r := verdict.New("test", "test", verdict.Content, verdict.Provenance)
	r.Pass(verdict.Content, "a")
	if got := r.Conclude(); got != verdict.ConcludeUnchecked {
		t.Errorf("concluded %s", got)
	}
	if text := write(t, r, verdict.Style{}); !strings.HasPrefix(text, "COULD NOT CHECK: test: nothing was found to check for: provenance\n") {
		t.Errorf("wrote %s", text)
	}
}

func TestEveryStepIsExplainedOnce(t *testing.T) {
	var names []string
	for _, info := range verdict.Steps() {
		names = append(names, string(info.Step))
		if info.Meaning == "" {
			t.Errorf("%s has no meaning", info.Step)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(verdict.Steps()) {
		t.Errorf("a step is there twice: %q", names)
	}
}

// hostile is text that would clear a terminal, forge a line and reorder text.
const hostile = "a\x1b[2J\r\nVERIFIED: b\u202e\xff\x00\u2028"

func TestReportShowsNothingThatATerminalActsUpon(t *testing.T) {
	r := verdict.New("test", hostile)
	r.Identify(hostile, verdict.Source{Repository: hostile, Commit: hostile})
	r.IdentifyLog(verdict.Log{Origin: hostile, Key: hostile, Root: hostile, From: hostile, To: hostile})
	r.Pass(verdict.Content, hostile)
	r.Refute(verdict.Content, hostile, hostile, hostile, hostile)
	r.Miss(verdict.Content, hostile, hostile, hostile)
	r.Leave(verdict.Content, hostile, hostile, hostile)
	var out strings.Builder
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{write(t, r, verdict.Style{Verbose: true}), out.String()} {
		for _, c := range []byte(text) {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Fatalf("byte %#x in %q", c, text)
			}
		}
		if strings.Contains(text, "\nVERIFIED") {
			t.Fatalf("a forged line in %q", text)
		}
	}
}

func TestPlainTextStaysAsItIs(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		`plain "text" with \ in it`: `plain "text" with \ in it`,
		"é":                         `\u00e9`,
		"\xff":                      `\xff`,
		"\n":                        `\n`,
	} {
		if got := verdict.Plain(text); got != want {
			t.Errorf("Plain(%q) = %q, want %q", text, got, want)
		}
	}
	long := strings.Repeat("x", verdict.MaxText+1)
	if got := verdict.Plain(long); got != long[:verdict.MaxText]+"... (601 bytes)" {
		t.Errorf("a long text became %q", got)
	}
	if got := verdict.Quote(long); got != `"`+long[:80]+`"... (601 bytes)` {
		t.Errorf("a long quotation became %q", got)
	}
}

func TestNameThatCouldBeTakenForOtherTextIsQuoted(t *testing.T) {
	for name, want := range map[string]string{
		"frame.00ff.js": "frame.00ff.js",
		"a/b_c-d":       "a/b_c-d",
		"a b":           `"a b"`,
		"":              `""`,
		"a\n":           `"a\n"`,
	} {
		if got := verdict.FileName(name); got != want {
			t.Errorf("FileName(%q) = %q, want %q", name, got, want)
		}
	}
}

func write(t *testing.T, r *verdict.Report, style verdict.Style) string {
	t.Helper()
	var out strings.Builder
	if err := r.WriteText(&out, style); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestColoursAreOnlyWhereAskedFor(t *testing.T) {
	r := verdict.New("test", "test", verdict.Content)
	r.Pass(verdict.Content, "a")
	if text := write(t, r, verdict.Style{}); strings.Contains(text, "\x1b") {
		t.Errorf("colours in %q", text)
	}
	if text := write(t, r, verdict.Style{Colour: true}); !strings.HasPrefix(text, "\x1b[1m\x1b[32mVERIFIED:\x1b[0m test") {
		t.Errorf("no colours in %q", text)
	}
}

const goldenLog = `  "log": {
    "origin": "kms-enclave/log/u",
    "key": "B",
    "first": 1,
    "size": 5,
    "entries": 4,
    "pruned": 2,
    "delegated": 3,
    "root": "r",
    "from": "2026-01-01T00:00:00Z",
    "to": "2026-01-02T00:00:00Z"
  },
`

func TestJSONOfAnAuditLogHasTheDocumentedForm(t *testing.T) {
	r := verdict.New("audit", "log.txt")
	log := verdict.Log{Origin: "kms-enclave/log/u", Key: "B", First: 1, Size: 5, Entries: 4, Pruned: 2, Delegated: 3, Root: "r"}
	log.From, log.To = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	r.IdentifyLog(log)
	var out strings.Builder
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), goldenLog) || strings.Contains(out.String(), `"release":`) {
		t.Errorf("wrote %s", out.String())
	}
}

const goldenJSON = `{
  "schema": "kmsverify-verdict/1",
  "command": "release",
  "target": "dist",
  "verdict": "refuted",
  "exit": 1,
  "release": "00ff",
  "source": {
    "repository": "https://git.example",
    "commit": "unreleased"
  },
  "counts": {
    "ok": 1,
    "refuted": 1,
    "unavailable": 0,
    "unchecked": 0
  },
  "checks": [
    {
      "step": "content",
      "subject": "a",
      "result": "ok"
    },
    {
      "step": "content",
      "subject": "b",
      "result": "refuted",
      "expected": "<1>",
      "found": "2",
      "advice": "3"
    }
  ]
}
`

func TestJSONHasTheDocumentedForm(t *testing.T) {
	r := verdict.New("release", "dist")
	r.Identify("00ff", verdict.Source{Repository: "https://git.example", Commit: "unreleased"})
	r.Pass(verdict.Content, "a")
	r.Refute(verdict.Content, "b", "<1>", "2", "3")
	var out strings.Builder
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	if out.String() != goldenJSON {
		t.Errorf("wrote %s", out.String())
	}
	empty := verdict.New("release", "dist")
	out.Reset()
	if err := empty.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal([]byte(out.String()), &read); err != nil || read["checks"] == nil || read["release"] != nil {
		t.Errorf("error %v, read %v", err, read)
	}
}
