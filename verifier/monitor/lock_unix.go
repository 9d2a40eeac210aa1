// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package monitor

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other runs from using the same state, until it is released or
// the process ends.
func lock(path string) (release func(), err error) {
	file, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, errors.New(plainly(err))
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close() // nothing was written
		return nil, errors.New("another run uses it")
	}
	return func() { _ = file.Close() }, nil // closing unlocks
}
