// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// Append appends the canonical encoding of v to dst and returns the result.
// Its inverse is ParseCanonical.
func (v Value) Append(dst []byte) []byte {
	switch v.kind {
	case KindBool:
		return strconv.AppendBool(dst, v.num == 1)
	case KindInt:
		return strconv.AppendInt(dst, v.num, 10)
	case KindString:
		return appendString(dst, v.text)
	case KindArray:
		return appendArray(dst, v.inner.elements)
	case KindObject:
		return appendObject(dst, v.inner.members)
	}
	return append(dst, "null"...)
}

func appendArray(dst []byte, elements []Value) []byte {
	dst = append(dst, '[')
	for i := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = elements[i].Append(dst)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, members []Member) []byte {
	dst = append(dst, '{')
	for i := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, members[i].Name)
		dst = append(dst, ':')
		dst = members[i].Value.Append(dst)
	}
	return append(dst, '}')
}

// appendString writes s as RFC 8785, section 3.2.2.2 demands.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	plain := 0 // start of the bytes that are not written yet
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[plain:i]...)
		dst = appendEscape(dst, c)
		plain = i + 1
	}
	dst = append(dst, s[plain:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// sortMembers puts members into canonical order. It returns false if two of
// them have one name.
func sortMembers(members []Member) bool {
	slices.SortFunc(members, func(a, b Member) int { return compareUTF16(a.Name, b.Name) })
	for i := 1; i < len(members); i++ {
		if members[i-1].Name == members[i].Name {
			return false
		}
	}
	return true
}

// compareUTF16 compares two strings of valid UTF-8 by their UTF-16 code units.
// That differs from the order of bytes only where a character beyond U+FFFF,
// whose first unit is a surrogate, meets one in U+E000 to U+FFFF.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			ua, ub := firstUnit(ra), firstUnit(rb)
			if ua != ub {
				return int(ua) - int(ub)
			}
			return int(ra) - int(rb) // one lead surrogate: the trail decides
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

// firstUnit returns the first UTF-16 code unit of r.
func firstUnit(r rune) rune {
	if r < 0x10000 {
		return r
	}
	return 0xD800 + (r-0x10000)>>10
}
