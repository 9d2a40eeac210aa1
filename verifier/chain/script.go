// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"bytes"
	"slices"
)

const (
	hashDigits     = 32 // of SHA-256, in a content-addressed name
	integrityChars = 64 // of base64 in an integrity value
	integrityStart = "sha384-"
)

// findNames returns what looks like content-addressed names in a script,
// sorted, each once.
func findNames(script []byte) []string {
	var names []string
	for at := 0; ; {
		dot := bytes.IndexByte(script[at:], '.')
		if dot < 0 {
			break
		}
		at += dot
		if name, ok := nameAround(script, at); ok {
			names = append(names, name)
		}
		at++
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nameAround returns the name stem.H.ext whose first dot is at dot.
func nameAround(script []byte, dot int) (string, bool) {
	end := dot + 1 + hashDigits
	if end >= len(script) || script[end] != '.' {
		return "", false
	}
	for _, c := range script[dot+1 : end] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", false
		}
	}
	from, to := dot, end+1
	for from > 0 && isStem(script[from-1]) {
		from--
	}
	for to < len(script) && isStem(script[to]) {
		to++
	}
	if from == dot || to == end+1 {
		return "", false
	}
	return string(script[from:to]), true
}

func isStem(c byte) bool { return isWord(c) && c != ':' }

// findIntegrities returns the integrity values in a script, sorted, each once.
func findIntegrities(script []byte) []string {
	var values []string
	for {
		start := bytes.Index(script, []byte(integrityStart))
		if start < 0 {
			break
		}
		script = script[start:]
		end := len(integrityStart)
		for end < len(script) && isBase64(script[end]) {
			end++
		}
		if end == len(integrityStart)+integrityChars {
			values = append(values, string(script[:end]))
		}
		script = script[len(integrityStart):]
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func isBase64(c byte) bool {
	return isWord(c) && c != '-' && c != '_' && c != ':' || c == '+' || c == '/'
}
