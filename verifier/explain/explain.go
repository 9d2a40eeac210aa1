// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ats.run/kms-enclave/verifier/verdict"
)

// Difference is the first difference of two versions of a file. All texts are
// plain, one line each.
type Difference struct {
	Path     string   // the file
	Where    string   // place of the first difference, such as "code section, function 17 (main.main), byte 3 of 80"
	Expected string   // what is there in the first version, or ""
	Found    string   // what is there in the second
	Lines    []string // unified diff around the place, for text
	Causes   []string // what is known to cause such a difference
}

// Compare returns the first difference of a, the version that was expected,
// and b, the one that was found. Of equal contents it returns nothing but the
// path.
func Compare(a, b []byte, path string) Difference {
	d := Difference{Path: path}
	if bytes.Equal(a, b) {
		return d.plain()
	}
	at := firstDifference(a, b)
	switch extension := path[strings.LastIndexByte(path, '.')+1:]; {
	case extension == "wasm" && d.wasm(a, b):
	case isJSON(extension) && d.json(a, b):
	case isText(a) && isText(b):
		d.text(a, b)
	default:
		d.binary(a, b, at)
	}
	d.Causes = append(d.Causes, causes(a, b, at)...)
	return d.plain()
}

// Missing returns the difference of a file that only the first version has.
func Missing(path string) Difference {
	return Difference{Path: path, Where: "the whole file", Expected: "a file", Found: "none"}.plain()
}

// Extra returns the difference of a file that only the second version has.
func Extra(path string) Difference {
	return Difference{Path: path, Where: "the whole file", Expected: "no such file", Found: "one"}.plain()
}

// Same says whether there is no difference.
func (d Difference) Same() bool { return d.Where == "" }

// String returns the difference without its lines, as one sentence.
func (d Difference) String() string {
	if d.Same() {
		return "no difference"
	}
	s := "first difference at " + d.Where
	if d.Expected != "" || d.Found != "" {
		s += ": expected " + d.Expected + ", found " + d.Found
	}
	if len(d.Causes) > 0 {
		s += "; likely cause: " + d.Causes[0]
	}
	return s
}

// WriteTo writes the difference on several lines.
func (d Difference) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	if d.Same() {
		fmt.Fprintf(&b, "%s: no difference\n", d.Path)
	} else {
		fmt.Fprintf(&b, "%s\n  first difference  %s\n", d.Path, d.Where)
		if d.Expected != "" || d.Found != "" {
			fmt.Fprintf(&b, "  expected          %s\n  found             %s\n", d.Expected, d.Found)
		}
		for _, line := range d.Lines {
			fmt.Fprintf(&b, "    %s\n", line)
		}
		for _, cause := range d.Causes {
			fmt.Fprintf(&b, "  likely cause      %s\n", cause)
		}
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// plain makes every text of d plain.
func (d Difference) plain() Difference {
	d.Path = verdict.FileName(d.Path)
	d.Where = verdict.Plain(d.Where)
	d.Expected = verdict.Plain(d.Expected)
	d.Found = verdict.Plain(d.Found)
	for i := range d.Lines {
		d.Lines[i] = verdict.Plain(d.Lines[i])
	}
	for i := range d.Causes {
		d.Causes[i] = verdict.Plain(d.Causes[i])
	}
	return d
}

// binary tells the offset and a few bytes of each side.
func (d *Difference) binary(a, b []byte, at int) {
	d.Where = fmt.Sprintf("byte %d of %d", at, len(a))
	if len(a) != len(b) {
		d.Where += fmt.Sprintf(" (found: %d)", len(b))
	}
	d.Expected, d.Found = excerpt(a, at), excerpt(b, at)
}

// excerpt shows the bytes from at on: as text if they are, else as digits.
func excerpt(data []byte, at int) string {
	if at >= len(data) {
		return "the end"
	}
	if run := printable(data, at); len(run) >= 8 {
		return verdict.Quote(run)
	}
	return fmt.Sprintf("bytes %x", data[at:min(at+12, len(data))])
}

// printable returns the run of printable ASCII around at, at most 30 bytes
// before it and 60 from it on.
func printable(data []byte, at int) string {
	from, to := at, at
	for from > 0 && from > at-30 && isPrintable(data[from-1]) {
		from--
	}
	for to < len(data) && to < at+60 && isPrintable(data[to]) {
		to++
	}
	return string(data[from:to])
}

func isPrintable(c byte) bool { return c >= ' ' && c <= '~' }

func isJSON(extension string) bool { return extension == "json" || extension == "jsonl" }

func isText(data []byte) bool { return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 }

// firstDifference returns the offset of the first byte that differs: the
// length of the shorter if it begins the longer.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
