// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package attest_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/attest"
)

// run is what the signed copy of the small release's provenance says.
var run = attest.Run{
	Builder:      "https://forge.example/runners/hosted",
	InvocationID: "https://forge.example/acme/runs/7",
	Ref:          "refs/tags/v0.5.0",
	Started:      time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC),
	Finished:     time.Date(2026, 1, 2, 3, 14, 5, 0, time.UTC),
}

func complete(t testing.TB, run attest.Run) string {
	t.Helper()
	data, err := attest.Complete([]byte(provenance(t)), run)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCompletedStatementSaysWhatTheTemplateSaysAndTheRun(t *testing.T) {
	template, err := attest.Parse([]byte(provenance(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{run.Ref, ""} {
		want := run
		want.Ref = ref
		signed, err := attest.ParseSigned([]byte(complete(t, want)))
		if err != nil {
			t.Fatal(err)
		}
		want.Started = want.Started.Truncate(time.Second)
		if signed.Run != want {
			t.Errorf("run %+v, want %+v", signed.Run, want)
		}
		expected := *template
		expected.BuilderID = run.Builder
		if !reflect.DeepEqual(*signed.Statement, expected) {
			t.Errorf("statement %+v, want %+v", signed.Statement, expected)
		}
	}
}

func TestTemplateAndCompletedAreNotTakenForEachOther(t *testing.T) {
	if _, err := attest.Parse([]byte(complete(t, run))); err == nil {
		t.Error("the signed copy is accepted as the template")
	}
	if _, err := attest.ParseSigned([]byte(provenance(t))); err == nil {
		t.Error("the template is accepted as the signed copy")
	}
	if _, err := attest.Complete([]byte(complete(t, run)), run); err == nil {
		t.Error("the signed copy is completed again")
	}
}

func TestCompletedStatementThatIsNotStrictIsRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, reason string }{
		{"unknown parameter", `"ref":`, `"stamp":"yes","ref":`, "a member other than"},
		{"ref that is a branch name", `refs/tags/v0.5.0`, `main`, "ref"},
		{"ref with a wildcard", `refs/tags/v0.5.0`, `refs/tags/*`, "ref"},
		{"ref that is empty", `refs/tags/v0.5.0`, ``, "ref"},
		{"ref that is no text", `"refs/tags/v0.5.0"`, `1`, "ref"},
		{"no metadata", `"metadata":{`, `"metadatas":{`, "metadata is missing"},
		{"unknown metadata", `"metadata":{`, `"metadata":{"host":"a",`, "a member other than"},
		{"no invocation", `https://forge.example/acme/runs/7`, ``, "invocationId"},
		{"invocation with a space", `https://forge.example/acme/runs/7`, `run 7`, "invocationId"},
		{"start with an offset", `03:04:05Z`, `03:04:05+00:00`, "startedOn"},
		{"end that is no date", `2026-01-02T03:14:05Z`, `2026-02-30T03:14:05Z`, "finishedOn"},
		{"end before the start", `03:14:05Z`, `03:04:04Z`, "finishedOn"},
		{"builder that is no URI", run.Builder, `me`, "builder.id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := complete(t, run)
			if !strings.Contains(text, c.old) {
				t.Fatalf("the statement does not contain %s", c.old)
			}
			_, err := attest.ParseSigned([]byte(strings.Replace(text, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("error %v, want one about %q", err, c.reason)
			}
		})
	}
}

func TestRunThatCouldNotBeReadIsNotWritten(t *testing.T) {
	for name, mutate := range map[string]func(*attest.Run){
		"no builder":           func(r *attest.Run) { r.Builder = "" },
		"builder with a break": func(r *attest.Run) { r.Builder += "\n" },
		"no invocation":        func(r *attest.Run) { r.InvocationID = "" },
		"invocation not UTF-8": func(r *attest.Run) { r.InvocationID = "\xff" },
		"ref that is none":     func(r *attest.Run) { r.Ref = "v0.5.0" },
		"no start":             func(r *attest.Run) { r.Started = time.Time{} },
		"no end":               func(r *attest.Run) { r.Finished = time.Time{} },
		"end before the start": func(r *attest.Run) { r.Finished = r.Started.Add(-time.Second) },
	} {
		changed := run
		mutate(&changed)
		if _, err := attest.Complete([]byte(provenance(t)), changed); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

// FuzzParseSigned checks that what is accepted has what callers rely on.
func FuzzParseSigned(f *testing.F) {
	f.Add([]byte(complete(f, run)))
	f.Add([]byte(provenance(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := attest.ParseSigned(data)
		if err != nil {
			return
		}
		if s.Run.Builder == "" || s.BuilderID != s.Run.Builder || s.Run.InvocationID == "" || s.Run.Started.IsZero() || s.Run.Finished.Before(s.Run.Started) {
			t.Fatalf("accepted without what is required: %+v", s)
		}
	})
}
