// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package rebuild

import (
	"errors"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func endGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func killGroup(*exec.Cmd) {}

func checkPrivate(string) error {
	return errors.New("this system is not supported; use Linux or macOS")
}
