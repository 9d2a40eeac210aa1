// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"os"
	"runtime"
	"strings"

	"ats.run/kms-enclave/verifier/verdict"
)

const filesFromHelp = `  --files-from FILE  also check the paths in this file, one on each line; "-" is
                     standard input
`

// maxPath is longer than any path.
const maxPath = 4096

// job is one thing of a batch: a path, or why there is none.
type job struct {
	path string
	err  error
}

// jobs returns the paths given as arguments, then those of the list. A line that
// is no path is a job with an error, and a list that ends early is one too.
func (p *program) jobs(arguments []string, list text) iter.Seq[job] {
	return func(yield func(job) bool) {
		for _, path := range arguments {
			if !yield(job{path: path}) {
				return
			}
		}
		if !list.set {
			return
		}
		in := p.stdin
		if list.value != "-" {
			file, err := os.Open(fromCaller(list.value))
			if err != nil {
				yield(job{list.value, errors.New("the list of paths: " + reason(err))})
				return
			}
			defer file.Close() // only read
			in = file
		}
		if in != nil {
			jobsOf(in, list.value, yield)
		}
	}
}

// jobsOf reads a list line by line. A line that is too long is dropped as it is
// read, so that it costs neither the memory nor the rest of the list.
func jobsOf(in io.Reader, name string, yield func(job) bool) {
	lines := bufio.NewReaderSize(in, maxPath+2)
	for {
		line, err := lines.ReadSlice('\n')
		j := job{path: strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r")}
		for errors.Is(err, bufio.ErrBufferFull) {
			j.err = errors.New("a line longer than any path")
			_, err = lines.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			yield(job{name, errors.New("the list of paths: " + reason(err))})
			return
		}
		if strings.ContainsRune(j.path, 0) {
			j.err = errors.New("a line with a zero byte, which no path has")
		}
		if j.path != "" && !yield(j) || err != nil {
			return
		}
	}
}

// eachInOrder calls work for each job, on all processors, and tell with what
// comes of it, in the order of the jobs and as soon as it is there.
func eachInOrder[T any](jobs iter.Seq[job], work func(job) T, tell func(T)) {
	workers := runtime.GOMAXPROCS(0)
	free := make(chan struct{}, workers)
	pending := make(chan chan T, 16*workers)
	go func() {
		defer close(pending)
		for j := range jobs {
			result := make(chan T, 1)
			free <- struct{}{}
			go func() {
				result <- work(j)
				<-free
			}()
			pending <- result
		}
	}()
	for result := range pending {
		tell(<-result)
	}
}

// tally counts conclusions.
type tally map[verdict.Conclusion]int

func (t tally) total() int {
	return t[verdict.ConcludeVerified] + t[verdict.ConcludeRefuted] + t[verdict.ConcludeUnchecked]
}

// worst returns the conclusion that the exit code is of.
func (t tally) worst() verdict.Conclusion {
	switch {
	case t[verdict.ConcludeRefuted] > 0:
		return verdict.ConcludeRefuted
	case t[verdict.ConcludeUnchecked] > 0 || t.total() == 0:
		return verdict.ConcludeUnchecked
	default:
		return verdict.ConcludeVerified
	}
}
