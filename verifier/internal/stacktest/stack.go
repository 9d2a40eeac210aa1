// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package stacktest runs tools/sigstack, a real Sigstore on loopback, for tests.
package stacktest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Variable names the environment variable with the path of the program:
// absolute, or relative to the runfiles of a Bazel test.
const Variable = "KMS_SIGSTACK"

// Stack is a running Sigstore, as its first line describes it.
type Stack struct {
	OIDC, Control, Rekor, RekorRead, Origin, LogVKey string
	TrustedRoot, SigningConfig, PolicyHints, Dir     string // paths
	Issuers                                          struct{ CI, URI string }
	Witnesses                                        []struct{ Name, VKey string }
	Quorum                                           int
}

// Start runs the program until the test ends. Without one it skips the test.
func Start(t testing.TB, more ...string) *Stack {
	t.Helper()
	arguments := append([]string{"up", "--dir", filepath.Join(t.TempDir(), "stack"), "--with-stdin", "--idle", "15m"}, more...)
	command := exec.CommandContext(t.Context(), program(t), arguments...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()      // which ends it
		_ = command.Wait() // how it ended is nothing that the test is about
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("sigstack did not come up: %v", err)
	}
	s := new(Stack)
	if err := json.Unmarshal(line, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func program(t testing.TB) string {
	path := os.Getenv(Variable)
	if path == "" {
		t.Skipf("%s does not name tools/sigstack", Variable)
	}
	for _, candidate := range []string{path, filepath.Join(os.Getenv("TEST_SRCDIR"), path)} {
		if _, err := os.Stat(candidate); err == nil {
			return candidate
		}
	}
	t.Fatalf("%s: there is no %s", Variable, path)
	return ""
}

// Set lets a part of the stack work, or not.
func (s *Stack) Set(t testing.TB, part string, up bool) {
	t.Helper()
	body, err := json.Marshal(map[string]bool{"up": up})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.Control+"/"+part, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		t.Fatalf("%s: status %d", part, response.StatusCode)
	}
}
