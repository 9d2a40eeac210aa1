// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Command serve serves a release of the enclave and the demo app that embeds
// it, each on a loopback origin of its own, with the headers that a deployment
// must send:
//
//	serve --release DIR --demo DIR [--enclave-addr A] [--app-addr A] [--verify PROGRAM] [--check]
//
// The enclave's origin sends the headers of the release's own release.json and
// a deployment.json that lists the app's origin; the app's origin sends strict
// headers and a config.json that says where the enclave is. Every file is read
// once, at the start, and must be the one that release.json lists.
//
// It prints two lines, "app" and "enclave", each with a URL, and serves until
// it is interrupted. With --verify it first runs "PROGRAM release DIR" and
// serves only if that exits with 0. With --check it fetches every file once
// from both origins, compares bytes and headers, and exits.
//
// Exit codes: 0 ended or checked, 1 something is wrong with what is served,
// 64 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 64
)

// options is the command line.
type options struct {
	release, demo        string // folders
	enclaveAddr, appAddr string // host:port on loopback; port 0 picks one
	verify               string // program, or empty
	check                bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if err != nil {
		return exitUsage
	}
	if err := serve(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "serve:", err)
		return exitFailed
	}
	return exitOK
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.release, "release", "", "folder of the release (required)")
	flags.StringVar(&o.demo, "demo", "", "folder of the demo app (required)")
	flags.StringVar(&o.enclaveAddr, "enclave-addr", "127.0.0.1:0", "loopback address of the enclave; port 0 picks one")
	flags.StringVar(&o.appAddr, "app-addr", "127.0.0.1:0", "loopback address of the app; port 0 picks one")
	flags.StringVar(&o.verify, "verify", "", "kmsverify program that must accept the release first")
	flags.BoolVar(&o.check, "check", false, "fetch every file once from both origins, then exit")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if o.release == "" || o.demo == "" || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "serve: expected --release DIR and --demo DIR, and no other arguments")
		flags.Usage()
		return options{}, errors.New("usage")
	}
	return o, nil
}

// serve brings both sites up and waits for ctx to end, or checks them.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if err := verify(ctx, o, stderr); err != nil {
		return err
	}
	app, err := listen(o.appAddr)
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	defer app.close()
	enclave, err := listen(o.enclaveAddr)
	if err != nil {
		return fmt.Errorf("enclave: %w", err)
	}
	defer enclave.close()

	enclaveSite, digest, err := loadRelease(o.release, app.origin)
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	appSite, err := loadDemo(o.demo, enclave.origin)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	enclave.start(enclaveSite)
	app.start(appSite)
	fmt.Fprintf(stdout, "app      %s/\nenclave  %s/  release %s\n", app.origin, enclave.origin, digest)
	if o.check {
		return checkBoth(ctx, app, appSite, enclave, enclaveSite, stdout)
	}
	fmt.Fprintln(stdout, "Open the app's URL in a browser. Ctrl+C ends.")
	<-ctx.Done()
	return nil
}

func verify(ctx context.Context, o options, output io.Writer) error {
	if o.verify == "" {
		return nil
	}
	command := exec.CommandContext(ctx, o.verify, "release", o.release)
	command.Stdout, command.Stderr = output, output
	if err := command.Run(); err != nil {
		return fmt.Errorf("the verifier did not accept the release, so it is not served: %w", err)
	}
	return nil
}
