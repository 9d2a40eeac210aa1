// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package mutationtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// node is a JSON value that keeps the order of members, and can have a member
// twice.
type node struct {
	kind  byte   // '{', '[', 's' for a string, or 'l' for any other value
	text  string // of a string or other value
	names []string
	items []*node // of an array; values of an object
}

func parseJSON(t testing.TB, data []byte) *node {
	t.Helper()
	n, ok := tryJSON(data)
	if !ok {
		t.Fatalf("no JSON: %.80q", data)
	}
	return n
}

func tryJSON(data []byte) (*node, bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	n, err := readNode(d)
	return n, err == nil && !d.More()
}

func readNode(d *json.Decoder) (*node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		n := &node{kind: byte(v)}
		for d.More() {
			if n.kind == '{' {
				name, err := d.Token()
				if err != nil {
					return nil, err
				}
				n.names = append(n.names, fmt.Sprint(name))
			}
			item, err := readNode(d)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		_, err := d.Token()
		return n, err
	case string:
		return &node{kind: 's', text: v}, nil
	case nil:
		return &node{kind: 'l', text: "null"}, nil
	default:
		return &node{kind: 'l', text: fmt.Sprint(v)}, nil
	}
}

func (n *node) render() []byte {
	var out bytes.Buffer
	n.write(&out)
	return out.Bytes()
}

func (n *node) write(out *bytes.Buffer) {
	switch n.kind {
	case 's':
		writeString(out, n.text)
	case 'l':
		out.WriteString(n.text)
	default:
		out.WriteByte(n.kind)
		for i, item := range n.items {
			if i > 0 {
				out.WriteByte(',')
			}
			if n.kind == '{' {
				writeString(out, n.names[i])
				out.WriteByte(':')
			}
			item.write(out)
		}
		out.WriteByte(n.kind + 2) // the closing bracket
	}
}

func writeString(out *bytes.Buffer, s string) {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings always encode
	out.Truncate(out.Len() - 1)
}

// visitor is called while a document is altered; path names the place, with []
// for the elements of arrays, and what says how it is altered.
type visitor func(path, what string)

// walkJSON alters everything in a value, one thing at a time.
func walkJSON(n *node, path string, visit visitor) {
	n.replaced(path, visit)
	switch n.kind {
	case '{':
		n.walkObject(path, visit)
	case '[':
		n.walkArray(path, visit)
	case 's':
		n.walkString(path, visit)
	}
}

// replaced visits with other values of other types in the place of n.
func (n *node) replaced(path string, visit visitor) {
	saved := *n
	defer func() { *n = saved }()
	try := func(what string, other node) {
		*n = other
		visit(path, what)
	}
	try("null", node{kind: 'l', text: "null"})
	if saved.kind != '{' {
		try("an object", node{kind: '{'})
	}
	if saved.kind != '[' {
		try("an array", node{kind: '['})
	}
	if isNumber(saved.text) && saved.kind != '{' && saved.kind != '[' {
		for _, by := range []int64{1, -1} {
			other := saved
			other.text = shifted(saved.text, by)
			try(fmt.Sprintf("%+d", by), other)
		}
		other := node{kind: 's', text: saved.text}
		if saved.kind == 's' {
			other.kind = 'l'
		}
		try("number and string exchanged", other)
	}
	if saved.text == "true" || saved.text == "false" {
		try("the other truth", node{kind: 'l', text: map[string]string{"true": "false", "false": "true"}[saved.text]})
	}
}

func isNumber(s string) bool {
	return s != "" && len(s) < 19 && strings.Trim(s, "0123456789") == ""
}

func shifted(s string, by int64) string {
	var n int64
	_, _ = fmt.Sscan(s, &n) // isNumber
	return fmt.Sprint(n + by)
}

func (n *node) walkObject(path string, visit visitor) {
	names, items := n.names, n.items
	for i, name := range names {
		inner := path + "." + name
		n.names, n.items = slices.Delete(slices.Clone(names), i, i+1), slices.Delete(slices.Clone(items), i, i+1)
		visit(inner, "removed")
		n.names, n.items = append(slices.Clone(names), name), append(slices.Clone(items), items[i])
		visit(inner, "doubled")
		n.names, n.items = slices.Clone(names), items
		n.names[i] += "x"
		visit(inner, "renamed")
		n.names = slices.Clone(names)
		n.names[i] = strings.ToUpper(name)
		visit(inner, "renamed in capitals")
		n.names, n.items = names, items
		walkJSON(items[i], inner, visit)
	}
	n.names, n.items = append(slices.Clone(names), "unknown"), append(slices.Clone(items), &node{kind: 'l', text: "1"})
	visit(path, "unknown member added")
	n.names, n.items = names, items
}

func (n *node) walkArray(path string, visit visitor) {
	items := n.items
	inner := path + "[]"
	for i := range items {
		if len(items) > 4 && i != 1 && i != len(items)-1 {
			continue // alike
		}
		n.items = slices.Delete(slices.Clone(items), i, i+1)
		visit(inner, "removed")
		n.items = slices.Insert(slices.Clone(items), i, items[i])
		visit(inner, "doubled")
		if i > 0 {
			n.items = slices.Clone(items)
			n.items[i], n.items[i-1] = n.items[i-1], n.items[i]
			visit(inner, "swapped with the one before")
		}
		n.items = items
		walkJSON(items[i], inner, visit)
	}
	n.items = append(slices.Clone(items), &node{kind: 'l', text: "null"})
	visit(path, "null appended")
	n.items = items
}

// walkString alters a string, as text and as what it encodes.
func (n *node) walkString(path string, visit visitor) {
	saved := n.text
	defer func() { n.text = saved }()
	try := func(what, text string) {
		n.text = text
		visit(path, what)
	}
	if saved != "" {
		try("emptied", "")
	}
	try("a character appended", saved+"x")
	try("a space appended", saved+" ")
	for _, at := range places(len(saved)) {
		try("character flipped "+at.name, flipText(saved, at.index))
	}
	if content, ok := isBase64(saved); ok {
		walkBase64(saved, content, path, try, visit, n)
	}
	if strings.Contains(saved, "\n\n— ") {
		walkLines(saved, path, noteLine, func(path, what, text string) {
			n.text = text
			visit(path, what)
		})
	}
}

type place struct {
	name  string
	index int
}

// places are the first, the middle and the last of n.
func places(n int) []place {
	switch {
	case n == 0:
		return nil
	case n < 3:
		return []place{{"first", 0}}
	}
	return []place{{"first", 0}, {"middle", n / 2}, {"last", n - 1}}
}

// flipText alters one character. Those of UTF-8 of more bytes become others.
func flipText(s string, at int) string {
	b := []byte(s)
	if b[at] >= 0x80 {
		return s[:at] + "?" + s[at+1:]
	}
	b[at] ^= 1
	return string(b)
}
