// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// The limits of a diff.
const (
	contextLines = 3   // before and after
	windowLines  = 40  // how far to look for the end of a change
	shownLines   = 12  // of each side of a change
	longLine     = 160 // bytes of a line that are shown
)

// text tells the line and column, and a unified diff around them.
func (d *Difference) text(a, b []byte) {
	linesA, linesB := splitLines(a), splitLines(b)
	line := 0
	for line < min(len(linesA), len(linesB)) && bytes.Equal(linesA[line], linesB[line]) {
		line++
	}
	if line >= len(linesA) && line >= len(linesB) {
		return // cannot be: then all bytes are equal
	}
	column := 0
	if line < len(linesA) && line < len(linesB) {
		column = firstDifference(linesA[line], linesB[line])
	}
	d.Where = fmt.Sprintf("line %d, column %d", line+1, column+1)
	d.Lines = hunk(linesA, linesB, line, column)
}

// splitLines splits after each line feed, so that a missing one at the end is
// a difference too.
func splitLines(data []byte) [][]byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// hunk returns one hunk of a unified diff, for the change that begins at line.
func hunk(a, b [][]byte, line, column int) []string {
	removed, added := changeLength(a[min(line, len(a)):], b[min(line, len(b)):])
	from := max(0, line-contextLines)
	after := min(contextLines, len(a)-line-removed)
	shownA, shownB := min(removed, shownLines), min(added, shownLines)
	if removed > shownLines || added > shownLines {
		after = 0
	}
	before := line - from
	out := []string{fmt.Sprintf("@@ -%d,%d +%d,%d @@", from+1, before+shownA+after, from+1, before+shownB+after)}
	for _, l := range a[from:line] {
		out = append(out, " "+cut(l, 0))
	}
	for _, l := range a[line : line+shownA] {
		out = append(out, "-"+cut(l, column))
	}
	for _, l := range b[line : line+shownB] {
		out = append(out, "+"+cut(l, column))
	}
	for _, l := range a[line+removed : line+removed+after] {
		out = append(out, " "+cut(l, 0))
	}
	if removed > shownLines || added > shownLines {
		out = append(out, fmt.Sprintf("(the change goes on: %d lines removed, %d added or more)", removed, added))
	}
	return out
}

// changeLength returns after how many lines of a and b they go on alike, with
// the fewest lines in between; all of the window if they do not.
func changeLength(a, b [][]byte) (removed, added int) {
	windowA, windowB := a[:min(len(a), windowLines)], b[:min(len(b), windowLines)]
	for sum := 1; sum < len(windowA)+len(windowB); sum++ {
		for p := max(0, sum-len(windowB)+1); p <= min(sum, len(windowA)-1); p++ {
			if alike(windowA[p:], windowB[sum-p:]) {
				return p, sum - p
			}
		}
	}
	return len(windowA), len(windowB)
}

// alike says whether the next lines are equal: two of them, unless one side
// ends before that. One alone, such as "}", says little.
func alike(a, b [][]byte) bool {
	n := min(2, len(a), len(b))
	for i := range n {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return n > 0
}

// cut returns a line without its end. Of a long one it returns what is around
// the column.
func cut(line []byte, column int) string {
	end := ""
	switch {
	case !bytes.HasSuffix(line, []byte("\n")):
		end = " (no line feed)"
	case bytes.HasSuffix(line, []byte("\r\n")):
		end = " (CR)"
	}
	line = bytes.TrimRight(line, "\r\n")
	if len(line) <= longLine {
		return string(line) + end
	}
	from := max(0, min(column, len(line))-longLine/3)
	to := min(len(line), from+longLine)
	for from > 0 && !utf8.RuneStart(line[from]) {
		from--
	}
	for to < len(line) && !utf8.RuneStart(line[to]) {
		to++
	}
	s := string(line[from:to])
	if from > 0 {
		s = fmt.Sprintf("(%d bytes) ...%s", from, s)
	}
	if to < len(line) {
		s = fmt.Sprintf("%s... (%d bytes)", s, len(line)-to)
	}
	return s + end
}
