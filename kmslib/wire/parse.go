// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// SyntaxError says where and why bytes were refused. It carries none of them.
type SyntaxError struct {
	Offset int    // of the first byte that does not fit
	Reason string // fixed text
}

// Error describes the refusal.
func (e *SyntaxError) Error() string {
	return "malformed JSON at byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// Parse reads one value, members in any order, whitespace allowed. Every error
// is a *SyntaxError. The Value does not alias data.
func Parse(data []byte) (Value, error) {
	if len(data) > MaxBytes {
		return Value{}, &SyntaxError{MaxBytes, "longer than " + strconv.Itoa(MaxBytes) + " bytes"}
	}
	p := &parser{text: string(data)}
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.at < len(p.text) {
		return Value{}, p.fail("bytes after the value")
	}
	return v, nil
}

// ParseCanonical reads one value of which data is the canonical encoding. It
// is the inverse of Append. Every error is a *SyntaxError.
func ParseCanonical(data []byte) (Value, error) {
	v, err := Parse(data)
	if err != nil {
		return Value{}, err
	}
	canonical := v.Append(make([]byte, 0, len(data)))
	n := min(len(canonical), len(data))
	for i := range n {
		if canonical[i] != data[i] {
			return Value{}, &SyntaxError{i, "not the canonical encoding"}
		}
	}
	if len(canonical) != len(data) {
		return Value{}, &SyntaxError{n, "not the canonical encoding"}
	}
	return v, nil
}

// parser reads text from the byte offset at. Its depth is bounded by MaxDepth,
// so recursion is.
type parser struct {
	text   string
	at     int
	values int
}

func (p *parser) fail(reason string) error { return &SyntaxError{p.at, reason} }

// peek returns the next byte, or 0, which no token begins with, at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) space() {
	for {
		switch p.peek() {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// value reads a value that is inside depth arrays and objects.
func (p *parser) value(depth int) (Value, error) {
	p.space()
	if p.values++; p.values > MaxValues {
		return Value{}, p.fail("more than " + strconv.Itoa(MaxValues) + " values")
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.str()
		return Value{kind: KindString, text: s}, err
	case c == '-' || isDigit(c):
		return p.integer()
	}
	return p.literal()
}

func (p *parser) literal() (Value, error) {
	for _, l := range [...]struct {
		word  string
		value Value
	}{{"null", Null()}, {"true", Bool(true)}, {"false", Bool(false)}} {
		if len(p.text)-p.at >= len(l.word) && p.text[p.at:p.at+len(l.word)] == l.word {
			p.at += len(l.word)
			return l.value, nil
		}
	}
	return Value{}, p.fail("expected a value")
}

// integer reads an optional minus sign and digits without a leading zero.
func (p *parser) integer() (Value, error) {
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	first := p.at
	for isDigit(p.peek()) {
		p.at++
	}
	digits := p.text[first:p.at]
	switch c := p.peek(); {
	case digits == "":
		return Value{}, p.fail("expected a digit")
	case digits[0] == '0' && (len(digits) > 1 || first > start):
		return Value{}, &SyntaxError{first, "leading or negative zero"}
	case c == '.' || c == 'e' || c == 'E':
		return Value{}, p.fail("only integers are allowed")
	}
	n, err := strconv.ParseInt(p.text[start:p.at], 10, 64)
	if err != nil || n > MaxInt || n < -MaxInt {
		return Value{}, &SyntaxError{start, "integer beyond 2^53-1"}
	}
	return Value{kind: KindInt, num: n}, nil
}

func (p *parser) array(depth int) (Value, error) {
	var inner composite
	deepest := uint8(0)
	err := p.sequence(depth, ']', func() error {
		v, err := p.value(depth + 1)
		inner.elements = append(inner.elements, v)
		deepest = max(deepest, v.depth)
		return err
	})
	return Value{kind: KindArray, depth: deepest + 1, inner: &inner}, err
}

func (p *parser) object(depth int) (Value, error) {
	start := p.at
	var inner composite
	deepest := uint8(0)
	err := p.sequence(depth, '}', func() error {
		m, err := p.member(depth)
		inner.members = append(inner.members, m)
		deepest = max(deepest, m.Value.depth)
		return err
	})
	if err == nil && !sortMembers(inner.members) {
		err = &SyntaxError{start, "a member name is used twice in this object"}
	}
	return Value{kind: KindObject, depth: deepest + 1, inner: &inner}, err
}

func (p *parser) member(depth int) (Member, error) {
	if p.peek() != '"' {
		return Member{}, p.fail("expected a member name in quotes")
	}
	name, err := p.str()
	if err != nil {
		return Member{}, err
	}
	p.space()
	if p.peek() != ':' {
		return Member{}, p.fail("expected a colon")
	}
	p.at++
	v, err := p.value(depth + 1)
	return Member{name, v}, err
}

// sequence reads an opening bracket, items separated by commas and the byte
// end.
func (p *parser) sequence(depth int, end byte, item func() error) error {
	if depth >= MaxDepth {
		return p.fail("nested deeper than " + strconv.Itoa(MaxDepth))
	}
	p.at++
	p.space()
	if p.peek() == end {
		p.at++
		return nil
	}
	for {
		p.space()
		if err := item(); err != nil {
			return err
		}
		p.space()
		switch p.peek() {
		case end:
			p.at++
			return nil
		case ',':
			p.at++
		default:
			return p.fail("expected a comma or the closing bracket")
		}
	}
}

// str reads a string whose opening quote is next.
func (p *parser) str() (string, error) {
	p.at++
	start := p.at
	var unescaped []byte // what was read, once there was an escape
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.text[start:p.at]
			p.at++
			return string(unescaped) + s, nil
		case c < 0x20:
			return "", p.fail("control character in a string")
		case c == '\\':
			unescaped = append(unescaped, p.text[start:p.at]...)
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			unescaped = utf8.AppendRune(unescaped, r)
			start = p.at
		default:
			r, n := utf8.DecodeRuneInString(p.text[p.at:])
			if r == utf8.RuneError && n == 1 {
				return "", p.fail("not UTF-8")
			}
			p.at += n
		}
	}
	return "", p.fail("string without an end")
}

// escape reads a backslash and what it escapes.
func (p *parser) escape() (rune, error) {
	start := p.at
	p.at++
	c := p.peek()
	p.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return p.unicode(start)
	}
	return 0, &SyntaxError{start, "unknown escape"}
}

// unicode reads the four digits after \u, and the second half of a surrogate
// pair. start is where the escape began.
func (p *parser) unicode(start int) (rune, error) {
	r, ok := p.hex4()
	if !ok {
		return 0, &SyntaxError{start, "expected four hexadecimal digits"}
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if p.at+1 < len(p.text) && p.text[p.at:p.at+2] == `\u` {
		p.at += 2
		if second, ok := p.hex4(); ok {
			if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
				return pair, nil
			}
		}
	}
	return 0, &SyntaxError{start, "lone surrogate"}
}

func (p *parser) hex4() (rune, bool) {
	if len(p.text)-p.at < 4 {
		return 0, false
	}
	r := rune(0)
	for range 4 {
		switch c := p.text[p.at]; {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
		p.at++
	}
	return r, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
