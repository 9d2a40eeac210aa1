// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/internal/releasetest"
	"ats.run/kms-enclave/verifier/rebuild"
	"ats.run/kms-enclave/verifier/verdict"
)

// standIn is a tools/bazel that writes down how it was called, runs what the test put into HOOK, and "builds"
// what lies in BUILT.
const standIn = `#!/bin/sh
set -eu
if [ "$1" = --version ]; then echo "bazel 7.7.1"; exit; fi
printf '%s\n' "$@" >STATE/arguments
env >STATE/environment
pwd >STATE/folder
. STATE/hook
mkdir -p bazel-bin/enclave
cp -R STATE/built bazel-bin/enclave/release
[ ! -f STATE/built.tar ] || cp STATE/built.tar bazel-bin/enclave/release.tar
# As Bazel leaves them.
chmod 0555 bazel-bin/enclave/release
`

// fixture is a git repository with a stand-in for Bazel, and a release that names its only commit.
type fixture struct {
	t          *testing.T
	repository string
	state      string // what the stand-in reads and writes
	commit     string
	published  releasetest.Release
	built      releasetest.Release
	options    rebuild.Options
	progress   *bytes.Buffer
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here")
	}
	f := &fixture{t: t, repository: t.TempDir(), state: t.TempDir(), progress: new(bytes.Buffer)}
	f.hook("")
	f.write(filepath.Join(f.repository, "tools", "bazel"), strings.ReplaceAll(standIn, "STATE", f.state), 0o755)
	f.write(filepath.Join(f.repository, ".gitignore"), "/bazel-*\n/user.bazelrc\n", 0o644)
	f.git("init", "--quiet")
	f.git("add", "--all")
	f.git("commit", "--quiet", "--message=source")
	f.commit = f.git("rev-parse", "HEAD")
	f.published = releasetest.Build(t)
	f.name(f.commit)
	f.built = f.published.Clone()
	cache := t.TempDir()
	if err := os.Chmod(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	f.options = rebuild.Options{
		Source: f.repository, Work: filepath.Join(t.TempDir(), "work"), Verifier: "https://rebuilder.example", Program: "test",
		Environment: []string{"PATH=" + os.Getenv("PATH"), "KMS_CACHE=" + cache, "GOFLAGS=-tags=evil", "BAZELRC=evil", "GIT_DIR=/evil", "TMPDIR=/evil"},
		Now:         func() time.Time { return time.Unix(1_790_000_000, 0) }, Progress: f.progress,
	}
	return f
}

func (f *fixture) write(path, content string, mode os.FileMode) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		f.t.Fatal(err)
	}
}

// hook is run by the stand-in before it builds.
func (f *fixture) hook(script string) { f.write(filepath.Join(f.state, "hook"), script+"\n", 0o600) }

// seen returns what the stand-in wrote down.
func (f *fixture) seen(name string) string {
	f.t.Helper()
	content, err := os.ReadFile(filepath.Join(f.state, name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(content)
}

func (f *fixture) git(arguments ...string) string {
	f.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Test", "-c", "user.email=test@example.invalid"}, arguments...)...)
	cmd.Dir = f.repository
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.t.Fatalf("git %v: %v\n%s", arguments, err, out)
	}
	return strings.TrimSpace(string(out))
}

// name makes the published release one of a commit.
func (f *fixture) name(commit string) {
	f.t.Helper()
	m := f.published.Manifest(f.t)
	m.Source.Commit = commit
	f.published.SetManifest(f.t, m)
	f.published.UpdateProvenance(f.t)
	f.published.UpdateChecksums(f.t)
}

// run rebuilds what is published as a folder, unless the options expect something else.
func (f *fixture) run(ctx context.Context) (*verdict.Report, rebuild.Outcome) {
	f.t.Helper()
	built := filepath.Join(f.state, "built")
	if err := os.RemoveAll(built); err != nil {
		f.t.Fatal(err)
	}
	if err := os.MkdirAll(built, 0o700); err != nil {
		f.t.Fatal(err)
	}
	f.built.WriteTo(f.t, built)
	if f.options.Expect == "" {
		f.options.Expect = f.published.Folder(f.t)
	}
	report := verdict.New("rebuild", f.options.Source, rebuild.Required()...)
	return report, rebuild.Run(ctx, report, f.options)
}

// check is run, with the conclusion that it must have and texts that must be in the report or the progress.
func (f *fixture) check(conclusion verdict.Conclusion, texts ...string) rebuild.Outcome {
	f.t.Helper()
	report, outcome := f.run(f.t.Context())
	f.holds(report, conclusion, texts...)
	return outcome
}

func (f *fixture) holds(report *verdict.Report, conclusion verdict.Conclusion, texts ...string) {
	f.t.Helper()
	var said strings.Builder
	if err := report.WriteText(&said, verdict.Style{}); err != nil {
		f.t.Fatal(err)
	}
	said.Write(f.progress.Bytes())
	if report.Conclude() != conclusion {
		f.t.Fatalf("%s, want %s:\n%s", report.Conclude(), conclusion, said.String())
	}
	for _, text := range texts {
		if !strings.Contains(said.String(), text) {
			f.t.Errorf("does not say %q:\n%s", text, said.String())
		}
	}
	if entries, err := os.ReadDir(f.options.Work); err == nil && len(entries) > 0 && !f.options.Keep {
		f.t.Errorf("left behind: %v", entries)
	}
}

// restyle gives the build another style sheet, with its other name in the document and in release.json.
func (f *fixture) restyle() (name, renamed string) {
	name = f.built.Named(f.t, release.RoleStyle)
	before, _ := f.built.Manifest(f.t).File(name)
	content := bytes.ToUpper(f.built[name])
	renamed = release.ContentName("style", "css", content)
	after := release.Describe(renamed, release.RoleStyle, content)
	delete(f.built, name)
	f.built[renamed] = content
	replace := strings.NewReplacer(name, renamed, before.SHA256, after.SHA256, before.Integrity, after.Integrity)
	for _, path := range []string{"index.html", release.ManifestPath} {
		f.built[path] = []byte(replace.Replace(string(f.built[path])))
	}
	return name, renamed
}
