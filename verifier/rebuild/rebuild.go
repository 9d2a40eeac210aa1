// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rebuild

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/explain"
	"ats.run/kms-enclave/verifier/verdict"
	"ats.run/kms-enclave/verifier/vsa"
)

// Target is what is built.
const Target = "//enclave:release"

// Options says what to rebuild, and how.
type Options struct {
	Source    string   // folder, or https or ssh URL, of a git repository
	Expect    string   // release.json, folder, tar, https origin of a site or URL of a release.json
	Work      string   // where the scratch folder is made; "" for the system's temporary folder
	Keep      bool     // leave the scratch folder
	Arguments []string // for bazel; see CheckArgument
	Verifier  string   // verifier.id of the statement, a URI
	Program   string   // version of this program, for the statement

	Environment []string // of the caller, as os.Environ
	Now         func() time.Time
	Transport   http.RoundTripper
	Progress    io.Writer // gets what is under way, a plain line each, and the explanation of a difference
}

// Outcome is what came of a rebuild beside the report.
type Outcome struct {
	Statement   *vsa.Summary         // nil if nothing can be stated
	Differences []explain.Difference // one for each file that differs, the one at the root first
	Scratch     string               // path of the scratch folder, if it was kept
}

// Required returns the steps without which nothing is reproduced.
func Required() []verdict.Step {
	return []verdict.Step{verdict.Input, verdict.Manifest, verdict.Clone, verdict.Build, verdict.Reproduced}
}

// Run rebuilds and compares. Everything that goes wrong is in the report.
func Run(ctx context.Context, report *verdict.Report, o Options) Outcome {
	r := &rebuilder{Options: o, report: report}
	if !r.load(ctx) || !r.sourceNamed() {
		return Outcome{}
	}
	if err := r.makeScratch(); err != nil {
		report.Miss(verdict.Clone, o.Source, "no scratch folder: "+reason(err), "Name a folder that you may write with --work.")
		return Outcome{}
	}
	defer r.removeScratch()
	if !r.clone(ctx) || !r.build(ctx) {
		return r.outcome(nil)
	}
	return r.outcome(r.compare(ctx))
}

type rebuilder struct {
	Options
	report  *verdict.Report
	expect  *expectation
	scratch string
	rebuilt *artifact.Set
	tar     []byte // as rebuilt; read only if one is expected
	bazel   string // its version
}

func (r *rebuilder) tree() string { return filepath.Join(r.scratch, "source") }

// makeScratch makes a folder that nobody else can write or read.
func (r *rebuilder) makeScratch() error {
	if r.Work != "" {
		if err := os.MkdirAll(r.Work, 0o700); err != nil {
			return err
		}
	}
	parent, err := filepath.Abs(r.Work)
	if r.Work == "" {
		parent, err = filepath.EvalSymlinks(os.TempDir())
	}
	if err != nil {
		return err
	}
	r.scratch, err = os.MkdirTemp(parent, "kms-rebuild-")
	return err
}

func (r *rebuilder) removeScratch() {
	if r.Keep {
		r.say("kept: " + r.scratch)
		return
	}
	if err := removeTree(r.scratch); err != nil {
		r.say("could not remove " + r.scratch + ": " + reason(err))
	}
}

// removeTree removes a folder whose folders may be read-only, as Bazel leaves
// them.
func removeTree(folder string) error {
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return err
	})
	return errors.Join(os.RemoveAll(folder), err)
}

func (r *rebuilder) outcome(differences []explain.Difference) Outcome {
	o := Outcome{Differences: differences, Statement: r.statement()}
	if r.Keep {
		o.Scratch = r.scratch
	}
	return o
}

// say tells what is under way.
func (r *rebuilder) say(line string) {
	if r.Progress != nil {
		io.WriteString(r.Progress, verdict.Plain(line)+"\n") // nobody to tell if that fails
	}
}

// reason says why something could not be done, without repeating a path.
func reason(err error) string {
	var wrapped *os.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}
