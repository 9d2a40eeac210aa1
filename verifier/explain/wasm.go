// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"fmt"
	"strings"

	"ats.run/kms-enclave/verifier/verdict"
)

// wasm tells section, function and offset. It returns false if one side is not
// a module.
func (d *Difference) wasm(a, b []byte) bool {
	listA, wholeA := sections(a)
	listB, wholeB := sections(b)
	if !wholeA || !wholeB {
		d.Causes = append(d.Causes, "one of them is not a whole WebAssembly module")
		return false
	}
	d.producers(listA, listB)
	for i := range max(len(listA), len(listB)) {
		switch {
		case i >= len(listA):
			d.Where, d.Expected, d.Found = "the end of the module", "no further section", listB[i].title()
			return true
		case i >= len(listB):
			d.Where, d.Expected, d.Found = "the end of the module", listA[i].title(), "no further section"
			return true
		case !listA[i].same(listB[i]):
			d.Where = fmt.Sprintf("section number %d", i+1)
			d.Expected, d.Found = listA[i].title(), listB[i].title()
			return true
		case !bytes.Equal(listA[i].content, listB[i].content):
			d.section(listA, listB, i)
			return true
		}
	}
	// Only the encoding of a size differs.
	d.binary(a, b, firstDifference(a, b))
	d.Where = "the encoding of a section's size, " + d.Where
	return true
}

// section tells the place in the section number i, which both have.
func (d *Difference) section(a, b []section, i int) {
	x, y := a[i].content, b[i].content
	switch a[i].id {
	case sectionCode:
		if d.function(a, b, functions(x), functions(y)) {
			return
		}
	case sectionData:
		if d.segment(segments(x), segments(y)) {
			return
		}
	}
	at := firstDifference(x, y)
	d.binary(x, y, at)
	d.Where = a[i].title() + ", " + d.Where
	if a[i].id == sectionCustom && strings.Contains(a[i].name, "buildid") {
		d.Causes = append(d.Causes, "Go's build id: a linker that was not told -buildid=redacted, so not done by tools/bazel")
	}
}

// function tells the first function whose body differs.
func (d *Difference) function(a, b []section, x, y []part) bool {
	imported := 0
	if s, ok := find(a, sectionImport, ""); ok {
		imported = len(imports(s.content))
	}
	for i := range min(len(x), len(y)) {
		if bytes.Equal(x[i].bytes, y[i].bytes) {
			continue
		}
		index := uint32(imported + i)
		at := firstDifference(x[i].bytes, y[i].bytes)
		nameA, nameB := functionNames(a)[index], functionNames(b)[index]
		d.binary(x[i].bytes, y[i].bytes, at)
		d.Where = fmt.Sprintf("code section, function %d%s, %s", index, inBrackets(nameA), d.Where)
		if nameA != nameB {
			d.Causes = append(d.Causes, fmt.Sprintf("the functions are not the same or not in the same order: function %d is %s here and %s there",
				index, orUnnamed(nameA), orUnnamed(nameB)))
		} else if len(x) != len(y) {
			d.Causes = append(d.Causes, fmt.Sprintf("other source or another version of something linked: %d functions here, %d there", len(x), len(y)))
		}
		return true
	}
	if len(x) != len(y) {
		d.Where = "code section, number of functions"
		d.Expected, d.Found = fmt.Sprint(len(x)), fmt.Sprint(len(y))
		return true
	}
	return false
}

// segment tells the first data segment that differs.
func (d *Difference) segment(x, y []part) bool {
	for i := range min(len(x), len(y)) {
		if bytes.Equal(x[i].bytes, y[i].bytes) && x[i].address == y[i].address {
			continue
		}
		if x[i].address != y[i].address {
			d.Where = fmt.Sprintf("data section, address of segment %d", i)
			d.Expected, d.Found = fmt.Sprintf("0x%x", x[i].address), fmt.Sprintf("0x%x", y[i].address)
			return true
		}
		at := firstDifference(x[i].bytes, y[i].bytes)
		d.binary(x[i].bytes, y[i].bytes, at)
		d.Where = fmt.Sprintf("data section, segment %d, %s", i, d.Where)
		if x[i].placed {
			d.Where += fmt.Sprintf(", address 0x%x", x[i].address+int64(at))
		}
		return true
	}
	if len(x) != len(y) {
		d.Where = "data section, number of segments"
		d.Expected, d.Found = fmt.Sprint(len(x)), fmt.Sprint(len(y))
		return true
	}
	return false
}

// producers tells if the two were made by other versions of the tools, which
// explains everything else.
func (d *Difference) producers(a, b []section) {
	toolsA, toolsB := tools(a), tools(b)
	if toolsA != toolsB {
		d.Causes = append(d.Causes, "another compiler: the producers section says "+toolsA+" here and "+toolsB+" there")
	}
}

// tools returns what the producers section names
// (WebAssembly tool-conventions, ProducersSection.md).
func tools(list []section) string {
	s, ok := find(list, sectionCustom, "producers")
	if !ok {
		return "nothing"
	}
	var said []string
	r := &reader{data: s.content}
	for n := r.u32(); n > 0 && r.more(); n-- {
		r.text() // "language", "processed-by" or "sdk"
		for values := r.u32(); values > 0 && r.more(); values-- {
			name, version := r.text(), r.text()
			if r.ok() {
				said = append(said, quoteName(strings.TrimSpace(name+" "+version)))
			}
		}
	}
	if len(said) == 0 {
		return "nothing"
	}
	return strings.Join(said, ", ")
}

// quoteName returns a name of a module as it is if it is plain, else quoted.
func quoteName(name string) string {
	if name != "" && len(name) <= 200 && verdict.Plain(name) == name && !strings.ContainsAny(name, "\"`") {
		return name
	}
	return verdict.Quote(name)
}

func inBrackets(name string) string {
	if name == "" {
		return ""
	}
	return " (" + quoteName(name) + ")"
}

func orUnnamed(name string) string {
	if name == "" {
		return "one without a name"
	}
	return quoteName(name)
}
