// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"testing"
)

func TestParseReadsEveryField(t *testing.T) {
	all, err := Parse("# comment\n\n# more\nname: a b\nexpect: accept\nempty:\nspace:  x\nraw-hex: 00ff\nn: -7\n\nname: c\nexpect: refuse\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name != "a b" || all[0].Expect != "accept" || all[1].Name != "c" {
		t.Fatalf("Parse = %+v", all)
	}
	v := all[0]
	if !v.Has("empty") || v.Text("empty") != "" || v.Has("none") || v.Text("space") != " x" {
		t.Errorf("fields = %v", v)
	}
	if raw, err := v.Bytes("raw"); err != nil || string(raw) != "\x00\xff" {
		t.Errorf("Bytes(raw) = %q, %v", raw, err)
	}
	if text, err := v.Bytes("space"); err != nil || string(text) != " x" {
		t.Errorf("Bytes(space) = %q, %v", text, err)
	}
	if _, err := v.Bytes("none"); err == nil {
		t.Error("Bytes of a field that is not there succeeded")
	}
	if n, err := v.Int("n"); err != nil || n != -7 {
		t.Errorf("Int(n) = %d, %v", n, err)
	}
}

func TestParseRefusesMalformedFiles(t *testing.T) {
	for name, file := range map[string]string{
		"empty":          "",
		"only comments":  "# a\n",
		"no newline":     "name: a\nexpect: b",
		"no field":       "name: a\nexpect: b\nc\n",
		"no name":        "expect: b\nname: a\n",
		"no expect":      "name: a\n",
		"upper case":     "name: a\nexpect: b\nC: d\n",
		"no space":       "name: a\nexpect: b\nc:d\n",
		"field twice":    "name: a\nexpect: b\nc: 1\nc: 2\n",
		"name twice":     "name: a\nexpect: b\n\nname: a\nexpect: b\n",
		"two empty ones": "name: a\nexpect: b\n\n\nname: c\nexpect: d\n",
	} {
		if all, err := Parse(file); err == nil {
			t.Errorf("%s: Parse = %+v, want an error", name, all)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("name: a\nexpect: accept\nraw-hex: 00\n")
	f.Add("# only\n")
	f.Fuzz(func(t *testing.T, file string) {
		all, err := Parse(file)
		for _, v := range all {
			if _, err := v.Bytes("raw"); err == nil && !v.Has("raw") && !v.Has("raw-hex") {
				t.Error("bytes from nowhere")
			}
		}
		if err == nil && len(all) == 0 {
			t.Error("no vector and no error")
		}
	})
}
