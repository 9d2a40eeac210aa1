// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package e2etest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/internal/stacktest"
	"ats.run/kms-enclave/verifier/vsa"
)

const (
	builder = "https://builder.example/kms-enclave"
	tag     = "refs/tags/v0.5.0"
)

// rebuilders are three parties, of which a policy wants two.
var rebuilders = []string{"north", "south", "east"}

func identityOf(rebuilder string) string { return "https://" + rebuilder + ".example/rebuilder" }

// world is a folder in which one release lives.
type world struct {
	t        *testing.T
	folder   string
	stack    *stacktest.Stack
	files    releasetest.Release
	manifest *release.Manifest
	instance []string // flags that name the Sigstore instance
	times    []step
}

type step struct {
	name string
	took time.Duration
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir()}
	w.timed("sigstack up", func() { w.stack = stacktest.Start(t) })
	w.files = releasetest.Load(t)
	w.manifest = w.files.Manifest(t)
	if err := os.Mkdir(w.path("release"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.files.WriteTo(t, w.path("release"))
	w.instance = []string{"--signing-config", w.stack.SigningConfig, "--trusted-root", w.stack.TrustedRoot}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.folder, name) }

func (w *world) write(name string, data []byte) string {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.path(name)
}

// timed measures one step of the way.
func (w *world) timed(name string, do func()) {
	start := time.Now()
	do()
	w.times = append(w.times, step{name, time.Since(start)})
}

// run runs a program that the environment names.
func (w *world) run(variable string, arguments ...string) (code int, output string) {
	w.t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		w.t.Skipf("%s names no program", variable)
	}
	if inRunfiles := filepath.Join(os.Getenv("TEST_SRCDIR"), program); !filepath.IsAbs(program) && exists(inRunfiles) {
		program = inRunfiles
	}
	command := exec.CommandContext(w.t.Context(), program, arguments...)
	command.Dir = w.folder
	data, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(data)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// expect runs a program and wants its exit code.
func (w *world) expect(want int, variable string, arguments ...string) string {
	w.t.Helper()
	code, output := w.run(variable, arguments...)
	if code != want {
		w.t.Fatalf("%s: exit code %d, want %d:\n%s", strings.Join(arguments, " "), code, want, output)
	}
	return output
}

func (w *world) sign(arguments ...string) string {
	w.t.Helper()
	return w.expect(0, "KMS_SIGN", append(arguments, w.instance...)...)
}

// publisher returns who signs the release, and where the stack gives a token
// for that: the release workflow of its repository, as GitHub's tokens name it.
func (w *world) publisher() (issuer, subject, token string) {
	const forge = "https://github.com/"
	name, ok := strings.CutPrefix(w.manifest.Source.Repository, forge)
	if !ok {
		return w.stack.Issuers.URI, builder, w.stack.OIDC + "/token?subject=" + builder
	}
	subject = forge + name + "/.github/workflows/release.yml@" + tag
	return w.stack.Issuers.CI, subject, w.stack.OIDC + "/token?repository=" + name + "&ref=" + tag + "&sha=" + w.manifest.Source.Commit
}

// signRelease signs a release as its publisher.
func (w *world) signRelease(folder, out string, more ...string) {
	w.t.Helper()
	_, _, token := w.publisher()
	w.sign(append([]string{"release", folder, "--out", out, "--token-url", token,
		"--builder-id", builder, "--invocation-id", builder + "/runs/1", "--ref", tag}, more...)...)
}

// policy writes a policy by which k rebuilders must have got the same.
func (w *world) policy(name string, k int, updateKey string) string {
	w.t.Helper()
	provenance, err := attest.Parse(w.files[release.ProvenancePath])
	if err != nil {
		w.t.Fatal(err)
	}
	var keys []string
	for _, witness := range w.stack.Witnesses {
		keys = append(keys, witness.VKey)
	}
	type object = map[string]any
	members := []object{}
	for _, rebuilder := range rebuilders {
		members = append(members, object{"name": rebuilder, "verifier": "https://" + rebuilder + ".example",
			"identity": object{"issuer": w.stack.Issuers.URI, "subject": identityOf(rebuilder)}})
	}
	issuer, subject, _ := w.publisher()
	root, err := os.ReadFile(w.stack.TrustedRoot)
	if err != nil {
		w.t.Fatal(err)
	}
	data, err := json.MarshalIndent(object{
		"format": "kms-enclave-trust-policy/1", "name": "end to end", "trustRoot": release.Digest(root),
		"source": object{"repository": w.manifest.Source.Repository, "refs": []string{"refs/tags/*"},
			"target": provenance.Target, "buildType": provenance.BuildType},
		"publishers": []object{{"name": "acme-ci", "builder": builder, "identity": object{"issuer": issuer, "subject": subject}}},
		"require":    []string{attest.ProvenanceType},
		"log":        object{"threshold": 1, "origins": []string{w.stack.Origin}},
		"witnesses":  object{"threshold": len(keys), "keys": keys}, "timestamps": 1,
		"rebuilders": object{"threshold": k, "members": members},
		"maxAge":     "90d", "protocols": []int{w.manifest.Protocol}, "minimum": w.manifest.Version, "revoked": []object{},
		"update": object{"keys": []string{updateKey}, "delay": "3d"},
	}, "", "  ")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.write(name, data)
}

// statement returns the file with what a rebuilder found.
func (w *world) statement(rebuilder string) string {
	w.t.Helper()
	if folder := os.Getenv("KMS_REBUILDS"); folder != "" {
		return filepath.Join(folder, rebuilder+".json")
	}
	source := w.manifest.Source
	subjects := w.files.Subjects()
	summary := &vsa.Summary{
		Verifier: "https://" + rebuilder + ".example", Versions: map[string]string{"bazel": "7.7.0"},
		Time: time.Now().UTC().Truncate(time.Second), Resource: vsa.Resource(source.Repository, source.Commit),
		PolicyURI:    vsa.PolicyURI(source.Repository, "//enclave:release"),
		PolicySHA256: release.Digest(w.files[release.ProvenancePath]), Passed: true, Levels: []string{vsa.Level},
	}
	for _, name := range slices.Sorted(maps.Keys(subjects)) {
		summary.Subjects = append(summary.Subjects, attest.Subject{Name: name, SHA256: subjects[name]})
	}
	data, err := summary.Marshal()
	if err != nil {
		w.t.Fatal(err)
	}
	return w.write(rebuilder+".statement.json", data)
}

// tell prints how long each step took.
func (w *world) tell() {
	for _, s := range w.times {
		w.t.Logf("%-34s %7.2f s", s.name, s.took.Seconds())
	}
}

// tamper returns a copy of a bundle with one bit of its signature flipped.
func tamper(t *testing.T, bundle []byte) []byte {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	message := b["messageSignature"].(map[string]any)
	signature, err := base64.StdEncoding.DecodeString(message["signature"].(string))
	if err != nil {
		t.Fatal(err)
	}
	signature[len(signature)-1] ^= 1
	message["signature"] = base64.StdEncoding.EncodeToString(signature)
	data, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
