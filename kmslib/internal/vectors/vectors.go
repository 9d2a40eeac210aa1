// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package vectors reads the test vectors in kmslib/testdata/vectors, in a form
// that any language can read with a few lines.
//
// A file is UTF-8 text of blocks separated by empty lines. Lines that begin
// with "#" are comments. Every other line is a field: a name of a-z and
// hyphens, a colon, and a space followed by the value up to the end of the
// line; an empty value has no space. The first two fields of a block are
// "name", unique in the file, and "expect", a word that says how it ends. The
// README beside the files says which words and fields each has. A field whose
// name ends in "-hex" is bytes in lower-case hexadecimal digits.
//
// Example:
//
//	# RFC 8785, section 3.2.2.3
//	name: negative zero
//	expect: refuse
//	input: -0
package vectors

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// Vector is one block.
type Vector struct {
	Name   string
	Expect string
	fields map[string]string
}

// Parse reads a file. It fails on anything that the package comment does not
// allow, and on a file without a vector.
func Parse(file string) ([]Vector, error) {
	if !strings.HasSuffix(file, "\n") {
		return nil, errors.New("expected a newline at the end of the vectors")
	}
	var all []Vector
	names := make(map[string]bool)
	for block := range strings.SplitSeq(strings.TrimSuffix(file, "\n"), "\n\n") {
		v, err := parseBlock(block)
		if err != nil {
			return nil, errors.New("vector " + strconv.Itoa(len(all)+1) + ": " + err.Error())
		}
		if len(v.fields) == 0 {
			continue // only comments
		}
		if names[v.Name] {
			return nil, errors.New("vector " + v.Name + " is there twice")
		}
		names[v.Name] = true
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, errors.New("expected at least one vector")
	}
	return all, nil
}

func parseBlock(block string) (Vector, error) {
	v := Vector{fields: make(map[string]string)}
	var order []string
	for line := range strings.SplitSeq(block, "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") != "" {
			return Vector{}, errors.New("expected a field, found another line")
		}
		value, spaced := strings.CutPrefix(value, " ")
		if _, twice := v.fields[name]; twice || !spaced && value != "" {
			return Vector{}, errors.New("field " + name + " is there twice, or has no space after the colon")
		}
		v.fields[name] = value
		order = append(order, name)
	}
	if len(order) == 1 || len(order) > 1 && (order[0] != "name" || order[1] != "expect") {
		return Vector{}, errors.New("expected the fields name and expect first")
	}
	v.Name, v.Expect = v.fields["name"], v.fields["expect"]
	return v, nil
}

// Text returns the value of a field, or "" if there is none.
func (v Vector) Text(field string) string { return v.fields[field] }

// Has says whether there is a field.
func (v Vector) Has(field string) bool {
	_, ok := v.fields[field]
	return ok
}

// Bytes returns the field, or decodes the field with "-hex" after its name.
func (v Vector) Bytes(field string) ([]byte, error) {
	if digits, ok := v.fields[field+"-hex"]; ok {
		return hex.DecodeString(digits)
	}
	text, ok := v.fields[field]
	if !ok {
		return nil, errors.New("vector " + v.Name + " has no " + field)
	}
	return []byte(text), nil
}

// Int returns the value of a field as a number.
func (v Vector) Int(field string) (int64, error) {
	return strconv.ParseInt(v.fields[field], 10, 64)
}
