// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/verdict"
)

// sourceNamed says whether the release names a commit, and tells if the source
// is not where the release says that it is.
func (r *rebuilder) sourceNamed() bool {
	source := r.expect.manifest.Source
	if source.Commit == release.Unreleased {
		r.report.Miss(verdict.Clone, r.Source, "release.json names no commit", "Only a release that was built with --//tools/rules:source_commit can be rebuilt.")
		return false
	}
	if repositoryName(r.Source) != repositoryName(source.Repository) {
		r.report.Leave(verdict.Clone, r.Source, "the release names the repository "+verdict.Quote(source.Repository),
			"The commit is the same, and a commit names its content; whether it is published there was not looked at.")
	}
	return true
}

func repositoryName(address string) string {
	return strings.TrimSuffix(strings.TrimSuffix(address, "/"), ".git")
}

// Settings that would change what is checked out, or run something.
var gitSettings = []string{
	"-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.symlinks=true", "-c", "core.fsmonitor=false",
	"-c", "core.hooksPath=/dev/null", "-c", "core.attributesFile=/dev/null", "-c", "advice.detachedHead=false",
}

// git runs git. With the caller's own settings it can reach repositories that
// want credentials; without, nothing but the commit says what is checked out.
func (r *rebuilder) git(ctx context.Context, own bool, arguments ...string) (string, error) {
	environment := append(r.environment(),
		"GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1", "GIT_ATTR_NOSYSTEM=1", "GIT_ALLOW_PROTOCOL=file:https:ssh", "LC_ALL=C")
	if !own {
		environment = append(environment, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	}
	return output(ctx, r.scratch, environment, append(append([]string{"git"}, gitSettings...), arguments...)...)
}

// clone clones the source and checks its commit out.
func (r *rebuilder) clone(ctx context.Context) bool {
	commit := r.expect.manifest.Source.Commit
	source, err := r.localSource()
	if err != nil {
		r.report.Miss(verdict.Clone, r.Source, reason(err), "Give the folder or the https or ssh address of a git repository.")
		return false
	}
	r.say("cloning " + r.Source)
	// Without --no-local git would copy objects as they are, and not compute their names anew.
	if _, err := r.git(ctx, true, "clone", "--quiet", "--no-local", "--no-checkout", "--template=", "--", source, r.tree()); err != nil {
		r.report.Miss(verdict.Clone, r.Source, err.Error(), adviceOn(err, "Check the address, and that you may read there."))
		return false
	}
	if _, err := r.git(ctx, false, "-C", r.tree(), "cat-file", "-e", commit+"^{commit}"); err != nil {
		// A commit that no branch or tag leads to; not every server gives those.
		if _, err := r.git(ctx, true, "-C", r.tree(), "fetch", "--quiet", "origin", commit); err != nil {
			r.report.Miss(verdict.Clone, commit, "the source does not have this commit: "+err.Error(), "Give the repository that the release names, with all that was pushed to it.")
			return false
		}
	}
	if _, err := r.git(ctx, false, "-C", r.tree(), "checkout", "--quiet", "--force", "--detach", commit); err != nil {
		r.report.Miss(verdict.Clone, commit, err.Error(), adviceOn(err, "See why git could not check the commit out."))
		return false
	}
	return r.checkTree(ctx, commit)
}

// localSource makes a folder's path absolute; an address stays.
func (r *rebuilder) localSource() (string, error) {
	if strings.HasPrefix(r.Source, "https://") || strings.HasPrefix(r.Source, "ssh://") {
		return r.Source, nil
	}
	if _, err := os.Stat(r.Source); err != nil {
		return "", err
	}
	return filepath.Abs(r.Source)
}

// checkTree holds what was checked out against the commit.
func (r *rebuilder) checkTree(ctx context.Context, commit string) bool {
	head, err := r.git(ctx, false, "-C", r.tree(), "rev-parse", "--verify", "HEAD")
	if err != nil {
		r.report.Miss(verdict.Clone, commit, err.Error(), "See why git could not read its own clone.")
		return false
	}
	if head = strings.TrimSpace(head); head != commit {
		r.report.Refute(verdict.Clone, commit, "HEAD at "+commit, "HEAD at "+head, "The name in release.json is not that of a commit: do not use this release.")
		return false
	}
	changes, err := r.git(ctx, false, "-C", r.tree(), "status", "--porcelain", "--ignored", "--untracked-files=all")
	if err != nil {
		r.report.Miss(verdict.Clone, commit, err.Error(), "See why git could not read its own clone.")
		return false
	}
	if changes != "" {
		r.report.Miss(verdict.Clone, commit, "the tree is not as in the commit: "+firstLine(changes), "Use a file system that tells upper from lower case and has symbolic links.")
		return false
	}
	r.report.Pass(verdict.Clone, commit)
	return true
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
