// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"encoding/binary"
)

// functionNames returns names by function index.
func functionNames(list []section) map[uint32]string {
	names := make(map[uint32]string)
	var imported []string
	if s, ok := find(list, sectionImport, ""); ok {
		imported = imports(s.content)
	}
	for i, name := range imported {
		names[uint32(i)] = "imported " + name
	}
	if s, ok := find(list, sectionExport, ""); ok {
		exported(s.content, names)
	}
	fromTable(list, len(imported), names)
	if s, ok := find(list, sectionCustom, "name"); ok {
		named(s.content, names)
	}
	return names
}

// exported adds the names of the exported functions.
func exported(content []byte, names map[uint32]string) {
	r := &reader{data: content}
	for n := r.u32(); n > 0 && r.more(); n-- {
		name, kind, index := r.text(), r.byte(), r.u32()
		if r.ok() && kind == 0 {
			names[index] = "export " + name
		}
	}
}

// named adds what the name section has in its subsection of functions
// (WebAssembly core specification, appendix 7.4.1).
func named(content []byte, names map[uint32]string) {
	r := &reader{data: content}
	for r.more() {
		id := r.byte()
		subsection := &reader{data: r.take(r.u32())}
		if id != 1 {
			continue
		}
		for n := subsection.u32(); n > 0 && subsection.more(); n-- {
			index, name := subsection.u32(), subsection.text()
			if subsection.ok() {
				names[index] = name
			}
		}
	}
}

// maxSpread is how much more memory than data a module may fill. Go leaves out
// zeros only, and fills less than twice as much.
const maxSpread = 8

// memory returns what the data segments put into memory, as far as it lies
// within maxSpread.
func memory(list []section) []byte {
	s, ok := find(list, sectionData, "")
	if !ok {
		return nil
	}
	parts := segments(s.content)
	var size int64
	limit := maxSpread * int64(len(s.content))
	for _, p := range parts {
		if end := p.address + int64(len(p.bytes)); p.placed && end <= limit {
			size = max(size, end)
		}
	}
	image := make([]byte, size)
	for _, p := range parts {
		if p.placed && p.address+int64(len(p.bytes)) <= size {
			copy(image[p.address:], p.bytes)
		}
	}
	return image
}

// tableMagic begins the table of functions (pclntab) of Go 1.20 and later, for
// instructions of one byte and pointers of eight.
const tableMagic = "\xf1\xff\xff\xff\x00\x00\x01\x08"

// fromTable adds the names in Go's table of functions. Its header is nine
// words of 64 bits: magic, number of functions, number of files, one not used,
// offsets of the names, units, files, line tables and functions. There lies a
// pair of 32 bits for each function: where its code is, and where its record
// is, of which the second word of 32 bits is the offset of its name. On wasm
// code has no addresses: functions are numbered in the order of the code
// section, in steps of 1 or, before Go 1.26, of 65536.
func fromTable(list []section, imported int, names map[uint32]string) {
	code, ok := find(list, sectionCode, "")
	if !ok {
		return
	}
	count := (&reader{data: code.content}).u32()
	image := memory(list)
	at := bytes.Index(image, []byte(tableMagic))
	if at < 0 {
		return
	}
	t := table(image[at:])
	functions := t.word(8)
	if functions > uint64(count) {
		return
	}
	base, text := t.word(64), t.word(32)
	first, step := t.half(base), uint32(1)
	if t.half(base+8)-first >= 1<<16 {
		step = 1 << 16
	}
	for i := range functions {
		entry, record := t.half(base+8*i), t.half(base+8*i+4)
		if name := t.name(text + uint64(t.half(base+uint64(record)+4))); name != "" {
			names[uint32(imported)+(entry-first)/step] = name
		}
	}
}

// table reads numbers at offsets; what is outside of it is zero.
type table []byte

func (t table) word(at uint64) uint64 {
	if at > uint64(len(t)) || uint64(len(t))-at < 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(t[at:])
}

func (t table) half(at uint64) uint32 {
	if at > uint64(len(t)) || uint64(len(t))-at < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(t[at:])
}

// name returns the text at an offset up to the next zero.
func (t table) name(at uint64) string {
	const longest = 300
	if at >= uint64(len(t)) {
		return ""
	}
	rest := t[at:min(uint64(len(t)), at+longest)]
	name, _, _ := bytes.Cut(rest, []byte{0})
	return string(name)
}
