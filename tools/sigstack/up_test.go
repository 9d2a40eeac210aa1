// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"

	"ats.run/kms-enclave/tools/sigstack/internal/rekor"
	"ats.run/kms-enclave/tools/sigstack/internal/selftest"
	"ats.run/kms-enclave/tools/sigstack/internal/stack"
)

// asCommand makes the test's executable the command itself.
const asCommand = "SIGSTACK_TEST_COMMAND"

func TestMain(m *testing.M) {
	rekor.RunIfChild()
	if os.Getenv(asCommand) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// running starts "sigstack up" as a process of its own and returns what it printed.
func running(t *testing.T, args ...string) (*stack.Info, *exec.Cmd, io.Closer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "stack")
	command := exec.Command(self, append([]string{"up", "--with-stdin", "--dir", dir}, args...)...)
	command.Env = append(os.Environ(), asCommand+"=1")
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
		_ = stdin.Close()
		_ = command.Process.Kill()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("no line on stdout: %v", err)
	}
	var info stack.Info
	if err := json.Unmarshal([]byte(line), &info); err != nil {
		t.Fatal(err)
	}
	return &info, command, stdin
}

func ended(t *testing.T, command *exec.Cmd, within time.Duration) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("exit: %v", err)
		}
	case <-time.After(within):
		t.Fatalf("still running after %s", within)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestSignsVerifiesAndStops(t *testing.T) {
	start := time.Now()
	info, command, stdin := running(t)
	t.Logf("ready after %s", time.Since(start).Round(time.Millisecond))

	lines, err := selftest.Check(t.Context(), info)
	for _, l := range lines {
		t.Logf("%s: entry %d, %d witnesses, %s", l.What, l.Index, l.Witnesses, l.Took.Round(time.Millisecond))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the log is readable", func(t *testing.T) {
		_, checkpoint := get(t, info.Read+"/checkpoint")
		cosigned, err := selftest.Cosigned(info, checkpoint)
		if err != nil || len(cosigned) != 2 {
			t.Errorf("cosigned by %v: %v", cosigned, err)
		}
		if !strings.HasPrefix(checkpoint, stack.DefaultHostname+"\n4\n") {
			t.Errorf("checkpoint: %q", checkpoint)
		}
		for path, want := range map[string]int{"/tile/0/000.p/4": 200, "/tile/entries/000.p/4": 200,
			"/tile/": 404, "/tile/0/": 404, "/.state/treeState": 404, "/tile/../.state/treeState": 404} {
			if status, _ := get(t, info.Read+path); status != want {
				t.Errorf("%s: status %d, expected %d", path, status, want)
			}
		}
	})
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	ended(t, command, 10*time.Second)
	if _, err := http.Get(info.Rekor); err == nil {
		t.Error("Rekor still answers after the end")
	}
}

