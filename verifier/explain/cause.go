// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"regexp"
	"slices"
)

// around is how many bytes before and after the first difference are searched
// for what is known to vary.
const around = 200

// patterns are what builds are known to leave in files.
var patterns = []struct {
	pattern *regexp.Regexp
	cause   string
}{
	{regexp.MustCompile(`(/(home|root|tmp|var|Users|private|build|workspace|src|opt|mnt)/[^\s"'\x00]{2,})|([A-Za-z]:\\[^\s"'\x00]{2,})`),
		"an absolute path of the machine that built it: a build that is not trimmed (-trimpath), or not done by tools/bazel"},
	{regexp.MustCompile(`Go build ID: "[^"]*"?|[A-Za-z0-9_-]{20}/[A-Za-z0-9_-]{20}`),
		"Go's build id: a linker that was not told -buildid=redacted, so not done by tools/bazel"},
	{regexp.MustCompile(`\bgo1\.[0-9]+(\.[0-9]+|rc[0-9]+|beta[0-9]+)?\b`),
		"another version of Go: the one pinned in MODULE.bazel of the commit has to be used"},
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`),
		"another commit: --//tools/rules:source_commit was not the one that was checked out"},
	{regexp.MustCompile(`\b20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?`),
		"a time: something wrote down when it was built"},
}

// causes returns what is known to cause a difference of a and b at an offset.
func causes(a, b []byte, at int) []string {
	var found []string
	if bytes.Equal(withoutCR(a), withoutCR(b)) {
		return []string{"line ends (CRLF or LF): git converted them, see core.autocrlf"}
	}
	if bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b)) {
		return []string{"white space at the beginning or the end"}
	}
	if isText(a) && isText(b) && sameLines(a, b) {
		found = append(found, "order: the same lines, sorted otherwise")
	}
	if at == len(a) || at == len(b) {
		found = append(found, "one version ends where the other goes on: a copy that was cut, or something appended")
	}
	for _, p := range patterns {
		inA, inB := match(p.pattern, a, at), match(p.pattern, b, at)
		if inA != inB {
			found = append(found, p.cause)
		}
	}
	return found
}

// match returns the match of the pattern that holds the offset at, or "".
func match(pattern *regexp.Regexp, data []byte, at int) string {
	from := max(0, min(at, len(data))-around)
	window := data[from:min(len(data), at+around)]
	for _, m := range pattern.FindAllIndex(window, -1) {
		if from+m[0] <= at && at <= from+m[1] {
			return string(window[m[0]:m[1]])
		}
	}
	return ""
}

func withoutCR(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) }

func sameLines(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	linesA, linesB := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	slices.SortFunc(linesA, bytes.Compare)
	slices.SortFunc(linesB, bytes.Compare)
	return slices.EqualFunc(linesA, linesB, bytes.Equal)
}
