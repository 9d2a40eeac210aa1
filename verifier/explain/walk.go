// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import "bytes"

// wasmHeader is the magic number and version 1 of the binary format
// (WebAssembly core specification, section 5.5.16).
const wasmHeader = "\x00asm\x01\x00\x00\x00"

// The sections by their id.
const (
	sectionCustom = 0
	sectionImport = 2
	sectionExport = 7
	sectionCode   = 10
	sectionData   = 11
)

var sectionNames = []string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag",
}

// section is one section of a module.
type section struct {
	id      byte
	name    string // of a custom section
	at      int    // offset of its content in the module
	content []byte // of a custom section: after the name
}

func (s section) title() string {
	switch {
	case s.id == sectionCustom:
		return "custom section " + quoteName(s.name)
	case int(s.id) < len(sectionNames):
		return sectionNames[s.id] + " section"
	}
	return "section of an unknown kind"
}

// same says whether two sections are of the same kind and name.
func (s section) same(other section) bool { return s.id == other.id && s.name == other.name }

// reader reads the binary format. After a fault, it reads only zeros, and ok
// is false.
type reader struct {
	data []byte
	at   int
	bad  bool
}

func (r *reader) ok() bool   { return !r.bad }
func (r *reader) more() bool { return !r.bad && r.at < len(r.data) }

func (r *reader) byte() byte {
	if r.bad || r.at >= len(r.data) {
		r.bad = true
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

// u32 reads an unsigned LEB128 number.
func (r *reader) u32() uint32 {
	var value uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			if value > 1<<32-1 {
				r.bad = true
			}
			return uint32(value)
		}
	}
	r.bad = true
	return 0
}

// s64 reads a signed LEB128 number of at most 64 bits.
func (r *reader) s64() int64 {
	var value int64
	for shift := 0; shift < 70; shift += 7 {
		b := r.byte()
		value |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			if shift < 57 && b&0x40 != 0 {
				value |= -1 << (shift + 7)
			}
			return value
		}
	}
	r.bad = true
	return 0
}

func (r *reader) take(n uint32) []byte {
	if r.bad || uint64(n) > uint64(len(r.data)-r.at) {
		r.bad = true
		return nil
	}
	r.at += int(n)
	return r.data[r.at-int(n) : r.at : r.at]
}

func (r *reader) text() string { return string(r.take(r.u32())) }

// sections returns the sections of a module, and whether it is one from
// beginning to end.
func sections(module []byte) ([]section, bool) {
	if !bytes.HasPrefix(module, []byte(wasmHeader)) {
		return nil, false
	}
	var list []section
	r := &reader{data: module, at: len(wasmHeader)}
	for r.more() {
		s := section{id: r.byte()}
		size := r.u32()
		s.at = r.at
		s.content = r.take(size)
		if s.id == sectionCustom && r.ok() {
			inner := &reader{data: s.content}
			s.name = inner.text()
			if !inner.ok() {
				return list, false
			}
			s.content, s.at = s.content[inner.at:], s.at+inner.at
		}
		if !r.ok() {
			return list, false
		}
		list = append(list, s)
	}
	return list, true
}

func find(list []section, id byte, name string) (section, bool) {
	for _, s := range list {
		if s.id == id && s.name == name {
			return s, true
		}
	}
	return section{}, false
}

// part is one entry of a vector.
type part struct {
	at    int // offset in the section
	bytes []byte
	// Of a data segment: its address, if that is a constant.
	address int64
	placed  bool
}

// functions returns the bodies in a code section, as far as they can be read.
func functions(content []byte) []part {
	var list []part
	r := &reader{data: content}
	for n := r.u32(); n > 0 && r.more(); n-- {
		body := r.take(r.u32())
		if r.ok() {
			list = append(list, part{at: r.at - len(body), bytes: body})
		}
	}
	return list
}

// segments returns the segments in a data section, as far as they can be read.
func segments(content []byte) []part {
	const i32const, end = 0x41, 0x0b
	var list []part
	r := &reader{data: content}
	for n := r.u32(); n > 0 && r.more(); n-- {
		var p part
		kind := r.u32()
		if kind == 2 {
			r.u32() // index of the memory
		}
		if kind != 1 {
			if r.byte() != i32const {
				return list
			}
			p.address, p.placed = int64(uint32(r.s64())), true
			if r.byte() != end {
				return list
			}
		}
		p.bytes = r.take(r.u32())
		p.at = r.at - len(p.bytes)
		if r.ok() {
			list = append(list, p)
		}
	}
	return list
}

// imports returns the names of the imported functions, which come first in the
// index space.
func imports(content []byte) []string {
	var names []string
	r := &reader{data: content}
	for n := r.u32(); n > 0 && r.more(); n-- {
		name := r.text() + "." + r.text()
		switch r.byte() {
		case 0: // function
			r.u32()
			names = append(names, name)
		case 1: // table
			r.byte()
			r.limits()
		case 2: // memory
			r.limits()
		case 3: // global
			r.byte()
			r.byte()
		case 4: // tag
			r.byte()
			r.u32()
		default:
			return names
		}
	}
	return names
}

func (r *reader) limits() {
	flags := r.byte()
	r.s64()
	if flags&1 != 0 {
		r.s64()
	}
}
