// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/verifier/explain"
)

// module is a WebAssembly module in parts.
type module struct {
	custom    string // content of the section "note"; "" for none
	functions []string
	names     bool   // with a name section
	data      string // of a segment at address 1024
	producer  string // version of Go; "" for no such section
	table     bool   // Go's table of functions in the data
	last      string // name of a last custom section
}

func sized(content ...string) string {
	all := strings.Join(content, "")
	return string(binary.AppendUvarint(nil, uint64(len(all)))) + all
}

func (m module) bytes() []byte {
	custom := func(name, content string) string { return "\x00" + sized(sized(name), content) }
	out := "\x00asm\x01\x00\x00\x00"
	if m.custom != "" {
		out += custom("note", m.custom)
	}
	out += "\x01" + sized("\x01", "\x60\x00\x00") // one type
	out += "\x02" + sized("\x02", sized("env"), sized("mem"), "\x02\x00\x01", sized("env"), sized("call"), "\x00\x00")
	out += "\x07" + sized("\x01", sized("run"), "\x00\x01") // function 1 is exported
	var bodies []string
	for _, f := range m.functions {
		bodies = append(bodies, sized(f))
	}
	out += "\x0a" + sized(append([]string{string(rune(len(bodies)))}, bodies...)...)
	data := m.data
	if m.table {
		data += goTable("main.first", "main.second")
	}
	out += "\x0b" + sized("\x01", "\x00\x41\x80\x08\x0b", sized(data))
	if m.names {
		out += custom("name", "\x01"+sized("\x01", "\x02", sized("main.named")))
	}
	if m.producer != "" {
		out += custom("producers", "\x01"+sized("language")+"\x01"+sized("Go")+sized(m.producer))
	}
	if m.last != "" {
		out += custom(m.last, "")
	}
	return []byte(out)
}

// goTable is a table of functions as Go 1.26 writes it for wasm.
func goTable(names ...string) string {
	var text, records, entries []byte
	const header = 72
	for i, name := range names {
		entries = binary.LittleEndian.AppendUint32(entries, uint32(0x1000+i))
		entries = binary.LittleEndian.AppendUint32(entries, uint32(8*len(names)+8*i))
		records = binary.LittleEndian.AppendUint32(records, uint32(0x1000+i))
		records = binary.LittleEndian.AppendUint32(records, uint32(len(text)))
		text = append(append(text, name...), 0)
	}
	out := []byte("\xf1\xff\xff\xff\x00\x00\x01\x08")
	for _, word := range []uint64{uint64(len(names)), 0, 0, header, 0, 0, 0, uint64(header + len(text))} {
		out = binary.LittleEndian.AppendUint64(out, word)
	}
	return string(slices.Concat(out, text, entries, records))
}

func TestPlaceInAModuleIsTold(t *testing.T) {
	body := strings.Repeat("\x01", 10)
	base := module{functions: []string{body, body + "\x0b"}, data: "some text in the data"}
	with := func(change func(*module)) module {
		m := base
		m.functions = slices.Clone(base.functions)
		change(&m)
		return m
	}
	for name, c := range map[string]struct {
		a, b                   module
		where, expected, found string
		cause                  string
	}{
		"function that is exported": {
			a: base, b: with(func(m *module) { m.functions[0] = "\x01\x02" + body[2:] }),
			where: "code section, function 1 (export run), byte 1 of 10", expected: "bytes " + strings.Repeat("01", 9), found: "bytes 02" + strings.Repeat("01", 8),
		},
		"function in the name section": {
			a:     with(func(m *module) { m.names = true }),
			b:     with(func(m *module) { m.names = true; m.functions[1] = body + "\x0c" }),
			where: "code section, function 2 (main.named), byte 10 of 11", expected: "bytes 0b", found: "bytes 0c",
		},
		"function in Go's table": {
			a:     with(func(m *module) { m.table = true }),
			b:     with(func(m *module) { m.table = true; m.functions[1] = body + "\x0c" }),
			where: "code section, function 2 (main.second), byte 10 of 11", expected: "bytes 0b", found: "bytes 0c",
		},
		"one function more": {
			a: base, b: with(func(m *module) { m.functions = append(m.functions, body) }),
			where: "code section, number of functions", expected: "2", found: "3",
		},
		"data": {
			a: base, b: with(func(m *module) { m.data = "some TEXT in the data" }),
			where: "data section, segment 0, byte 5 of 21, address 0x405", expected: `"some text in the data"`, found: `"some TEXT in the data"`,
		},
		"custom section": {
			a: with(func(m *module) { m.custom = "abc" }), b: with(func(m *module) { m.custom = "abd" }),
			where: "custom section note, byte 2 of 3", expected: "bytes 63", found: "bytes 64",
		},
		"section that is missing": {
			a: with(func(m *module) { m.custom = "abc" }), b: base,
			where: "section number 1", expected: "custom section note", found: "type section",
		},
		"section at the end": {
			a: base, b: with(func(m *module) { m.last = "go:buildid" }),
			where: "the end of the module", expected: "no further section", found: "custom section go:buildid",
			cause: "one version ends where the other goes on",
		},
		"compiler": {
			a: with(func(m *module) { m.producer = "go1.26.8" }), b: with(func(m *module) { m.producer = "go1.26.9" }),
			where: "custom section producers, byte 22 of 23", cause: "another compiler: the producers section says Go go1.26.8 here and Go go1.26.9 there",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := explain.Compare(c.a.bytes(), c.b.bytes(), "enclave.wasm")
			if d.Where != c.where || c.expected != "" && (d.Expected != c.expected || d.Found != c.found) {
				t.Errorf("at %q: expected %q, found %q", d.Where, d.Expected, d.Found)
			}
			if !strings.Contains(strings.Join(d.Causes, "\n"), c.cause) {
				t.Errorf("causes %q", d.Causes)
			}
		})
	}
}

// FuzzCompare holds for any two files of any kind: no panic, plain texts, and a
// difference exactly if they differ.
func FuzzCompare(f *testing.F) {
	m := module{functions: []string{"\x00\x0b", "\x01\x0b"}, names: true, producer: "go1.26.8", table: true, custom: "x"}
	one := m.bytes()
	m.functions[1] = "\x02\x0b"
	f.Add(one, m.bytes(), "a.wasm")
	f.Add(one, one[:len(one)-3], "a.wasm")
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x0a\x05\xff\xff\xff\xff\x0f"), one, "a.wasm")
	f.Add([]byte(`{"a":[1]}`), []byte(`{"a":[2]}`), "a.json")
	f.Add([]byte("a\nb\n"), []byte("a\nc\n"), "a.js")
	f.Fuzz(func(t *testing.T, a, b []byte, path string) {
		d := explain.Compare(a, b, path)
		if d.Same() != (string(a) == string(b)) {
			t.Errorf("same: %v", d.Same())
		}
		for line := range strings.Lines(write(d)) {
			for _, c := range strings.TrimSuffix(line, "\n") {
				if c < ' ' || c > '~' {
					t.Fatalf("%q is not plain", line)
				}
			}
		}
	})
}
