// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/verdict"
)

// bazelArguments begin the flags of bazel that may be added: those that change
// how fast it builds and what it says, and where downloads lie, which are pinned
// by hash. None of them changes what is built.
var bazelArguments = []string{
	"--jobs=", "--local_resources=", "--local_cpu_resources=", "--local_ram_resources=", "--loading_phase_threads=",
	"--verbose_failures", "--subcommands", "--profile=", "--sandbox_base=", "--show_timestamps",
	"--repository_cache=", "--distdir=", "--http_timeout_scaling=", "--http_connector_attempts=",
	"--repo_env=GOPROXY=", "--repo_env=NPM_CONFIG_REGISTRY=",
}

// CheckArgument returns an error if a flag for bazel may not be added.
func CheckArgument(argument string) error {
	for _, allowed := range bazelArguments {
		if argument == allowed || strings.HasSuffix(allowed, "=") && strings.HasPrefix(argument, allowed) {
			return nil
		}
	}
	return fmt.Errorf("%s could change what is built, so it is not passed on; these can be: %s", verdict.Quote(argument), strings.Join(bazelArguments, " "))
}

// passedOn are the variables that git and tools/bazel see: where programs, the
// home folder and the caches are, and how to reach the network. TMPDIR is not
// one of them: actions would get it, and do not see that folder.
var passedOn = []string{
	"PATH", "HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "SSH_AUTH_SOCK",
	"KMS_CACHE", "KMS_REGISTRY", "KMS_ROOT", "KMS_DEBIAN_MIRROR", "BAZEL_REAL", "GOPROXY", "NPM_CONFIG_REGISTRY",
	"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
}

func (r *rebuilder) environment() []string {
	var environment []string
	for _, variable := range r.Environment {
		if name, _, ok := strings.Cut(variable, "="); ok && slices.Contains(passedOn, name) {
			environment = append(environment, variable)
		}
	}
	return environment
}

func (r *rebuilder) getenv(name string) string {
	for _, variable := range r.Environment {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}

// cacheFolder is where tools/bazel keeps Bazel and downloads.
func (r *rebuilder) cacheFolder() string {
	if folder := r.getenv("KMS_CACHE"); folder != "" {
		return folder
	}
	if folder := r.getenv("XDG_CACHE_HOME"); folder != "" {
		return filepath.Join(folder, "kms-enclave")
	}
	return filepath.Join(r.getenv("HOME"), ".cache", "kms-enclave")
}

// command returns the whole command line of the build.
func (r *rebuilder) command() []string {
	source := r.expect.manifest.Source
	line := []string{
		filepath.Join(r.tree(), "tools", "bazel"),
		// Without a server of its own nothing outlives the build.
		"--nosystem_rc", "--nohome_rc", "--batch",
		"--output_user_root=" + filepath.Join(r.scratch, "bazel"), "--output_base=" + filepath.Join(r.scratch, "base"),
		"build", "--config=release", "--color=no", "--curses=no", "--show_progress_rate_limit=60",
		"--//tools/rules:source_commit=" + source.Commit, "--//tools/rules:source_repository=" + source.Repository,
	}
	line = append(line, r.Arguments...)
	// Last, so that nothing before it counts.
	return append(line, "--disk_cache=", "--remote_cache=", "--remote_executor=", "--experimental_remote_downloader=", "--noremote_accept_cached",
		"--noremote_upload_local_results", "--", Target)
}

// build builds the release in the clone and reads it.
func (r *rebuilder) build(ctx context.Context) bool {
	for _, argument := range r.Arguments {
		if err := CheckArgument(argument); err != nil {
			r.report.Miss(verdict.Build, Target, err.Error(), "Leave the flag out.")
			return false
		}
	}
	if err := checkPrivate(r.cacheFolder()); err != nil {
		r.report.Miss(verdict.Build, Target, "the cache folder "+r.cacheFolder()+" is not private: "+err.Error(),
			"Make it yours and run chmod -R go-w on it, or name another one in KMS_CACHE.")
		return false
	}
	line := r.command()
	if _, err := os.Stat(line[0]); err != nil {
		r.report.Miss(verdict.Build, Target, "the source has no tools/bazel at this commit", "Check that this is a repository of the enclave.")
		return false
	}
	r.say("building " + Target + ", which takes some minutes; output goes to " + r.log())
	started := time.Now()
	if err := run(ctx, r.tree(), r.environment(), r.log(), line...); err != nil {
		r.buildFailed(ctx, err)
		return false
	}
	r.say("built in " + time.Since(started).Round(time.Second).String())
	if err := r.readOutputs(); err != nil {
		r.report.Miss(verdict.Build, Target, "its outputs cannot be read: "+reason(err), "Look at the output of the build; --keep leaves it.")
		return false
	}
	r.bazel = r.bazelVersion(ctx)
	r.report.Pass(verdict.Build, Target)
	return true
}

func (r *rebuilder) log() string { return filepath.Join(r.scratch, "build.log") }

// buildFailed tells why, as far as that can be known from the last lines.
func (r *rebuilder) buildFailed(ctx context.Context, err error) {
	lines := lastLines(r.log(), 15)
	for _, line := range lines {
		r.say("| " + line)
	}
	said := strings.Join(lines, "\n")
	found, advice := err.Error(), "Look at the lines above; --keep leaves all of the output."
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		found, advice = "it did not end in time", "Give it more with --timeout."
	case ctx.Err() != nil:
		found, advice = "interrupted", "Run it again."
	case isFull(said):
		found, advice = "no space left on the device", adviceFull
	}
	r.report.Miss(verdict.Build, Target, found, advice)
}

const adviceFull = "A rebuild needs about 5 GB in the scratch folder, and 2 GB in the cache folder the first time: name a larger disk with --work."

func isFull(text string) bool {
	return strings.Contains(text, "No space left on device") || strings.Contains(text, "no space left on device") || strings.Contains(text, "ENOSPC") ||
		strings.Contains(text, "Disk quota exceeded")
}

// adviceOn returns advice on an error of a program: about the disk if it is
// full.
func adviceOn(err error, advice string) string {
	if isFull(err.Error()) {
		return adviceFull
	}
	return advice
}

// readOutputs reads what was built.
func (r *rebuilder) readOutputs() (err error) {
	folder := filepath.Join(r.tree(), "bazel-bin", "enclave", "release")
	if r.rebuilt, err = artifact.ReadFolder(folder); err != nil {
		return err
	}
	if problems := r.rebuilt.Problems(); len(problems) > 0 {
		return fmt.Errorf("%s: expected %s, found %s", problems[0].Name, problems[0].Expected, problems[0].Found)
	}
	if r.expect.tar != nil {
		r.tar, err = readFile(folder + ".tar")
	}
	return err
}

// bazelVersion asks for the version of the Bazel that built, such as 7.7.1.
func (r *rebuilder) bazelVersion(ctx context.Context) string {
	said, err := output(ctx, r.tree(), r.environment(), filepath.Join(r.tree(), "tools", "bazel"), "--version")
	version, ok := strings.CutPrefix(strings.TrimSpace(said), "bazel ")
	if err != nil || !ok || version == "" || len(version) > 40 || verdict.Plain(version) != version {
		return "unknown"
	}
	return version
}
