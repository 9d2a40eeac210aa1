// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import "strings"

// Kind says what a Fault means for whoever called.
type Kind int

// The kinds of faults.
const (
	Refused     Kind = iota + 1 // what was given, or what came back, must not be signed or published
	Unavailable                 // something could not be read, written or reached: nothing is known to be wrong
	Usage                       // an option is wrong or missing
)

// ExitCode returns the exit code that programs use for the kind.
func (k Kind) ExitCode() int {
	switch k {
	case Refused:
		return 1
	case Usage:
		return 64
	default:
		return 2
	}
}

// Fault says in plain words why nothing was signed or written. None of its texts
// ever holds a token, a key or what a server answered beyond its status.
type Fault struct {
	Kind     Kind
	Subject  string // what it is about: a file, a service
	Expected string
	Found    string
	Advice   string // what to do, one sentence
}

// Error returns "subject: expected …, found …. Advice."
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Subject + ": ")
	if f.Expected != "" {
		b.WriteString("expected " + f.Expected + ", found ")
	}
	b.WriteString(f.Found)
	if f.Advice != "" {
		b.WriteString(". " + f.Advice)
	}
	return b.String()
}

func refused(subject, expected, found, advice string) *Fault {
	return &Fault{Refused, subject, expected, found, advice}
}

func unavailable(subject, found, advice string) *Fault {
	return &Fault{Unavailable, subject, "", found, advice}
}

func misused(subject, expected, found, advice string) *Fault {
	return &Fault{Usage, subject, expected, found, advice}
}
