// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict_test

import (
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/verdict"
)

func TestLinesOfBundles(t *testing.T) {
	signed := &verdict.Signed{What: "x\n", Role: "publisher", Party: "acme", Time: "T", Log: "log.example", Index: 7}
	for _, tt := range []struct {
		line   verdict.BundleLine
		result verdict.Result
		exit   int
		text   string
	}{
		{verdict.BundleLine{Bundle: "a", Signed: signed}, verdict.OK, 0, `VERIFIED a: publisher acme, x\n, at T, in log log.example, entry 7`},
		{verdict.BundleLine{Bundle: "a\x1b[2J\nVERIFIED b", Step: verdict.Logged, Expected: "e", Found: "f\n", Advice: "d."}, verdict.Refuted, 1,
			`REFUTED a\x1b[2J\nVERIFIED b: log: expected e; found f\n; to do: d.`},
		{verdict.BundleLine{Bundle: "a", Step: verdict.Input, Found: "f", Advice: "d."}, verdict.Unavailable, 2, `COULD NOT CHECK a: input: because f; to do: d.`},
	} {
		if got := tt.line.Result(); got != tt.result || tt.line.Conclusion().ExitCode() != tt.exit {
			t.Errorf("%s, exit code %d", got, tt.line.Conclusion().ExitCode())
		}
		if got := tt.line.Text(verdict.Style{}); got != tt.text+"\n" {
			t.Errorf("%q, want %q", got, tt.text)
		}
		data := string(tt.line.JSON())
		if strings.Count(data, "\n") != 1 || !strings.HasSuffix(data, "}\n") || !strings.Contains(data, `"result":"`+string(tt.result)+`"`) {
			t.Errorf("%q", data)
		}
		for _, r := range strings.TrimSuffix(data, "\n") {
			if r < ' ' || r > '~' {
				t.Errorf("%q is not plain", data)
			}
		}
	}
	line := verdict.BundleLine{Bundle: "a", Signed: signed}
	if text := line.Text(verdict.Style{Colour: true}); !strings.HasPrefix(text, "\x1b[32mVERIFIED\x1b[0m a") {
		t.Errorf("%q", text)
	}
}
