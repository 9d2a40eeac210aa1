// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
)

func TestCheckAcceptsAReleaseAndNamesBothOrigins(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--release", writeRelease(t), "--demo", writeDemo(t), "--check"}, &stdout, &stderr)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	for _, want := range []string{"app      http://localhost:", "enclave  http://localhost:", "checked  app: ", "checked  enclave: "} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("expected %q in:\n%s", want, stdout.String())
		}
	}
}

func TestAFolderThatIsNotItsReleaseIsNotServed(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(dir string) error
		want   string
	}{
		{"altered file", func(dir string) error { return os.WriteFile(filepath.Join(dir, "index.html"), []byte("other"), 0o600) }, "index.html: size"},
		{"missing file", func(dir string) error { return os.Remove(filepath.Join(dir, "LICENSE.txt")) }, "LICENSE.txt"},
		{"manifest that is no manifest", func(dir string) error { return os.WriteFile(filepath.Join(dir, "release.json"), []byte("{}"), 0o600) }, "reading release.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := writeRelease(t)
			if err := test.change(dir); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), []string{"--release", dir, "--demo", writeDemo(t), "--check"}, &stdout, &stderr)
			if code != exitFailed || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("exit code %d, expected %d and %q in: %s", code, exitFailed, test.want, stderr.String())
			}
		})
	}
}

func TestAVerifierThatRefusesKeepsTheReleaseFromBeingServed(t *testing.T) {
	verifier := filepath.Join(t.TempDir(), "verifier")
	if err := os.WriteFile(verifier, []byte("#!/bin/sh\necho refuted\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--release", writeRelease(t), "--demo", writeDemo(t), "--verify", verifier, "--check"}, &stdout, &stderr)
	if code != exitFailed || stdout.Len() > 0 {
		t.Errorf("exit code %d and %q, expected %d and nothing served", code, stdout.String(), exitFailed)
	}
}

func TestWrongUsageExitsWith64(t *testing.T) {
	for _, args := range [][]string{{}, {"--release", "x"}, {"--release", "x", "--demo", "y", "z"}, {"--unknown"}} {
		if code := run(t.Context(), args, io.Discard, io.Discard); code != exitUsage {
			t.Errorf("%q: exit code %d, expected %d", args, code, exitUsage)
		}
	}
}

func TestOnlyLoopbackAddressesAreTaken(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:0", "example.com:0", "127.0.0.1"} {
		if h, err := listen(addr); err == nil {
			h.close()
			t.Errorf("%s: expected a refusal", addr)
		}
	}
}

func TestTheDeploymentListsTheAppAndFillsTheHeaders(t *testing.T) {
	served, digest, err := loadRelease(writeRelease(t), "http://localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	if len(digest) != 64 {
		t.Errorf("release digest %q, expected 64 digits", digest)
	}
	if got := served["/"].headers["content-security-policy"]; got != "frame-ancestors http://localhost:1" {
		t.Errorf("content-security-policy of / is %q", got)
	}
	deployment, err := release.ParseDeployment(served["/deployment.json"].content)
	if err != nil || len(deployment.Embedders) != 1 || deployment.Embedders[0] != "http://localhost:1" {
		t.Errorf("deployment.json is %+v, %v", deployment, err)
	}
}

func TestTheAppMayFrameTheEnclaveAndNothingElse(t *testing.T) {
	served, err := loadDemo(writeDemo(t), "http://localhost:2")
	if err != nil {
		t.Fatal(err)
	}
	csp := served["/"].headers["content-security-policy"]
	for _, want := range []string{"default-src 'none'", "frame-src http://localhost:2;", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("expected %q in the policy %q", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("the policy allows unsafe code: %q", csp)
	}
	var config struct{ Enclave string }
	if err := json.Unmarshal(served["/config.json"].content, &config); err != nil || config.Enclave != "http://localhost:2/" {
		t.Errorf("config.json says %q, %v", config.Enclave, err)
	}
}

func TestOtherHostsMethodsAndPathsAreRefused(t *testing.T) {
	h, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	h.start(site{"/": {content: []byte("x")}})
	for _, test := range []struct {
		method, path, host string
		want               int
	}{
		{"GET", "/", "", http.StatusOK},
		{"HEAD", "/", "", http.StatusOK},
		{"POST", "/", "", http.StatusMethodNotAllowed},
		{"GET", "/absent", "", http.StatusNotFound},
		{"GET", "/", "rebound.example", http.StatusMisdirectedRequest},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, h.origin+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = test.host
		response, err := h.client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("%s %s of %q: status %d, expected %d", test.method, test.path, test.host, response.StatusCode, test.want)
		}
	}
}

func TestACheckFindsAltered(t *testing.T) {
	h, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	h.start(site{"/": {content: []byte("x"), headers: map[string]string{"x-a": "1"}}})
	for _, test := range []struct {
		name string
		want site
	}{
		{"bytes", site{"/": {content: []byte("y")}}},
		{"a header", site{"/": {content: []byte("x"), headers: map[string]string{"x-a": "2"}}}},
		{"a path", site{"/other": {content: []byte("x")}}},
	} {
		if _, err := test.want.check(h.fetch(t.Context())); err == nil {
			t.Errorf("%s: expected the check to fail", test.name)
		}
	}
}

func TestAnInterruptEndsServingCleanly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"--release", writeRelease(t), "--demo", writeDemo(t)}, writer, io.Discard)
	}()
	first := make([]byte, 4096)
	if _, err := reader.Read(first); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, reader)
	cancel()
	select {
	case got := <-code:
		if got != exitOK {
			t.Errorf("exit code %d, expected %d", got, exitOK)
		}
	case <-time.After(10 * time.Second):
		t.Error("still serving ten seconds after the interrupt")
	}
}
