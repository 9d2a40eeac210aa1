// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command releasediff prints the digests of two builds of one release side by side, and where they differ.
//
//	releasediff [-forbid TEXT]... FOLDER FOLDER
//
// It exits 1 if a file differs, or has a forbidden text: a path, user or host of the machine.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"ats.run/kms-enclave/tools/releasediff"
)

// texts is a flag that may be given several times.
type texts []string

func (t *texts) String() string     { return strings.Join(*t, ",") }
func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

func main() {
	var forbidden texts
	flag.Var(&forbidden, "forbid", "a text that no file may have; may be repeated")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: releasediff [-forbid TEXT]... FOLDER FOLDER")
		os.Exit(64)
	}
	equal, err := compare(flag.Arg(0), flag.Arg(1))
	if err == nil {
		var clean bool
		clean, err = check(flag.Args(), forbidden)
		equal = equal && clean
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "releasediff:", err)
		os.Exit(2)
	}
	if !equal {
		os.Exit(1)
	}
}

func compare(a, b string) (bool, error) {
	files, err := releasediff.Compare(a, b)
	if err != nil {
		return false, err
	}
	differing := 0
	for _, f := range files {
		mark := "equal"
		if !f.Equal() {
			mark = "DIFFERS"
			differing++
		}
		fmt.Printf("%-7s  %s  %s\n", mark, f.A, f.Path)
		if f.Equal() {
			continue
		}
		fmt.Printf("         %s\n", f.B)
		if differing == 1 {
			fmt.Printf("         first difference: bytes %d to %d\n", f.First, f.Last)
		}
	}
	fmt.Printf("%d files, %d differ\n", len(files), differing)
	return differing == 0, nil
}

func check(folders, forbidden []string) (bool, error) {
	clean := true
	for _, folder := range folders {
		leaks, err := releasediff.Leaks(folder, forbidden)
		if err != nil {
			return false, err
		}
		for _, leak := range leaks {
			clean = false
			fmt.Printf("LEAK     %s has %q at byte %d\n", leak.Path, leak.Text, leak.Offset)
		}
	}
	return clean, nil
}
