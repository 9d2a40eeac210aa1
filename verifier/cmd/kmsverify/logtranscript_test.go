// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/evidencetest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/sigtest"
)

// logWorld is a published release, the log that its signatures are in, and a
// host that serves it.
type logWorld struct {
	*evidencetest.World
	log atomic.Pointer[http.Handler]
}

// TestLogTranscripts runs testdata/log/*.txt. Each starts with a release that
// is signed and rebuilt in known/v1, policy.json and trusted_root.json, a log
// that has all its signatures at $LOG and under $ORIGIN, and a host that serves
// it at $SITE and, under the name $OTHER, another page. $NOW is a day later.
func TestLogTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/log",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup:               func(env *testscript.Env) error { return setUpLog(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"others":     logOthers,
			"sneak":      logSneak,
			"checkpoint": logCheckpoint,
			"fork":       logFork,
			"forget":     logForget,
			"keep":       logKeep,
			"evidence":   logEvidence,
		},
	})
}

func worldOf(ts *testscript.TestScript) *logWorld { return ts.Value("world").(*logWorld) }

func (w *logWorld) show(stack *sigtest.Stack) {
	handler := stack.Log()
	w.log.Store(&handler)
}

func setUpLog(t *testing.T, env *testscript.Env) error {
	w := &logWorld{World: evidencetest.New(t)}
	env.Values["world"] = w
	w.show(w.Stack)
	log := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*w.log.Load()).ServeHTTP(rw, r) }))
	env.Defer(log.Close)
	files := w.Files.Clone()
	maps.Copy(files, w.Bundles)
	var attestations []byte
	for _, name := range slices.Sorted(maps.Keys(w.Bundles)) {
		attestations = append(append(attestations, bytes.TrimSpace(w.Bundles[name])...), '\n')
	}
	files[release.AttestationsPath] = attestations
	folder := env.WorkDir + "/known/v1"
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	files.WriteTo(t, folder)
	for name, data := range map[string][]byte{"policy.json": w.PolicyJSON(), "trusted_root.json": w.Root} {
		if err := os.WriteFile(env.WorkDir+"/"+name, data, 0o600); err != nil {
			return err
		}
	}
	env.Setenv("LOG", log.URL)
	env.Setenv("ORIGIN", w.Stack.LogOrigin())
	env.Setenv("NOW", attest.FormatTime(w.Now))
	env.Setenv("SITE", startHost(t, env, &releasetest.Host{Files: files}))
	env.Setenv("OTHER", strings.TrimPrefix(startHost(t, env, &releasetest.Host{Files: files, Tamper: func(r *releasetest.Response) {
		if r.Path == "index.html" {
			r.Body = bytes.Replace(r.Body, []byte("<"), []byte(">"), 1)
		}
	}}), "http://"))
	return nil
}

func startHost(t *testing.T, env *testscript.Env, host *releasetest.Host) string {
	host.Prepare(t)
	server := httptest.NewServer(host)
	env.Defer(server.Close)
	return server.URL
}

// logOthers is "others N": N signatures of somebody else.
func logOthers(ts *testscript.TestScript, _ bool, arguments []string) {
	n, err := strconv.Atoi(arguments[0])
	ts.Check(err)
	for i := range n {
		worldOf(ts).Stack.SignMessage(sigtest.Signer{Issuer: evidencetest.Issuer, Subject: "https://else.example"}, []byte(strconv.Itoa(i)))
	}
}

// logSneak is "sneak": the publisher signs something that nobody is shown.
func logSneak(ts *testscript.TestScript, _ bool, _ []string) {
	worldOf(ts).Stack.SignMessage(worldOf(ts).Publisher, []byte("a release for one user"))
}

// logCheckpoint is "checkpoint FILE": what the log shows now.
func logCheckpoint(ts *testscript.TestScript, _ bool, arguments []string) {
	ts.Check(os.WriteFile(ts.MkAbs(arguments[0]), []byte(worldOf(ts).Stack.Checkpoint()), 0o600))
}

// logFork is "fork": from now on the log shows here another version of itself
// than to others; and "fork shown": no longer so.
func logFork(ts *testscript.TestScript, _ bool, arguments []string) {
	w := worldOf(ts)
	if len(arguments) > 0 {
		w.show(w.Stack)
		return
	}
	fork := w.Stack.Fork()
	fork.SignMessage(sigtest.Signer{Issuer: evidencetest.Issuer, Subject: "https://else.example"}, []byte("only here"))
	w.show(fork)
}

// logKeep is "keep FILE": stdout, with one name for the address of each log.
func logKeep(ts *testscript.TestScript, _ bool, arguments []string) {
	text := strings.ReplaceAll(ts.ReadFile("stdout"), ts.Getenv("LOG"), "https://log.example")
	ts.Check(os.WriteFile(ts.MkAbs(arguments[0]), []byte(text), 0o600))
}

// logEvidence is "evidence FILE": a copy of the one file of evidence.
func logEvidence(ts *testscript.TestScript, _ bool, arguments []string) {
	paths, err := filepath.Glob(ts.MkAbs("state.fork-*"))
	ts.Check(err)
	if len(paths) != 1 {
		ts.Fatalf("%d files of evidence", len(paths))
	}
	data, err := os.ReadFile(paths[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(arguments[0]), data, 0o600))
}

// logForget is "forget PREFIX": the known release loses some of its bundles.
func logForget(ts *testscript.TestScript, _ bool, arguments []string) {
	for name := range worldOf(ts).Bundles {
		if strings.HasPrefix(name, arguments[0]) {
			ts.Check(os.Remove(ts.MkAbs("known/v1/" + name)))
		}
	}
	ts.Check(os.Remove(ts.MkAbs("known/v1/" + release.AttestationsPath)))
}