func TestAnAbsentWitnessIsSeenInTheBundle(t *testing.T) {
	info, command, _ := running(t, "--witnesses", "3", "--quorum", "2", "--faults", "w3-down", "--hostname", "log.example")
	token, err := selftest.Token(t.Context(), info.OIDC, url.Values{"subject": {"https://rebuilder.example/one"}})
	if err != nil {
		t.Fatal(err)
	}
	sign := func() ([]string, string) {
		t.Helper()
		signed, err := selftest.Signer{Info: info, Token: token}.Message(t.Context(), []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		found, err := selftest.Verify(signed, selftest.Wanted{Info: info, Artifact: []byte("x"),
			Issuer: info.Issuers.URI, Subject: "https://rebuilder.example/one"})
		if err != nil {
			t.Fatal(err)
		}
		var b bundle.Bundle
		if err := b.UnmarshalJSON(signed); err != nil {
			t.Fatal(err)
		}
		checkpoint := b.GetVerificationMaterial().GetTlogEntries()[0].GetInclusionProof().GetCheckpoint().GetEnvelope()
		return found.Witnesses, checkpoint
	}
	if names, checkpoint := sign(); len(names) != 2 || !strings.HasPrefix(checkpoint, "log.example\n") {
		t.Errorf("quorum 2 of 3 with one down: cosigned by %v, checkpoint %q", names, checkpoint)
	}
	if status := post(t, info.Control+"/witness", `{"up":false}`); status != http.StatusNoContent {
		t.Fatalf("control: status %d", status)
	}
	if names, _ := sign(); len(names) != 0 {
		t.Errorf("all witnesses down: cosigned by %v; rekor-server should go on without", names)
	}
	if status := post(t, info.Control+"/witness", `{"up":true,"name":"w3"}`); status != http.StatusNoContent {
		t.Fatalf("control: status %d", status)
	}
	if names, _ := sign(); len(names) != 1 || names[0] != "w3" {
		t.Errorf("only w3 up: cosigned by %v", names)
	}
	if status := post(t, info.Control+"/stop", ""); status != http.StatusNoContent {
		t.Errorf("stop: status %d", status)
	}
	ended(t, command, 10*time.Second)
}

func TestTokens(t *testing.T) {
	running, err := stack.Start(t.Context(), stack.Options{Dir: t.TempDir(), Faults: []string{"tsa-down"}})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Stop()
	info := &running.Info
	for name, test := range map[string]struct {
		query url.Values
		want  map[string]string
	}{
		"workflow": {url.Values{"repository": {"a/b"}, "ref": {"refs/tags/v2"}, "sha": {"abc"}, "workflow": {"x.yml"}},
			map[string]string{"iss": info.Issuers.CI, "repository": "a/b", "sha": "abc", "ref": "refs/tags/v2",
				"job_workflow_ref": "a/b/.github/workflows/x.yml@refs/tags/v2"}},
		"email": {url.Values{"subject": {"a@b.example"}}, map[string]string{"iss": info.Issuers.Email, "email": "a@b.example"}},
		"URI":   {url.Values{"subject": {"https://b.example/x"}}, map[string]string{"iss": info.Issuers.URI, "sub": "https://b.example/x"}},
	} {
		token, err := selftest.Token(t.Context(), info.OIDC, test.query)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		for claim, want := range test.want {
			if claims[claim] != want {
				t.Errorf("%s: %s is %v, expected %s", name, claim, claims[claim], want)
			}
		}
	}
	for _, query := range []url.Values{{}, {"subject": {"plain"}}, {"repository": {"b"}}, {"kind": {"x"}, "subject": {"a:b"}},
		{"subject": {"a:b"}, "reff": {"x"}}} {
		if _, err := selftest.Token(t.Context(), info.OIDC, query); err == nil {
			t.Errorf("query %v: expected a refusal", query)
		}
	}
	t.Run("like GitHub's runner", func(t *testing.T) {
		if status, _ := get(t, info.OIDC+"/actions/token?repository=a/b"); status != http.StatusUnauthorized {
			t.Errorf("without the request token: status %d", status)
		}
	})
	t.Run("a part that is down", func(t *testing.T) {
		if status, _ := get(t, info.TSA+"/certchain"); status != http.StatusServiceUnavailable {
			t.Errorf("status %d", status)
		}
		if status := post(t, info.Control+"/tsa", `{"up":true,"delay":"1ms"}`); status != http.StatusNoContent {
			t.Errorf("control: status %d", status)
		}
		if status, body := get(t, info.TSA+"/certchain"); status != http.StatusOK || strings.Count(body, "BEGIN") != 3 {
			t.Errorf("status %d: %s", status, body)
		}
		for _, body := range []string{`{"up":`, `{"down":true}`, `{"delay":"soon"}`} {
			if status := post(t, info.Control+"/tsa", body); status != http.StatusBadRequest {
				t.Errorf("%s: status %d", body, status)
			}
		}
		if status := post(t, info.Control+"/nothing", `{"up":true}`); status != http.StatusBadRequest {
			t.Errorf("unknown part: status %d", status)
		}
	})
}

func TestStopsWhenIdle(t *testing.T) {
	_, command, _ := running(t, "--idle", "1s", "--witnesses", "0")
	ended(t, command, 10*time.Second)
}

func TestRefusesWhatCannotWork(t *testing.T) {
	used := t.TempDir()
	if err := os.Mkdir(filepath.Join(used, "rekor"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]stack.Options{
		"a used folder":      {Dir: used},
		"a large quorum":     {Dir: t.TempDir(), Witnesses: 1, Quorum: 2},
		"a URL as the name":  {Dir: t.TempDir(), Hostname: "http://x"},
		"an unknown fault":   {Dir: t.TempDir(), Faults: []string{"moon-down"}},
		"too many witnesses": {Dir: t.TempDir(), Witnesses: stack.MaxWitnesses + 1},
	} {
		if s, err := stack.Start(context.Background(), options); err == nil {
			s.Stop()
			t.Errorf("%s: expected a refusal", name)
		}
	}
	for _, args := range [][]string{{}, {"down"}, {"check"}, {"token"}, {"up", "x"}, {"up", "--nope"}} {
		if status := run(args, strings.NewReader(""), io.Discard, io.Discard); status != 64 {
			t.Errorf("%v: status %d, expected 64", args, status)
		}
	}
}
