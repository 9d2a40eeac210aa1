// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxText is the length in bytes beyond which Plain cuts a text.
const MaxText = 600

// Plain returns s as printable ASCII on one line: other characters and invalid
// UTF-8 are escaped as in Go strings, and of a text longer than MaxText only
// the beginning and the length are kept. What is plain already stays as it is.
func Plain(s string) string {
	suffix := ""
	if len(s) > MaxText {
		suffix = "... (" + strconv.Itoa(len(s)) + " bytes)"
		s = s[:MaxText]
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r >= ' ' && r <= '~' {
			b.WriteByte(s[0])
		} else {
			quoted := strconv.QuoteToASCII(s[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String() + suffix
}

// Quote returns s between double quotes, escaped and cut to 80 bytes: for
// values inside a sentence that somebody else chose.
func Quote(s string) string {
	const limit = 80
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "... (" + strconv.Itoa(len(s)) + " bytes)"
	}
	return strconv.QuoteToASCII(s)
}

// FileName returns the name of a file as it is if it is made of A-Z a-z 0-9 . _ -
// and /, else as Quote does.
func FileName(s string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/"
	if s == "" || len(s) > 200 || strings.Trim(s, plain) != "" {
		return Quote(s)
	}
	return s
}
