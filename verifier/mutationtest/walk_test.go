// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
)

// isBase64 says whether a string is base64 of anything but a digest in
// hexadecimal digits.
func isBase64(s string) ([]byte, bool) {
	content, err := base64.StdEncoding.Strict().DecodeString(s)
	isHex := strings.Trim(s, "0123456789abcdef") == ""
	isWord := len(s) < 24 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz/") == ""
	return content, err == nil && !isHex && !isWord
}

// walkBase64 alters bytes, how they are written, and what they encode.
func walkBase64(text string, content []byte, path string, try func(what, text string), visit visitor, n *node) {
	encode := base64.StdEncoding.EncodeToString
	for _, at := range places(len(content)) {
		flipped := bytes.Clone(content)
		flipped[at.index] ^= 1
		try("byte flipped "+at.name, encode(flipped))
	}
	try("last byte cut off", encode(content[:len(content)-1]))
	try("a byte appended", encode(append(bytes.Clone(content), 0)))
	// The same bytes in other ways.
	if strings.HasSuffix(text, "=") {
		trimmed := strings.TrimRight(text, "=")
		try("other way to write base64: no padding", trimmed)
		const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		last := strings.IndexByte(digits, trimmed[len(trimmed)-1])
		try("other way to write base64: spare bits", trimmed[:len(trimmed)-1]+digits[last^1:last^1+1]+text[len(trimmed):])
	}
	if safe := base64.URLEncoding.EncodeToString(content); safe != text {
		try("other way to write base64: for URLs", safe)
	}
	broken := text[:len(text)/2] + "\n" + text[len(text)/2:]
	if strings.HasSuffix(text, "=") {
		try("padded base64 with a line break", broken)
	} else {
		try("other way to write base64: a line break", broken)
	}
	if inner, ok := tryJSON(content); ok && len(inner.items) > 0 {
		walkJSON(inner, path+"(json)", func(path, what string) {
			n.text = encode(inner.render())
			visit(path, what)
		})
	} else if inner, ok := parseDER(content); ok {
		walkDER(inner, path+"(der)", func(path, what string) {
			n.text = encode(inner.encode())
			visit(path, what)
		})
	}
}

// walkLines alters a signed note: its lines, and the words in them.
func walkLines(text, path string, name func(lines []string, i int) string, visit func(path, what, text string)) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	join := func(lines ...string) string { return strings.Join(lines, "\n") + "\n" }
	visit(path, "newline cut off", strings.TrimSuffix(text, "\n"))
	visit(path, "carriage returns", strings.ReplaceAll(text, "\n", "\r\n"))
	visit(path, "line appended", text+"another\n")
	for i, line := range lines {
		inner := path + name(lines, i)
		before, after := lines[:i:i], lines[i+1:]
		visit(inner, "removed", join(append(before, after...)...))
		visit(inner, "doubled", join(append(append(before, line, line), after...)...))
		if i > 0 {
			visit(inner, "swapped with the one before", join(append(append(lines[:i-1:i-1], line, lines[i-1]), after...)...))
		}
		words := strings.Split(line, " ")
		for k, word := range words {
			altered := func(what, word string) {
				other := append(append(append([]string{}, words[:k]...), word), words[k+1:]...)
				visit(inner, what, join(append(append(before, strings.Join(other, " ")), after...)...))
			}
			walkWord(word, altered)
		}
	}
}

// walkWord alters a number, base64 or word of a note.
func walkWord(word string, altered func(what, word string)) {
	if isNumber(word) {
		altered("+1", shifted(word, 1))
		altered("-1", shifted(word, -1))
		altered("leading zero", "0"+word)
	}
	for _, at := range places(len(word)) {
		altered("character flipped "+at.name, flipText(word, at.index))
	}
	altered("a character appended", word+"x")
	content, ok := isBase64(word)
	if !ok {
		return
	}
	for i := range content {
		if i < 16 || i%16 == 15 { // key hash and time of cosignatures, byte by byte
			flipped := bytes.Clone(content)
			flipped[i] ^= 1
			altered("byte flipped", base64.StdEncoding.EncodeToString(flipped))
		}
	}
}

