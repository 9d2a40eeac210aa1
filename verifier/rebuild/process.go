// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// grace is how long a program may take to end after it was asked to.
const grace = 10 * time.Second

// newCommand returns a command that runs in a process group of its own. When
// ctx ends, the group is asked to end, and made to after grace.
func newCommand(ctx context.Context, folder string, environment []string, line ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Dir, cmd.Env = folder, environment
	ownGroup(cmd)
	cmd.WaitDelay = grace // then the leader is killed, and the rest once Wait has returned
	cmd.Cancel = func() error { return endGroup(cmd) }
	return cmd
}

// run runs a program whose output goes to a file.
func run(ctx context.Context, folder string, environment []string, log string, line ...string) error {
	file, err := os.Create(log)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := newCommand(ctx, folder, environment, line...)
	cmd.Stdout, cmd.Stderr = file, file
	err = cmd.Run()
	killGroup(cmd) // whatever it left
	return plainly(line[0], err)
}

// output runs a program and returns what it writes; what it says on standard
// error is in the error.
func output(ctx context.Context, folder string, environment []string, line ...string) (string, error) {
	cmd := newCommand(ctx, folder, environment, line...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	killGroup(cmd)
	var exit *exec.ExitError
	if errors.As(err, &exit) && said.Len() > 0 && ctx.Err() == nil {
		return "", errors.New(strings.Join(strings.Fields(said.String()), " "))
	}
	return string(out), plainly(line[0], err)
}

func plainly(program string, err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("the program %s is not installed", program)
	case errors.As(err, &exit) && exit.Exited():
		return fmt.Errorf("it ended with exit code %d", exit.ExitCode())
	}
	return err
}

// lastLines returns the last lines of a file, of its last 64 KiB.
func lastLines(path string, n int) []string {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close() // only read
	if info, err := file.Stat(); err == nil && info.Size() > 64<<10 {
		if _, err := file.Seek(-64<<10, io.SeekEnd); err != nil {
			return nil
		}
	}
	text, err := io.ReadAll(io.LimitReader(file, 64<<10))
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[max(0, len(lines)-n):]
}
