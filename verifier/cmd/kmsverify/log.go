// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/monitor"
	"ats.run/kms-enclave/verifier/site"
	"ats.run/kms-enclave/verifier/verdict"
)

var logCommand = command{
	name:     "log",
	argument: "URL|DIR",
	summary:  "watch a transparency log for what the publishers of a policy sign",
	flags: policyHelp + `  --state FILE       what is kept from one run to the next
  --from now|N       begin a new state at the end of the log, or at entry N;
                     without it there must be a state
  --known DIR        a release with its signatures, or a folder of such; may be
                     repeated
  --checkpoint FILE  also compare with this checkpoint, which a witness or an app
                     saw; may be repeated
  --acknowledge N    alarm N was looked into; may be repeated
  --prometheus FILE  write metrics for the textfile collector
  --timeout TIME     give up after TIME (default 10m); what was done is kept
`,
	bind: func(set *flag.FlagSet) runner {
		f := &logFlags{from: begin(monitor.Continue), policy: bindPolicy(set)}
		set.Var(&f.state, "state", "")
		set.Var(&f.from, "from", "")
		set.Var(&f.known, "known", "")
		set.Var(&f.others, "checkpoint", "")
		set.Var(&f.acknowledged, "acknowledge", "")
		set.Var(&f.metrics, "prometheus", "")
		set.DurationVar(&f.timeout, "timeout", 10*time.Minute, "")
		return f.run
	},
}

type logFlags struct {
	policy         *policyFlags
	state, metrics text
	known, others  texts
	from           begin
	acknowledged   numbers
	timeout        time.Duration
}

// begin is the value of the flag --from.
type begin monitor.Begin

func (b *begin) String() string { return "" }

func (b *begin) Set(value string) error {
	n, err := strconv.ParseInt(value, 10, 53)
	switch {
	case value == "now":
		*b = begin(monitor.FromNow)
	case err != nil || n < 0:
		return errors.New("expected now or the index of an entry")
	default:
		*b = begin(n)
	}
	return nil
}

// numbers is the value of the flag --acknowledge.
type numbers []int64

func (n *numbers) String() string { return "" }

func (n *numbers) Set(value string) error {
	number, err := strconv.ParseInt(value, 10, 53)
	if err != nil || number < 1 {
		return errors.New("expected the number of an alarm")
	}
	*n = append(*n, number)
	return nil
}

func (f *logFlags) run(ctx context.Context, _ *program, address string) (*verdict.Report, error) {
	if !f.policy.policy.set || !f.state.set {
		return nil, errors.New("expected --policy, which says whom to watch, and --state")
	}
	if f.timeout <= 0 {
		return nil, errors.New("--timeout: expected a time, such as 10m")
	}
	source, err := logSource(address)
	if err != nil {
		return nil, err
	}
	judgement, err := f.policy.load()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	report := verdict.New("log", address)
	for _, tell := range judgement.trouble {
		tell(report)
	}
	var state *monitor.State
	if judgement.policy != nil && judgement.root != nil {
		report = verdict.New("log", address, monitor.Required(judgement.policy)...)
		for _, tell := range judgement.trouble {
			tell(report)
		}
		state = f.look(ctx, report, source, judgement)
	}
	if f.metrics.set {
		if err := monitor.WriteMetrics(fromCaller(f.metrics.value), state, report.Conclude()); err != nil {
			report.Miss(verdict.Input, f.metrics.value, reason(err), "See that the folder of the metrics can be written.")
		}
	}
	return report, nil
}

// look does the work, once there is a policy to do it by.
func (f *logFlags) look(ctx context.Context, report *verdict.Report, source monitor.Source, j *judgement) *monitor.State {
	config := monitor.Config{
		Source: source, Policy: j.policy, Trust: j.root, Now: j.now,
		State: fromCaller(f.state.value), Begin: monitor.Begin(f.from), Acknowledge: f.acknowledged,
	}
	for _, path := range f.known {
		known, err := knownReleases(path)
		if err != nil {
			report.Miss(verdict.Input, path, reason(err), "Give folders of releases with --known.")
		}
		config.Known = append(config.Known, known...)
	}
	for i := range config.Known {
		config.Known[i].Items = j.items
	}
	for _, path := range f.others {
		data, err := readFile(path)
		if err != nil {
			report.Miss(verdict.Same, path, reason(err), "Give files that hold a checkpoint, byte by byte as it was handed out.")
			continue
		}
		config.Others = append(config.Others, monitor.Other{Name: path, Text: string(data)})
	}
	return monitor.Run(ctx, report, config)
}

// logSource returns the log at an address or in a folder.
func logSource(address string) (monitor.Source, error) {
	if !strings.Contains(address, "://") {
		return monitor.Folder(fromCaller(address)), nil
	}
	base, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("expected the address of a log, such as https://log.example/api/v2, or a folder")
	}
	return monitor.HTTP(base.String(), site.NewTransport()), nil
}

// knownReleases returns the release at path, or those in its folders.
func knownReleases(path string) ([]monitor.Release, error) {
	at := fromCaller(path)
	entries, err := os.ReadDir(at)
	if _, missing := os.Stat(filepath.Join(at, release.ManifestPath)); err != nil || missing == nil {
		set, err := artifact.Open(at) // perhaps a tar
		if err != nil {
			return nil, err
		}
		return []monitor.Release{{Name: path, Set: set}}, nil
	}
	var all []monitor.Release
	for _, entry := range entries {
		folder := filepath.Join(at, entry.Name())
		if _, err := os.Stat(filepath.Join(folder, release.ManifestPath)); err != nil {
			continue // something else that lies there
		}
		set, err := artifact.Open(folder)
		if err != nil {
			return all, err
		}
		all = append(all, monitor.Release{Name: filepath.ToSlash(filepath.Join(path, entry.Name())), Set: set})
	}
	return all, nil
}