// noteLine names a line of a checkpoint by what it is.
func noteLine(lines []string, i int) string {
	names := []string{"(note) origin", "(note) size", "(note) root"}
	switch {
	case lines[i] == "":
		return "(note) empty line"
	case slices.Contains(lines[:i], "") && strings.Contains(lines[i], "witness"):
		return "(note) cosignature"
	case slices.Contains(lines[:i], ""):
		return "(note) signature"
	case i < len(names):
		return names[i]
	}
	return "(note) extension"
}

// proofLine names a line of a tlog-proof.
func proofLine(lines []string, i int) string {
	end := slices.Index(lines, "")
	switch {
	case i > end:
		return noteLine(lines[end+1:], i-end-1)
	case i == end:
		return "empty line"
	case i < 3:
		return []string{"version", "signature", "index"}[i]
	}
	return "hash"
}

// der is an element of DER: primitive with content, or constructed of children.
type der struct {
	tag      byte
	prefix   []byte // what comes before the children of a string with DER in it
	content  []byte
	children []*der
}

// parseDER reads exactly one element.
func parseDER(data []byte) (*der, bool) {
	d, rest, ok := readDER(data)
	return d, ok && len(rest) == 0 && (d.tag == 0x30 && len(d.children) > 0)
}

func readDER(data []byte) (d *der, rest []byte, ok bool) {
	if len(data) < 2 || data[0]&31 == 31 {
		return nil, nil, false
	}
	size, head := int(data[1]), 2
	if count := size - 0x80; count > 0 && count < 4 && len(data) > 2+count {
		size = 0
		for _, b := range data[2 : 2+count] {
			size = size<<8 | int(b)
		}
		head += count
	} else if count >= 0 {
		return nil, nil, false
	}
	if len(data) < head+size {
		return nil, nil, false
	}
	d = &der{tag: data[0], content: data[head : head+size]}
	rest = data[head+size:]
	switch {
	case d.tag&0x20 != 0:
		if d.children, ok = readAllDER(d.content); !ok {
			return nil, nil, false
		}
	case d.tag == 4: // OCTET STRING, perhaps around DER
		if children, ok := readAllDER(d.content); ok && len(children) == 1 && len(d.content) > 2 {
			d.children = children
		}
	case d.tag == 3 && len(d.content) > 1: // BIT STRING, after the count of unused bits
		if children, ok := readAllDER(d.content[1:]); ok && len(children) == 1 && children[0].tag == 0x30 {
			d.prefix, d.children = d.content[:1], children
		}
	}
	return d, rest, true
}

func readAllDER(data []byte) (all []*der, ok bool) {
	for len(data) > 0 {
		d, rest, ok := readDER(data)
		if !ok {
			return nil, false
		}
		all, data = append(all, d), rest
	}
	return all, true
}

func (d *der) encode() []byte {
	content := d.content
	if d.children != nil {
		content = bytes.Clone(d.prefix)
		for _, child := range d.children {
			content = append(content, child.encode()...)
		}
	}
	size := len(content)
	head := []byte{d.tag, byte(size)}
	switch {
	case size > 0xffff:
		head = []byte{d.tag, 0x83, byte(size >> 16), byte(size >> 8), byte(size)}
	case size > 0xff:
		head = []byte{d.tag, 0x82, byte(size >> 8), byte(size)}
	case size > 0x7f:
		head = []byte{d.tag, 0x81, byte(size)}
	}
	return append(head, content...)
}

// walkDER alters each element: its tag, its first and last byte, and whether it
// is there.
func walkDER(d *der, path string, visit visitor) {
	saved := *d
	d.tag ^= 1
	visit(path, "tag altered")
	*d = saved
	if saved.children == nil {
		for _, at := range places(len(saved.content)) {
			if at.name == "middle" {
				continue
			}
			d.content = bytes.Clone(saved.content)
			d.content[at.index] ^= 1
			visit(path, "byte flipped "+at.name)
		}
		d.content = append(bytes.Clone(saved.content), 0)
		visit(path, "a byte appended")
		*d = saved
		return
	}
	for i, child := range saved.children {
		inner := path + "/" + string("0123456789abcdefghijklmnopqrstuvwxyz"[min(i, 35)])
		d.children = append(saved.children[:i:i], saved.children[i+1:]...)
		if len(d.children) > 0 {
			visit(inner, "removed")
		}
		d.children = append(append(saved.children[:i:i], child, child), saved.children[i+1:]...)
		visit(inner, "doubled")
		d.children = saved.children
		walkDER(child, inner, visit)
	}
}
