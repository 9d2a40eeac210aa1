// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/explain"
	"ats.run/kms-enclave/verifier/verdict"
)

// nine returns nine equal lines, one that changes, and five more.
func nine(changed string) string {
	return strings.Repeat("same\n", 9) + changed + "\n" + strings.Repeat("after\n", 5)
}

var long = strings.Repeat("abcdefghij", 500)

var differences = map[string]struct {
	path, a, b             string
	where, expected, found string
	lines                  []string
	cause                  string // part of one
}{
	"line of a script": {
		path: "frame.js", a: nine("let a=1;"), b: nine("let a=2;"), where: "line 10, column 7",
		lines: []string{"@@ -7,7 +7,7 @@", " same", " same", " same", "-let a=1;", "+let a=2;", " after", " after", " after"},
	},
	"line put in": {
		path: "style.css", a: "one\ntwo\nthree\nfour\n", b: "one\nnew\ntwo\nthree\nfour\n", where: "line 2, column 1",
		lines: []string{"@@ -1,4 +1,5 @@", " one", "+new", " two", " three", " four"},
	},
	"line taken out at the end": {
		path: "index.html", a: "one\ntwo\n", b: "one\n", where: "line 2, column 1", lines: []string{"@@ -1,2 +1,1 @@", " one", "-two"},
		cause: "one version ends where the other goes on",
	},
	"long line": {
		path: "worker.js", a: long + "X" + long, b: long + "Y" + long, where: "line 1, column 5001",
		lines: []string{
			"@@ -1,1 +1,1 @@",
			"-(4947 bytes) ...hijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijX" + long[:106] + "... (4894 bytes) (no line feed)",
			"+(4947 bytes) ...hijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijY" + long[:106] + "... (4894 bytes) (no line feed)",
		},
	},
	"member of JSON": {
		path: "release.json", a: `{"source":{"commit":"a","repository":"r"}}`, b: `{"source":{"commit":"b","repository":"r"}}`,
		where: "member /source/commit", expected: `"a"`, found: `"b"`, cause: "another commit was given",
	},
	"element of JSON": {
		path: "sbom.json", a: `{"a/b":[1,{"~":true}]}`, b: `{"a/b":[1,{"~":false}]}`, where: "member /a~1b/1/~0", expected: "true", found: "false",
	},
	"member that is missing": {path: "x.json", a: `{"a":1,"b":[2]}`, b: `{"a":1}`, where: "member /b", expected: "[2]", found: "nothing"},
	"member that is new":     {path: "x.json", a: `{"a":1}`, b: `{"a":1,"b":2}`, where: "member /b", expected: "nothing", found: "2"},
	"element that is new":    {path: "x.json", a: `[1]`, b: `[1,2]`, where: "member /1", expected: "nothing", found: "2"},
	"element that is gone":   {path: "x.json", a: `[1,2]`, b: `[1]`, where: "member /1", expected: "2", found: "nothing"},
	"other kind of value":    {path: "x.json", a: `[]`, b: `{}`, where: "the whole document", expected: "[]", found: "{}"},
	"form of JSON": {
		path: "x.json", a: `{"a":1}`, b: `{"a": 1}`, where: "the form only, line 1, column 6: both have the same values",
		lines: []string{"@@ -1,1 +1,1 @@", `-{"a":1} (no line feed)`, `+{"a": 1} (no line feed)`}, cause: "not written as canonical JSON",
	},
	"no JSON in spite of its name": {
		path: "x.json", a: "{", b: "[", where: "line 1, column 1", lines: []string{"@@ -1,1 +1,1 @@", "-{ (no line feed)", "+[ (no line feed)"},
	},
	"no module in spite of its name": {
		path: "x.wasm", a: "\x00asm", b: "\x00asn", where: "byte 3 of 4", expected: "bytes 6d", found: "bytes 6e", cause: "not a whole WebAssembly module",
	},
	"bytes": {path: "icon.png", a: "\xff\x00\x01", b: "\xff\x00\x02\x03", where: "byte 2 of 3 (found: 4)", expected: "bytes 01", found: "bytes 0203"},
	"line ends": {
		path: "LICENSE.txt", a: "one\ntwo\n", b: "one\r\ntwo\r\n", where: "line 1, column 4",
		lines: []string{"@@ -1,2 +1,2 @@", "-one", "-two", "+one (CR)", "+two (CR)"}, cause: "line ends",
	},
	"order": {
		path: "SHA256SUMS", a: "a\nb\nc\nd\n", b: "a\nc\nb\nd\n", where: "line 2, column 1",
		lines: []string{"@@ -1,3 +1,4 @@", " a", "-b", " c", "-d"}, cause: "order: the same lines",
	},
	"path of the machine": {
		path: "x.bin", a: "\xff/home/alice/kms/main.go\x00", b: "\xff/home/bob/kms/main.go\x00", where: "byte 7 of 25 (found: 23)",
		expected: `"/home/alice/kms/main.go"`, found: `"/home/bob/kms/main.go"`, cause: "an absolute path",
	},
	"version of Go":  {path: "x.bin", a: "\xff go1.26.8 \x00", b: "\xff go1.26.9 \x00", where: "byte 9 of 12", expected: `" go1.26.8 "`, found: `" go1.26.9 "`, cause: "another version of Go"},
	"commit":         {path: "x.txt", a: strings.Repeat("0", 40), b: strings.Repeat("1", 40), where: "line 1, column 1", cause: "another commit"},
	"time":           {path: "x.txt", a: "at 2026-01-02T03:04:05Z", b: "at 2026-01-02T03:04:06Z", where: "line 1, column 22", cause: "a time"},
	"build id of Go": {path: "x.bin", a: "\xffGo build ID: \"abc\"", b: "\xffGo build ID: \"\"", where: "byte 15 of 19 (found: 16)", expected: `"Go build ID: \"abc\""`, found: `"Go build ID: \"\""`, cause: "Go's build id"},
}

