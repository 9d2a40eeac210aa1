// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rekor

import (
	"io"
	"os"
	"syscall"
	"time"

	"github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix/app"
)

// childVariable marks the process that is to become rekor-server.
const childVariable = "SIGSTACK_CHILD"

// RunIfChild becomes rekor-server, and does not return, in a process that Start began.
func RunIfChild() {
	if os.Getenv(childVariable) != "rekor" {
		return
	}
	go func() {
		// The pipe closes when the parent goes, however it goes.
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		time.Sleep(2 * time.Second)
		os.Exit(0)
	}()
	app.Execute()
	os.Exit(0)
}
