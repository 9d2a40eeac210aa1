// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
)

var update = flag.Bool("update", false, "write the outputs in testdata anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kmsverify": main, "kmsverify-offline": runOffline})
}

// TestTranscripts runs testdata/*.txt. Each starts with the small release in
// the folder "release", its digest in $DIGEST and the names of its files in
// $FRAME, $WORKER, $WASM and $STYLE. Outputs that scripts compare in full are written
// anew by "go test ./cmd/kmsverify -run TestTranscripts -update".
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup:               func(env *testscript.Env) error { return setUp(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"flip":     edit(func(_ *testing.T, files releasetest.Release, name string) { files[name][len(files[name])/2] ^= 1 }),
			"append":   edit(func(_ *testing.T, files releasetest.Release, name string) { files[name] = append(files[name], '\n') }),
			"redigest": edit(func(t *testing.T, files releasetest.Release, _ string) { files.Redescribe(t); files.UpdateChecksums(t) }),
			"restate":  edit(func(t *testing.T, files releasetest.Release, _ string) { files.UpdateAll(t) }),
			"weaken":   edit(weaken),
			"pack":     pack,
			"exits":    exits,
			"serve":    serve,
			"log":      writeLog,
		},
	})
}

func setUp(t *testing.T, env *testscript.Env) error {
	env.Values["t"] = t
	files := releasetest.Build(t)
	folder := filepath.Join(env.WorkDir, "release")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	files.WriteTo(t, folder)
	env.Setenv("DIGEST", files.Digest())
	for name, role := range map[string]release.Role{
		"FRAME": release.RoleScript, "WORKER": release.RoleWorker, "WASM": release.RoleWasm, "STYLE": release.RoleStyle,
	} {
		env.Setenv(name, files.Named(t, role))
	}
	return nil
}

// read returns the files in a folder of a script.
func read(ts *testscript.TestScript, folder string) releasetest.Release {
	files, err := releasetest.Read(ts.MkAbs(folder))
	ts.Check(err)
	return files
}

// edit makes a command of a change: "flip FOLDER/NAME" or "restate FOLDER/".
func edit(change func(t *testing.T, files releasetest.Release, name string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, arguments []string) {
		folder, name := filepath.Split(arguments[0])
		files := read(ts, folder)
		t := ts.Value("t").(*testing.T)
		change(t, files, name)
		files.WriteTo(t, ts.MkAbs(folder))
	}
}

// weaken takes Trusted Types from the promised policy of a file, and from the
// host configurations.
func weaken(t *testing.T, files releasetest.Release, path string) {
	const old, weak = "require-trusted-types-for 'script'; ", ""
	for _, h := range files.Manifest(t).HeadersOf(path) {
		if h.Name == "content-security-policy" {
			for _, name := range []string{"_headers", "nginx.conf", "Caddyfile"} {
				files[name] = []byte(strings.ReplaceAll(string(files[name]), h.Value, strings.Replace(h.Value, old, weak, 1)))
			}
			files.Redescribe(t)
			files.SetHeader(t, path, h.Name, strings.Replace(h.Value, old, weak, 1))
		}
	}
}

// pack is "pack FOLDER TAR [first NAME]": a tar of the folder, with one file
// once more at the beginning.
func pack(ts *testscript.TestScript, _ bool, arguments []string) {
	files := read(ts, arguments[0])
	var entries []releasetest.Entry
	if len(arguments) == 4 {
		entries = append(entries, releasetest.Plain(arguments[3], []byte("other")))
	}
	for _, name := range files.Names() {
		entries = append(entries, releasetest.Plain(name, files[name]))
	}
	archive := releasetest.Archive(ts.Value("t").(*testing.T), entries...)
	ts.Check(os.WriteFile(ts.MkAbs(arguments[1]), archive, 0o600))
}

// exits is "exits CODE COMMAND…": the command must end with that exit code. What
// it writes must be valid by the schemas if it is JSON.
func exits(ts *testscript.TestScript, _ bool, arguments []string) {
	err := ts.Exec(arguments[1], arguments[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != arguments[0] {
		ts.Fatalf("exit code %s, want %s", code, arguments[0])
	}
	ts.Check(validateJSON(ts.ReadFile("stdout")))
}

// serve is "serve FOLDER [FAULT]": a host on loopback, its origin in $SITE.
func serve(ts *testscript.TestScript, _ bool, arguments []string) {
	t := ts.Value("t").(*testing.T)
	host := &releasetest.Host{Files: read(ts, arguments[0])}
	if len(arguments) > 1 {
		host.Tamper = faults[arguments[1]]
		if host.Tamper == nil {
			ts.Fatalf("no fault %s", arguments[1])
		}
	}
	host.Prepare(t)
	server := httptest.NewServer(host)
	ts.Defer(server.Close)
	ts.Setenv("SITE", server.URL)
}

// faults are what a host of a transcript can do wrong.
var faults = map[string]func(*releasetest.Response){
	"altered-worker": func(r *releasetest.Response) {
		if strings.HasPrefix(r.Path, "worker.") {
			r.Body[0] ^= 1
		}
	},
	"cookie": func(r *releasetest.Response) { r.Header.Set("Set-Cookie", "visitor=1") },
	"no-policy": func(r *releasetest.Response) {
		if r.Path == "" || r.Path == "index.html" {
			r.Header.Del("Content-Security-Policy")
		}
	},
	"page-for-everything": func(r *releasetest.Response) {
		if r.Status == http.StatusNotFound {
			r.Status = http.StatusOK
			r.Header.Set("Content-Type", "text/html")
			r.Body = []byte("<!doctype html><title>app</title>")
		}
	},
	"overloaded": func(r *releasetest.Response) {
		if r.Path == "sri.json" {
			r.Status = http.StatusServiceUnavailable
		}
	},
}
