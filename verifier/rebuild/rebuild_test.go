// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/rebuild"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

func TestSameBytesAreVerifiedAndStated(t *testing.T) {
	f := newFixture(t)
	outcome := f.check(verdict.ConcludeVerified, "built from  https://git.example/kms-enclave", f.commit)
	s := outcome.Statement
	if s == nil || !s.Passed || !slices.Equal(s.Levels, []string{vsa.Level}) {
		t.Fatalf("statement %+v", s)
	}
	if s.Verifier != "https://rebuilder.example" || s.Resource != "git+https://git.example/kms-enclave@"+f.commit ||
		s.PolicyURI != "https://git.example/kms-enclave#//enclave:release" || s.PolicySHA256 != release.Digest(f.published[release.ProvenancePath]) {
		t.Errorf("statement %+v", s)
	}
	if s.Versions["bazel"] != "7.7.1" || s.Versions["kmsverify"] != "test" {
		t.Errorf("versions %v", s.Versions)
	}
	m := f.published.Manifest(t)
	if len(s.Subjects) != len(m.Files)+1 {
		t.Errorf("%d subjects for %d files", len(s.Subjects), len(m.Files))
	}
	for _, subject := range s.Subjects {
		if subject.SHA256 != release.Digest(f.published[subject.Name]) {
			t.Errorf("%s: %s", subject.Name, subject.SHA256)
		}
	}
	data, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vsa.Parse(data); err != nil {
		t.Error(err)
	}
}

func TestBuildTakesNothingThatOthersCanWrite(t *testing.T) {
	f := newFixture(t)
	f.options.Arguments = []string{"--jobs=2"}
	f.check(verdict.ConcludeVerified)
	arguments := strings.Split(strings.TrimSpace(f.seen("arguments")), "\n")
	build := slices.Index(arguments, "build")
	startup, command := arguments[:build], arguments[build:]
	for _, flag := range []string{"--nosystem_rc", "--nohome_rc", "--batch"} {
		if !slices.Contains(startup, flag) {
			t.Errorf("no %s in %v", flag, startup)
		}
	}
	scratch := filepath.Dir(strings.TrimSpace(f.seen("folder")))
	for _, flag := range []string{"--output_user_root=", "--output_base="} {
		if !slices.ContainsFunc(startup, func(s string) bool { return strings.HasPrefix(s, flag+scratch+"/") }) {
			t.Errorf("no %s in the scratch folder: %v", flag, startup)
		}
	}
	for _, flag := range []string{"--config=release", "--//tools/rules:source_commit=" + f.commit, "--//tools/rules:source_repository=https://git.example/kms-enclave"} {
		if !slices.Contains(command, flag) {
			t.Errorf("no %s in %v", flag, command)
		}
	}
	want := []string{
		"--jobs=2", "--disk_cache=", "--remote_cache=", "--remote_executor=", "--experimental_remote_downloader=", "--noremote_accept_cached",
		"--noremote_upload_local_results", "--", "//enclave:release",
	}
	if end := command[max(0, len(command)-len(want)):]; !slices.Equal(end, want) {
		t.Errorf("ends with %v", end)
	}
	for line := range strings.Lines(f.seen("environment")) {
		if strings.Contains(line, "evil") || strings.HasPrefix(line, "TMPDIR=") {
			t.Errorf("the build sees %s", line)
		}
	}
}

func TestFlagsThatChangeTheBuildAreRefused(t *testing.T) {
	for _, argument := range []string{"--jobs=4", "--verbose_failures", "--repository_cache=/x", "--repo_env=GOPROXY=https://proxy.example"} {
		if err := rebuild.CheckArgument(argument); err != nil {
			t.Errorf("%s: %v", argument, err)
		}
	}
	for _, argument := range []string{
		"", "--", "//enclave:other", "--config=remote", "--remote_cache=http://cache.example", "--disk_cache=/tmp/x", "--remote_executor=grpc://x",
		"--override_module=rules_go=/tmp/x", "--repo_env=PATH=/evil", "--action_env=X=1", "--jobs", "--verbose_failures=x", "--stamp",
	} {
		if err := rebuild.CheckArgument(argument); err == nil {
			t.Errorf("%s: accepted", argument)
		}
	}
	f := newFixture(t)
	f.options.Arguments = []string{"--disk_cache=/tmp/x"}
	f.check(verdict.ConcludeUnchecked, "could change what is built", "Leave the flag out.")
}

func TestCacheFolderThatOthersCanWriteIsRefused(t *testing.T) {
	f := newFixture(t)
	cache := t.TempDir()
	if err := os.Chmod(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	f.options.Environment = append(f.options.Environment[:1:1], "KMS_CACHE="+cache)
	outcome := f.check(verdict.ConcludeUnchecked, "others can write it", "chmod -R go-w")
	if outcome.Statement != nil {
		t.Error("there is a statement")
	}
}

func TestReleaseIsExpectedInEveryForm(t *testing.T) {
	f := newFixture(t)
	folder := f.published.Folder(t)
	tar := f.published.Tar(t)
	f.write(filepath.Join(t.TempDir(), "release.tar"), string(tar), 0o600)
	tarPath := filepath.Join(t.TempDir(), "kms.tar")
	f.write(tarPath, string(tar), 0o600)
	f.write(filepath.Join(f.state, "built.tar"), string(tar), 0o600)
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer server.Close()
	redirect := httptest.NewServer(http.RedirectHandler(server.URL+"/release.json", http.StatusFound))
	defer redirect.Close()
	f.options.Transport = http.DefaultTransport
	for name, expect := range map[string]string{
		"folder": folder, "tar": tarPath, "file": filepath.Join(folder, "release.json"), "site": server.URL, "address": server.URL + "/release.json",
	} {
		t.Run(name, func(t *testing.T) {
			f.options.Expect = expect
			text := "release.json"
			if name == "file" {
				text = "Not checked:"
			}
			outcome := f.check(verdict.ConcludeVerified, text)
			if outcome.Statement == nil || outcome.Statement.PolicySHA256 != release.Digest(f.published[release.ProvenancePath]) {
				t.Errorf("statement %+v", outcome.Statement)
			}
		})
	}
}

func TestExpectationThatCannotBeReadIsNotChecked(t *testing.T) {
	empty := httptest.NewServer(http.NotFoundHandler())
	defer empty.Close()
	for name, c := range map[string]struct{ expect, text string }{
		"nothing there":     {"/nonexistent/release", "no such file"},
		"folder without":    {t.TempDir(), "it is not there"},
		"site without":      {empty.URL, "expected status 200, found 404"},
		"plain http":        {"http://kms.example/release.json", "expected an https address"},
		"address of a page": {"https://kms.example/index.html", "expected the origin of a site"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.options.Expect, f.options.Transport = c.expect, http.DefaultTransport
			f.check(verdict.ConcludeUnchecked, c.text)
		})
	}
}

func TestBrokenManifestIsRefuted(t *testing.T) {
	f := newFixture(t)
	f.published[release.ManifestPath] = append(f.published[release.ManifestPath], '\n')
	f.check(verdict.ConcludeRefuted, "wrong manifest: release.json")
}

func TestReleaseWithoutCommitCannotBeRebuilt(t *testing.T) {
	f := newFixture(t)
	f.name(release.Unreleased)
	f.check(verdict.ConcludeUnchecked, "release.json names no commit")
}
