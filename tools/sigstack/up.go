// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"ats.run/kms-enclave/tools/sigstack/internal/stack"
)

// up runs a stack until something asks it to end.
func up(flags *flag.FlagSet, args []string, stdin io.Reader, stdout io.Writer) error {
	var options stack.Options
	flags.StringVar(&options.Dir, "dir", "", "")
	flags.StringVar(&options.Hostname, "hostname", "", "")
	flags.IntVar(&options.Witnesses, "witnesses", 2, "")
	flags.IntVar(&options.Quorum, "quorum", 0, "")
	idle := flags.Duration("idle", 10*time.Minute, "")
	faults := flags.String("faults", "", "")
	withStdin := flags.Bool("with-stdin", false, "")
	survive := flags.Bool("survive-parent", false, "")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	if *faults != "" {
		options.Faults = strings.Split(*faults, ",")
	}
	parent := os.Getppid()
	ctx, release := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer release()
	if *withStdin {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	running, err := stack.Start(ctx, options)
	if err != nil {
		return err
	}
	defer running.Stop()
	line, err := json.Marshal(running.Info)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "%s\n", line); err != nil {
		return err
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-running.Stopped():
			return nil
		case <-running.Ended():
			return errors.New("rekor-server ended by itself; see log/rekor.txt")
		case <-tick.C:
			if *idle > 0 && running.Idle() > *idle || !*survive && os.Getppid() != parent {
				return nil
			}
		}
	}
}