func TestFirstDifferenceIsToldByKindOfFile(t *testing.T) {
	for name, c := range differences {
		t.Run(name, func(t *testing.T) {
			d := explain.Compare([]byte(c.a), []byte(c.b), c.path)
			if d.Where != c.where || c.expected != "" && (d.Expected != c.expected || d.Found != c.found) {
				t.Errorf("at %q: expected %q, found %q", d.Where, d.Expected, d.Found)
			}
			if c.lines != nil && name != "order" && !slices.Equal(d.Lines, c.lines) {
				t.Errorf("diff\n%s\nwant\n%s", strings.Join(d.Lines, "\n"), strings.Join(c.lines, "\n"))
			}
			if !strings.Contains(strings.Join(d.Causes, "\n"), c.cause) || c.cause == "" && len(d.Causes) > 0 {
				t.Errorf("causes %q", d.Causes)
			}
		})
	}
}

func TestEqualFilesHaveNoDifference(t *testing.T) {
	d := explain.Compare([]byte("a"), []byte("a"), "x.js")
	if !d.Same() || d.String() != "no difference" || write(d) != "x.js: no difference\n" {
		t.Errorf("%+v", d)
	}
}

func TestFileOnOneSideOnlyIsSaidSo(t *testing.T) {
	if s := explain.Missing("a.js").String(); s != "first difference at the whole file: expected a file, found none" {
		t.Error(s)
	}
	if s := explain.Extra("a.js").String(); s != "first difference at the whole file: expected no such file, found one" {
		t.Error(s)
	}
}

func TestWhatAFileHoldsCannotImitateALine(t *testing.T) {
	hostile := "\x1b[2J\nVERIFIED: \u202e"
	for _, path := range []string{"a.js", "a.json", "a.wasm", "a.bin", "\x1b[2J.js"} {
		text := write(explain.Compare([]byte("x"+hostile), []byte("y"+hostile+"\x9b"), path))
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); verdict.Plain(line) != line || strings.HasPrefix(line, "VERIFIED") {
				t.Errorf("%q", line)
			}
		}
	}
}

func write(d explain.Difference) string {
	var b strings.Builder
	if _, err := d.WriteTo(&b); err != nil {
		return err.Error()
	}
	return b.String()
}
