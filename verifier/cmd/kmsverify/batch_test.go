// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"ats.run/kms-enclave/verifier/verdict"
)

func TestListsOfPaths(t *testing.T) {
	long := strings.Repeat("x", 10*maxPath)
	for _, tt := range []struct {
		name, list string
		want       []string // paths; "!" for one with an error
	}{
		{"none", "", nil},
		{"one", "a", []string{"a"}},
		{"with and without an end", "a\nb", []string{"a", "b"}},
		{"lines of Windows", "a\r\nb\r\n", []string{"a", "b"}},
		{"empty lines", "\n\na\n\n", []string{"a"}},
		{"spaces are part of a path", " a b \n", []string{" a b "}},
		{"a line longer than any path, and one more", long + "\nb\n", []string{"!", "b"}},
		{"the longest path", strings.Repeat("x", maxPath) + "\nb", []string{strings.Repeat("x", maxPath), "b"}},
		{"a last line that is too long", "a\n" + long, []string{"a", "!"}},
		{"a zero byte", "a\x00b\nc", []string{"!", "c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &program{stdin: strings.NewReader(tt.list)}
			var got []string
			for j := range p.jobs(nil, text{"-", true}) {
				path := j.path
				if j.err != nil {
					path = "!"
				}
				if len(j.path) > maxPath+2 {
					t.Error("a line was kept whole")
				}
				got = append(got, path)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	p := &program{stdin: iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("a\nb\n")))}
	var last job
	for j := range p.jobs(nil, text{"-", true}) {
		last = j
	}
	if last.err == nil {
		t.Error("a list that cannot be read to its end was taken for whole")
	}
}

func FuzzListsOfPaths(f *testing.F) {
	f.Add("a\nb\r\n\n\x00")
	f.Fuzz(func(t *testing.T, list string) {
		jobsOf(strings.NewReader(list), "-", func(j job) bool {
			if j.err == nil && (j.path == "" || strings.ContainsAny(j.path, "\n\x00") || len(j.path) > maxPath+2) {
				t.Errorf("%q", j.path)
			}
			return true
		})
	})
}

func TestBatchesKeepTheirOrder(t *testing.T) {
	var want, got []string
	for i := range 300 {
		want = append(want, strconv.Itoa(i))
	}
	p := &program{stdin: strings.NewReader(strings.Join(want, "\n"))}
	eachInOrder(p.jobs(nil, text{"-", true}), func(j job) string {
		if len(j.path)%2 == 0 {
			time.Sleep(time.Duration(len(j.path)) * 100 * time.Microsecond)
		}
		return j.path
	}, func(s string) { got = append(got, s) })
	if !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestTheExitCodeOfABatchIsTheWorst(t *testing.T) {
	for want, counts := range map[verdict.Conclusion][]tally{
		verdict.ConcludeVerified:  {{verdict.ConcludeVerified: 3}},
		verdict.ConcludeUnchecked: {{}, {verdict.ConcludeUnchecked: 1}, {verdict.ConcludeVerified: 3, verdict.ConcludeUnchecked: 1}},
		verdict.ConcludeRefuted:   {{verdict.ConcludeVerified: 3, verdict.ConcludeUnchecked: 1, verdict.ConcludeRefuted: 1}},
	} {
		for _, c := range counts {
			if got := c.worst(); got != want {
				t.Errorf("%v: %s, want %s", c, got, want)
			}
		}
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestABatchThatCannotBeWrittenSaysSo(t *testing.T) {
	s := newSigned(t)
	for _, arguments := range [][]string{
		{"bundle", "--policy", s.policy, "--trusted-root", s.root, s.policy, s.root},
		{"bundle", "--json", "--policy", s.policy, "--trusted-root", s.root, s.policy},
		{"release", s.release, s.release},
		{"release", "--json", s.release, s.release},
	} {
		var stderr bytes.Buffer
		p := &program{stdout: full{}, stderr: &stderr}
		if code := p.run(t.Context(), arguments); code != exitNoOutput || !strings.Contains(stderr.String(), "writing the report: no space left") {
			t.Errorf("%v: exit code %d, %s", arguments, code, stderr.String())
		}
	}
}
