// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rebuild_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

func TestOtherBytesAreRefutedExplainedAndStated(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fixture)
		texts  []string
	}{
		"a text": {
			func(f *fixture) { f.built["LICENSE.txt"] = []byte("Apache License, Version 2.1\n") },
			[]string{"wrong reproduced: LICENSE.txt", "first difference at line 1, column 27", "-Apache License, Version 2.0", "+Apache License, Version 2.1"},
		},
		"JSON": {
			func(f *fixture) {
				f.built["sbom.cdx.json"] = []byte(strings.Replace(string(f.built["sbom.cdx.json"]), `"version":"1.26.8"`, `"version":"1.26.9"`, 1))
			},
			[]string{"wrong reproduced: sbom.cdx.json", `member /components/0/version: expected "1.26.8", found "1.26.9"`},
		},
		"line ends": {
			func(f *fixture) { f.built["LICENSE.txt"] = []byte("Apache License, Version 2.0\r\n") },
			[]string{"line ends (CRLF or LF)"},
		},
		"a file that is not built": {
			func(f *fixture) { delete(f.built, "icon.svg") },
			[]string{"wrong reproduced: icon.svg", "none: the build does not make it"},
		},
		"a file that is not published": {
			func(f *fixture) { f.built["extra.txt"] = []byte("x") },
			[]string{"wrong reproduced: extra.txt", "one that the build makes and the release does not have"},
		},
		"the provenance": {
			func(f *fixture) { f.built[release.ProvenancePath] = append(f.built[release.ProvenancePath], '\n') },
			[]string{"wrong reproduced: provenance.intoto.json"},
		},
		"a manifest that is none": {
			func(f *fixture) { f.built[release.ManifestPath] = []byte("{}") },
			[]string{"wrong reproduced: release.json", "first difference at member /entry"},
		},
		"a published file that is altered": {
			func(f *fixture) { f.published["icon.svg"] = []byte("<svg/>") },
			[]string{"wrong reproduced: icon.svg", "in the published copy", "kmsverify release"},
		},
		"a published file that is missing": {
			func(f *fixture) { delete(f.published, "icon.svg") },
			[]string{"wrong reproduced: icon.svg", "the file in the published copy, which lists it"},
		},
		"a published file too many": {
			func(f *fixture) { f.published["stray.js"] = []byte("x") },
			[]string{"wrong reproduced: stray.js", "the build does not make it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c.change(f)
			outcome := f.check(verdict.ConcludeRefuted, c.texts...)
			if s := outcome.Statement; s == nil || s.Passed || len(s.Levels) != 0 {
				t.Errorf("statement %+v", s)
			}
		})
	}
}

func TestWhatSigningAddsIsNotExpectedOfABuild(t *testing.T) {
	f := newFixture(t)
	f.published["release.json.sigstore.json"] = []byte("{}")
	f.published[release.DeploymentPath] = []byte("{}")
	f.published[release.AttestationsPath] = []byte("{}\n")
	f.check(verdict.ConcludeVerified)
}

func TestRootOfADifferenceComesFirst(t *testing.T) {
	f := newFixture(t)
	name, renamed := f.restyle()
	outcome := f.check(verdict.ConcludeRefuted,
		"under the name "+renamed, "-body{margin:0}", "+BODY{MARGIN:0}", "wrong reproduced: index.html", "it differs only where it names other files that differ")
	if len(outcome.Differences) < 3 || outcome.Differences[0].Path != name {
		t.Errorf("differences %+v", outcome.Differences)
	}
}

// A license comes before a document in the order of what is made of what; here it only names its digest.
func TestConsequenceComesAfterItsCause(t *testing.T) {
	f := newFixture(t)
	naming := func(document []byte) []byte { return []byte("about " + release.Digest(document) + "\n") }
	f.published["LICENSE.txt"] = naming(f.published["index.html"])
	f.published.UpdateAll(t)
	f.built = f.published.Clone()
	f.built["index.html"] = append(slices.Clone(f.built["index.html"]), '\n')
	f.built["LICENSE.txt"] = naming(f.built["index.html"])
	outcome := f.check(verdict.ConcludeRefuted, "wrong reproduced: LICENSE.txt", "it differs only where it names other files that differ")
	if len(outcome.Differences) != 2 || outcome.Differences[0].Path != "index.html" {
		t.Errorf("differences %+v", outcome.Differences)
	}
}

func TestTarIsCompared(t *testing.T) {
	f := newFixture(t)
	tar := f.published.Tar(t)
	path := filepath.Join(t.TempDir(), "kms.tar")
	f.write(path, string(tar), 0o600)
	tar[136] ^= 1 // time of the first entry
	f.write(filepath.Join(f.state, "built.tar"), string(tar), 0o600)
	f.options.Expect = path
	f.check(verdict.ConcludeRefuted, "wrong reproduced: release.tar")
}

func TestSourceThatCannotBeUsedIsNotChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fixture)
		text   string
	}{
		"nothing there":     {func(f *fixture) { f.options.Source = "/nonexistent" }, "no such file"},
		"no repository":     {func(f *fixture) { f.options.Source = f.state }, "not seen clone"},
		"a program":         {func(f *fixture) { f.options.Source = "ext::sh -c true" }, "no such file"},
		"without commit":    {func(f *fixture) { f.name(strings.Repeat("1", 40)) }, "does not have this commit"},
		"without git":       {func(f *fixture) { f.options.Environment[0] = "PATH=/nonexistent" }, "clone"},
		"no scratch folder": {func(f *fixture) { f.options.Work = filepath.Join(f.repository, ".gitignore") }, "no scratch folder"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			c.change(f)
			if name == "without git" {
				t.Setenv("PATH", "/nonexistent")
			}
			if outcome := f.check(verdict.ConcludeUnchecked, c.text); outcome.Statement != nil {
				t.Error("there is a statement")
			}
		})
	}
}

func TestNameThatIsNotOfACommitIsRefuted(t *testing.T) {
	f := newFixture(t)
	f.git("tag", "--annotate", "--message=tag", "v1")
	f.name(f.git("rev-parse", "v1"))
	f.check(verdict.ConcludeRefuted, "wrong clone", "HEAD at "+f.commit)
}

func TestSettingsOfGitDoNotChangeTheSource(t *testing.T) {
	f := newFixture(t)
	home := t.TempDir()
	f.write(filepath.Join(home, ".gitconfig"), "[core]\n\tautocrlf = true\n\tattributesFile = "+home+"/attributes\n[filter \"evil\"]\n\tsmudge = tr a b\n", 0o600)
	f.write(filepath.Join(home, "attributes"), "* filter=evil\n", 0o600)
	f.options.Environment = append(f.options.Environment, "HOME="+home)
	f.check(verdict.ConcludeVerified)
}

func TestFailedBuildIsNotChecked(t *testing.T) {
	for name, c := range map[string]struct {
		hook  string
		texts []string
	}{
		"error":      {`printf 'ERROR: \033[2Jno such target\n' >&2; exit 37`, []string{"it ended with exit code 37", `| ERROR: \x1b[2Jno such target`}},
		"disk full":  {"echo 'cp: No space left on device'; exit 1", []string{"no space left on the device", "--work"}},
		"no outputs": {"exit 0", []string{"its outputs cannot be read"}},
		"no program": {"kill -9 $$", []string{"signal: killed"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.hook(c.hook)
			if outcome := f.check(verdict.ConcludeUnchecked, c.texts...); outcome.Statement != nil {
				t.Error("there is a statement")
			}
		})
	}
}

func TestSourceWithoutLauncherIsNotChecked(t *testing.T) {
	f := newFixture(t)
	f.git("rm", "--quiet", "tools/bazel")
	f.git("commit", "--quiet", "--message=other")
	f.name(f.git("rev-parse", "HEAD"))
	f.check(verdict.ConcludeUnchecked, "no tools/bazel")
}

// The stand-in starts a program that would outlive it; the end of the time ends both.
func TestEndOfTheTimeEndsAllThatRuns(t *testing.T) {
	f := newFixture(t)
	f.hook("sleep 600 & echo $! >" + f.state + "/child; wait")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	report, _ := f.run(ctx)
	f.holds(report, verdict.ConcludeUnchecked, "it did not end in time", "--timeout")
	f.childStops()
}

func TestNothingOutlivesABuildThatEndedWell(t *testing.T) {
	f := newFixture(t)
	f.hook("sleep 600 & echo $! >" + f.state + "/child")
	f.check(verdict.ConcludeVerified)
	f.childStops()
}

// childStops waits until the program that the hook started has ended.
func (f *fixture) childStops() {
	f.t.Helper()
	child, err := strconv.Atoi(strings.TrimSpace(f.seen("child")))
	if err != nil {
		f.t.Fatal(err)
	}
	for range 100 {
		if stopped(child) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	f.t.Errorf("process %d still runs", child)
}

// stopped says whether a process has ended: it is gone, or only waits to be taken note of.
func stopped(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(status), ") Z ")
}

func TestScratchFolderIsKeptIfAsked(t *testing.T) {
	f := newFixture(t)
	f.options.Keep = true
	outcome := f.check(verdict.ConcludeVerified, "kept: ")
	info, err := os.Stat(outcome.Scratch)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := os.Chmod(filepath.Join(outcome.Scratch, "source/bazel-bin/enclave/release"), 0o700); err != nil {
		t.Error(err)
	}
}
