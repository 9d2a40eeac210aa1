// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command kmsverify says whether a folder, a tar or a host holds one release
// of the enclave, whole and unaltered, and whether an exported audit log is.
//
// "kmsverify help" explains the commands and exit codes, README.md in the
// folder above what each check means.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"

	"ats.run/kms-enclave/verifier/site"
)

func main() { os.Exit(run()) }

// run wires the world to the program and returns its exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p := &program{
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		colour: takesColour(os.Getenv, isTerminal(os.Stdout)),
		site:   site.Config{Transport: site.NewTransport(), Random: rand.Reader},
	}
	return p.run(ctx, os.Args[1:])
}

// isTerminal says whether a file is a terminal, or at least a character
// device, for which colours do no harm.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// takesColour says whether to write colours: on terminals that know them,
// unless the person does not want them (no-color.org).
func takesColour(getenv func(string) string, terminal bool) bool {
	return terminal && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}
