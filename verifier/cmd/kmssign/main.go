// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command kmssign signs what package sign says: a built release, a rebuilder's
// statement, the update proof for apps; and gathers what a host serves.
//
// "kmssign help" explains the commands and exit codes, docs/signing.md shows how
// they go together. It is a program apart from kmsverify so that the verifier
// stays small and has no way to sign.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"time"
)

func main() { os.Exit(run()) }

// run wires the world to the program and returns its exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p := &program{
		stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now,
		transport: http.DefaultTransport.(*http.Transport).Clone(),
	}
	return p.run(ctx, os.Args[1:])
}
