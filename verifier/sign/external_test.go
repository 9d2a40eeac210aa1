// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/sign/signtest"
)

// TestMain lets the test binary be a signer program.
func TestMain(m *testing.M) {
	if mode := os.Getenv("SIGN_TEST_PROGRAM"); mode != "" {
		os.Exit(beProgram(mode))
	}
	os.Exit(m.Run())
}

// beProgram is a signer with the key in SIGN_TEST_KEY, and one fault.
func beProgram(mode string) int {
	var q struct{ Format, Request, Digest, Hash, PublicKey string }
	data, _ := io.ReadAll(os.Stdin)
	if json.Unmarshal(data, &q) != nil || q.Format != "kms-enclave-signer/1" || os.Getenv("SIGSTORE_ID_TOKEN") != "" || os.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN") != "" {
		return 3
	}
	text, err := os.ReadFile(os.Getenv("SIGN_TEST_KEY"))
	if err != nil {
		return 4
	}
	key, err := sign.ParseKey(text, nil)
	if err != nil {
		return 5
	}
	answer := func(name string, value []byte) {
		fmt.Printf("{\"format\":\"kms-enclave-signer/1\",%q:%q}\n", name, base64.StdEncoding.EncodeToString(value))
	}
	switch der, _ := x509.MarshalPKIXPublicKey(key.Public()); {
	case mode == "fails":
		fmt.Fprintln(os.Stderr, "touch the token")
		return 7
	case mode == "long":
		fmt.Print(strings.Repeat("x", 1<<20))
	case mode == "hangs":
		time.Sleep(time.Minute)
	case q.Request == "public-key":
		answer("publicKey", der)
	case q.PublicKey != base64.StdEncoding.EncodeToString(der) || q.Hash != "sha256":
		return 6
	case mode == "lies":
		sum := sha256.Sum256([]byte("something else"))
		signature, _ := key.Sign(nil, sum[:])
		answer("signature", signature)
	default:
		digest, _ := base64.StdEncoding.DecodeString(q.Digest)
		signature, _ := key.Sign(nil, digest)
		answer("signature", signature)
	}
	return 0
}

// program sets the environment in which the test binary is a signer.
func program(t *testing.T, mode string) (commandLine string, key sign.Key) {
	t.Helper()
	key, err := sign.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := sign.MarshalKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SIGN_TEST_PROGRAM", mode)
	t.Setenv("SIGN_TEST_KEY", file)
	t.Setenv("SIGSTORE_ID_TOKEN", "must not be inherited")
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "must not be inherited")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self + " --slot 0", key
}

func TestKeyInAnotherProgramSigns(t *testing.T) {
	commandLine, key := program(t, "works")
	external, err := sign.OpenProgram(t.Context(), commandLine, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !external.Public().Equal(key.Public()) {
		t.Fatal("another public key")
	}
	s := newSigner(t, signtest.New(t))
	s.Key = external
	if _, err := s.Sign(t.Context(), job); err != nil {
		t.Error(err)
	}
}

func TestProgramThatFailsIsToldPlainly(t *testing.T) {
	for mode, want := range map[string]string{"fails": "exit code 7", "long": "at most 16384 bytes"} {
		t.Run(mode, func(t *testing.T) {
			commandLine, _ := program(t, mode)
			var stderr strings.Builder
			_, err := sign.OpenProgram(t.Context(), commandLine, &stderr)
			kind := sign.Unavailable
			if mode == "long" {
				kind = sign.Refused
			}
			wantFault(t, err, kind, want)
			if mode == "fails" && !strings.Contains(stderr.String(), "touch the token") {
				t.Error("its own message is lost")
			}
		})
	}
	_, err := sign.OpenProgram(t.Context(), filepath.Join(t.TempDir(), "none"), io.Discard)
	wantFault(t, err, sign.Unavailable, "cannot be started")
	_, err = sign.OpenProgram(t.Context(), "  ", io.Discard)
	wantFault(t, err, sign.Usage, "a program and its arguments")
}

func TestProgramThatSignsSomethingElseIsRefused(t *testing.T) {
	commandLine, _ := program(t, "lies")
	external, err := sign.OpenProgram(t.Context(), commandLine, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	stack := signtest.New(t)
	s := newSigner(t, stack)
	s.Key = external
	_, err = s.Sign(t.Context(), job)
	wantFault(t, err, sign.Refused, "a signature that its public key verifies")
	if stack.Requests(signtest.Log) != 0 {
		t.Error("something was sent")
	}
}

// opensslSigner is the example in docs/signing.md.
const opensslSigner = `#!/bin/sh
# usage: signer.sh KEY
set -eu
request=$(cat)
case "$request" in
*'"public-key"'*) name=publicKey; value=$(openssl pkey -in "$1" -pubout -outform DER | base64 -w0) ;;
*) name=signature; value=$(printf %s "$request" | sed 's/.*"digest":"\([^"]*\)".*/\1/' | base64 -d |
	openssl pkeyutl -sign -inkey "$1" | base64 -w0) ;;
esac
printf '{"format":"kms-enclave-signer/1","%s":"%s"}\n' "$name" "$value"
`

func TestShellScriptAroundOpenSSLIsASigner(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "base64", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here", tool)
		}
	}
	key, _ := sign.NewKey()
	text, _ := sign.MarshalKey(key)
	folder := t.TempDir()
	script, file := filepath.Join(folder, "signer.sh"), filepath.Join(folder, "key.pem")
	for name, content := range map[string][]byte{script: []byte(opensslSigner), file: text} {
		if err := os.WriteFile(name, content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	external, err := sign.OpenProgram(t.Context(), script+" "+file, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("hello"))
	signature, err := external.Sign(t.Context(), digest[:])
	if err != nil || !ecdsa.VerifyASN1(key.Public(), digest[:], signature) {
		t.Errorf("no signature that can be verified: %v", err)
	}
}
