// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package waict

import (
	"strconv"
	"strings"
)

// token is a token of RFC 9651; a string, integer, boolean and inner list are
// the Go types string, int64, bool and []any.
type token string

// parseDictionary reads a dictionary (RFC 9651, section 4.2.2) of integers,
// tokens, strings, booleans and inner lists, without parameters.
func parseDictionary(value string) (map[string]any, error) {
	d := &dictionary{rest: strings.Trim(value, " ")}
	members := map[string]any{}
	for d.rest != "" {
		key := d.word(lower+"*", lower+digits+"_-.*")
		if key == "" {
			return nil, d.refused("a key in lower case")
		}
		members[key] = true
		if d.take("=") {
			item, err := d.item(true)
			if err != nil {
				return nil, err
			}
			members[key] = item
		}
		d.rest = strings.TrimLeft(d.rest, " \t")
		if d.rest == "" {
			return members, nil
		}
		if !d.take(",") {
			return nil, d.refused("a comma")
		}
		if d.rest = strings.TrimLeft(d.rest, " \t"); d.rest == "" {
			return nil, d.refused("a member after the comma")
		}
	}
	return nil, d.refused("a member")
}

type dictionary struct{ rest string }

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

func (d *dictionary) refused(expected string) error {
	return &FormatError{"header: expected " + expected + " " + strconv.Itoa(len(d.rest)) + " bytes before its end"}
}

func (d *dictionary) take(prefix string) bool {
	rest, ok := strings.CutPrefix(d.rest, prefix)
	if ok {
		d.rest = rest
	}
	return ok
}

// word takes one of first and then as many of others as there are.
func (d *dictionary) word(first, others string) string {
	if d.rest == "" || !strings.Contains(first, d.rest[:1]) {
		return ""
	}
	end := 1
	for end < len(d.rest) && strings.IndexByte(others, d.rest[end]) >= 0 {
		end++
	}
	word := d.rest[:end]
	d.rest = d.rest[end:]
	return word
}

// item reads an item, or an inner list where one may stand.
func (d *dictionary) item(mayBeList bool) (any, error) {
	switch {
	case mayBeList && d.take("("):
		return d.list()
	case d.take("?1"):
		return true, nil
	case d.take("?0"):
		return false, nil
	case d.take("\""):
		return d.text()
	}
	if word := d.word(lower+upper+"*", lower+upper+digits+"!#$%&'*+-.^_`|~:/"); word != "" {
		return token(word), nil
	}
	number, err := strconv.ParseInt(d.word("-"+digits, digits), 10, 64)
	if err != nil || number > maxNumber || number < -maxNumber {
		return nil, d.refused("a value")
	}
	return number, nil
}

func (d *dictionary) list() (any, error) {
	list := []any{}
	for {
		d.rest = strings.TrimLeft(d.rest, " ")
		if d.take(")") {
			return list, nil
		}
		item, err := d.item(false)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
		if !strings.HasPrefix(d.rest, " ") && !strings.HasPrefix(d.rest, ")") {
			return nil, d.refused("a space or a closing parenthesis")
		}
	}
}

// text reads a string whose opening quote is taken.
func (d *dictionary) text() (any, error) {
	var text strings.Builder
	for d.rest != "" {
		c := d.rest[0]
		d.rest = d.rest[1:]
		switch {
		case c == '"':
			return text.String(), nil
		case c == '\\' && (strings.HasPrefix(d.rest, "\"") || strings.HasPrefix(d.rest, "\\")):
			c = d.rest[0]
			d.rest = d.rest[1:]
		case c == '\\' || c < ' ' || c > '~':
			return nil, d.refused("printable ASCII")
		}
		text.WriteByte(c)
	}
	return nil, d.refused("a closing quote")
}
