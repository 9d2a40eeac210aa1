// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/sign"
	"ats.run/kms-enclave/verifier/sign/signtest"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/vsa"
)

var update = flag.Bool("update", false, "write the outputs in testdata anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kmssign": main})
}

// TestTranscripts runs testdata/*.txt. Each starts with the small release in the
// folder "release", the files of services on loopback (signing_config.json,
// trusted_root.json, policy.json), keys of a publisher, a rebuilder, for updates
// and of a stranger, and the rebuilder's statement.json. Outputs that are compared
// in full are written anew by
// "go test ./cmd/kmssign -run TestTranscripts -update".
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup:               func(env *testscript.Env) error { return setUp(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"break":    breakService,
			"requests": requests,
			"mode":     mode,
			"files":    files,
		},
	})
}

func setUp(t *testing.T, env *testscript.Env) error {
	stack := signtest.New(t)
	env.Values["stack"] = stack
	content := releasetest.Build(t)
	folder := filepath.Join(env.WorkDir, "release")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	content.WriteTo(t, folder)
	env.Setenv("DIGEST", content.Digest())
	written := map[string][]byte{
		"signing_config.json": stack.SigningConfig(), "trusted_root.json": stack.TrustedRoot(), "statement.json": statement(t, content),
	}
	keys := map[string]string{}
	for _, name := range []string{"publisher", "rebuilder", "update", "stranger"} {
		key, err := sign.NewKey()
		if err != nil {
			return err
		}
		if written[name+".pem"], err = sign.MarshalKey(key); err != nil {
			return err
		}
		if keys[name], err = sign.SPKI(key.Public()); err != nil {
			return err
		}
	}
	written["policy.json"] = policyJSON(t, stack, written["trusted_root.json"], keys)
	for name, data := range written {
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// policyJSON returns a policy that names the keys and two of the witnesses.
func policyJSON(t *testing.T, stack *signtest.Stack, trusted []byte, keys map[string]string) []byte {
	t.Helper()
	root, err := trust.Parse("test", trusted)
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	data, err := json.Marshal(object{
		"format": "kms-enclave-trust-policy/1", "name": "test", "trustRoot": root.SHA256,
		"source": object{"repository": releasetest.Repository, "refs": []string{"refs/tags/*"}, "target": "//enclave:release",
			"buildType": releasetest.Repository + "/build/v1"},
		"publishers": []object{{"name": "publisher", "identity": object{"key": keys["publisher"]}, "builder": "https://ci.example/builder"}},
		"require":    []string{attest.ProvenanceType},
		"log":        object{"threshold": 1, "origins": []string{"127.0.0.1"}},
		"witnesses":  object{"threshold": 2, "keys": stack.WitnessKeys()},
		"timestamps": 1,
		"rebuilders": object{"threshold": 1, "members": []object{{"name": "north", "identity": object{"key": keys["rebuilder"]}, "verifier": "https://rebuilder.example"}}},
		"maxAge":     "90d", "protocols": []int{1}, "minimum": "0.0.1", "revoked": []object{},
		"update": object{"keys": []string{keys["update"]}, "delay": "3d"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func statement(t *testing.T, content releasetest.Release) []byte {
	t.Helper()
	signed, err := attest.Parse(content[release.ProvenancePath])
	if err != nil {
		t.Fatal(err)
	}
	data, err := (&vsa.Summary{
		Verifier: "https://rebuilder.example", Versions: map[string]string{"bazel": "9.0.0"},
		Time:     time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		Resource: "git+" + releasetest.Repository + "@" + releasetest.Commit, PolicyURI: releasetest.Repository + "#//enclave:release",
		PolicySHA256: release.Digest(content[release.ProvenancePath]), Passed: true, Levels: []string{vsa.Level},
		Subjects: withoutSHA384(signed.Subjects),
	}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func withoutSHA384(subjects []attest.Subject) []attest.Subject {
	for i := range subjects {
		subjects[i].SHA384 = ""
	}
	return subjects
}

// exits is "exits CODE COMMAND…": the command must end with that exit code.
func exits(ts *testscript.TestScript, _ bool, arguments []string) {
	err := ts.Exec(arguments[1], arguments[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != arguments[0] {
		ts.Fatalf("exit code %s, want %s", code, arguments[0])
	}
}

// breakService is "break SERVICE STATUS", or "break witnesses NUMBER"; status 0
// mends it.
func breakService(ts *testscript.TestScript, _ bool, arguments []string) {
	stack := ts.Value("stack").(*signtest.Stack)
	number := 0
	for _, digit := range arguments[1] {
		number = 10*number + int(digit-'0')
	}
	var handler http.HandlerFunc
	if number > 0 {
		handler = signtest.Status(number)
	}
	if arguments[0] == "witnesses" {
		stack.SendWitnessesHome(number)
		return
	}
	stack.Break(arguments[0], handler)
}

// requests is "requests NUMBER": so many requests all services must have had.
func requests(ts *testscript.TestScript, _ bool, arguments []string) {
	stack, sum := ts.Value("stack").(*signtest.Stack), 0
	for _, service := range []string{signtest.Authority, signtest.Log, signtest.Timestamp, signtest.Issuer} {
		sum += stack.Requests(service)
	}
	if got := string(rune('0' + sum)); got != arguments[0] {
		ts.Fatalf("%s requests, want %s", got, arguments[0])
	}
}

// mode is "mode OCTAL FILE".
func mode(ts *testscript.TestScript, _ bool, arguments []string) {
	info, err := os.Stat(ts.MkAbs(arguments[1]))
	ts.Check(err)
	if got := info.Mode().Perm().String(); got != arguments[0] {
		ts.Fatalf("mode %s, want %s", got, arguments[0])
	}
}

// files is "files FOLDER NUMBER": so many files must be in a folder and below.
func files(ts *testscript.TestScript, _ bool, arguments []string) {
	var names []string
	_ = filepath.WalkDir(ts.MkAbs(arguments[0]), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, entry.Name())
		}
		return nil
	})
	if got := len(names); arguments[1] != itoa(got) {
		ts.Fatalf("%d files, want %s: %q", got, arguments[1], names)
	}
}

func itoa(n int) string {
	data, _ := json.Marshal(n)
	return string(data)
}
