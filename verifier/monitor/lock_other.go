// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package monitor

import (
	"errors"
	"os"
)

// lock keeps other runs from using the same state. After a crash its file has
// to be removed by hand.
func lock(path string) (release func(), err error) {
	file, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, errors.New("another run uses it, or " + path + ".lock was left behind")
	}
	return func() { _ = errors.Join(file.Close(), os.Remove(path+".lock")) }, nil
}
