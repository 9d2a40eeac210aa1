// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// Begin says at which entry a monitor without a state begins.
type Begin int64

// Where a monitor may begin, besides at the entry of any number.
const (
	Continue Begin = -1 // it does not: there must be a state
	FromNow  Begin = -2 // at the end of the log
)

// Config is what one look at a log needs.
type Config struct {
	Source      Source
	Policy      *policy.Policy
	Trust       *trust.Root
	Known       []Release
	State       string // path
	Begin       Begin
	Acknowledge []int64 // numbers of alarms
	Others      []Other // checkpoints that others saw
	Now         time.Time
	disk        disk                                  // nil for the file system
	evidence    func(*verdict.Report, evidence.Input) // nil for that of package evidence
	required    []verdict.Step                        // of the evidence
	saveEvery   int64                                 // entries; 0 for the constant
}

// Other is a checkpoint that somebody else saw.
type Other struct{ Name, Text string }

// Required returns the steps without which no look at a log was complete.
func Required(p *policy.Policy) []verdict.Step {
	steps := []verdict.Step{verdict.Checkpoint, verdict.Consistency, verdict.LogEntry}
	if p.Witnesses.Threshold > 0 {
		steps = append(steps, verdict.Witness)
	}
	return steps
}

// run is one look.
type run struct {
	ctx    context.Context
	report *verdict.Report
	config Config
	judge  judge
	watch  watch
	known  *known
	state  *State // nil if there was none, until the first checkpoint is verified
}

const (
	adviceTry   = "Try again; what was looked at already is kept."
	adviceState = "Keep the state where only the monitor writes. If it is lost, begin a new one with --from, and say so to those who rely on it."
)

// Run looks once, and returns the state as it is on disk afterwards; nil if
// there is none.
func Run(ctx context.Context, report *verdict.Report, config Config) *State {
	if config.disk == nil {
		config.disk = system{}
	}
	if config.saveEvery == 0 {
		config.saveEvery = saveEvery
	}
	if config.evidence == nil {
		config.evidence, config.required = evidence.Check, evidence.Required(config.Policy)
	}
	release, err := lock(config.State)
	if err != nil {
		report.Miss(verdict.Input, config.State, err.Error(), "Let one run at a time use a state.")
		return nil
	}
	defer release()
	r := &run{
		ctx: ctx, report: report, config: config,
		judge: judge{config.Policy, config.Trust},
		watch: newWatch(config.Policy, config.Trust),
	}
	if !r.begin() {
		return r.state
	}
	r.known = newKnown(report, &r.config)
	r.look()
	r.alarms()
	return r.state
}

// begin loads the state, and says whether to go on.
func (r *run) begin() bool {
	state, err := load(r.config.State)
	switch {
	case err != nil:
		r.report.Miss(verdict.Input, r.config.State, err.Error(), adviceState)
		return false
	case state == nil && r.config.Begin == Continue:
		r.report.Miss(verdict.Input, r.config.State, "there is no state", adviceState)
		return false
	case state != nil && r.config.Begin != Continue:
		r.report.Miss(verdict.Input, r.config.State, "there is a state already, which goes on where it is", "Leave out --from, or name another state.")
		return false
	}
	r.state = state
	return r.acknowledge()
}

func (r *run) acknowledge() bool {
	for _, number := range r.config.Acknowledge {
		if r.state == nil || !r.state.acknowledge(number) {
			r.report.Miss(verdict.Input, fmt.Sprintf("alarm %d", number), "there is no open alarm of this number", "Look at the numbers without --acknowledge.")
			return false
		}
	}
	return len(r.config.Acknowledge) == 0 || r.save()
}

// save replaces the state on disk, and says whether it is there.
func (r *run) save() bool {
	if err := replace(r.config.disk, r.config.State, r.state.Marshal()); err != nil {
		r.report.Miss(verdict.Input, r.config.State, plainly(err), "See that the state's folder can be written, and run again: nothing is lost.")
		return false
	}
	return true
}

// look fetches and checks everything, as far as it gets.
func (r *run) look() {
	text, err := r.config.Source.Read(r.ctx, "checkpoint", maxCheckpoint)
	if err != nil {
		r.missed(verdict.Fetch, "checkpoint", err)
		return
	}
	head, err := r.judge.verify(string(text))
	if err != nil {
		r.refused("checkpoint", err)
		return
	}
	r.report.Pass(verdict.Checkpoint, fmt.Sprintf("%s at size %d", head.Origin, head.Tree.N))
	if r.config.Policy.Witnesses.Threshold > 0 {
		r.report.Pass(verdict.Witness, fmt.Sprintf("%s at size %d", head.Origin, head.Tree.N))
	}
	if !r.inTime(head) || !r.compareOthers(head) || !r.follow(head) {
		return
	}
	r.watchSame()
	if r.scan(head) {
		r.succeed()
	}
}

// inTime says whether the log's key was valid when it signed. Without
// witnesses nobody knows when that was, but for what is new since the last
// look, it was since then.
func (r *run) inTime(head *Checkpoint) bool {
	at := head.Time
	if at.IsZero() {
		if r.state == nil || r.state.head().Tree == head.Tree {
			return true
		}
		at = r.config.Now
	}
	if err := r.judge.expired(head, at); err != nil {
		r.refused("checkpoint", err)
		return false
	}
	return true
}

// follow checks that the log goes on from the state to head, and puts head
// into the state.
func (r *run) follow(head *Checkpoint) bool {
	if r.state == nil {
		return r.first(head)
	}
	before := r.state.head()
	if before.Origin != head.Origin {
		r.report.Miss(verdict.Input, r.config.State, "it is of the log "+verdict.Quote(before.Origin), "Keep one state for each log.")
		return false
	}
	// A log that lost its newest entries cannot show that it is of the same
	// version, but it signed that it is smaller.
	relation := r.relate(&before, head)
	if relation != forked && head.Tree.N < before.Tree.N {
		r.rolledBack(before, head)
		return false
	}
	if relation != related {
		return false
	}
	r.report.Pass(verdict.Consistency, fmt.Sprintf("%s from %d to %d", head.Origin, before.Tree.N, head.Tree.N))
	r.state.Checkpoint = head.Text
	return r.save()
}

// first makes the first state.
func (r *run) first(head *Checkpoint) bool {
	at := int64(r.config.Begin)
	if r.config.Begin == FromNow {
		at = head.Tree.N
	}
	if at > head.Tree.N {
		r.report.Miss(verdict.Input, "--from", fmt.Sprintf("the log has only %d entries", head.Tree.N), "Give a smaller number, or now.")
		return false
	}
	got, err := rootAt(r.ctx, r.config.Source, head.Tree, head.Tree.N)
	if err != nil || got != head.Tree.Hash {
		r.missed(verdict.Consistency, head.Origin, err)
		return false
	}
	r.report.Pass(verdict.Consistency, fmt.Sprintf("%s at %d, the first look", head.Origin, head.Tree.N))
	if at > 0 {
		r.report.Leave(verdict.LogEntry, fmt.Sprintf("entries before %d", at), "the monitor began after them", "Begin another state with --from 0 to look at all.")
	}
	r.state = &State{Log: head.Origin, Watched: r.watch.digest(), Checkpoint: head.Text, First: at, Next: at}
	return r.save()
}

// rootAt returns the root that the first n entries of a tree have, from tiles
// that lead to the tree's own root.
func rootAt(ctx context.Context, source Source, tree tlog.Tree, n int64) (tlog.Hash, error) {
	if n == 0 {
		return tlog.TreeHash(0, nil)
	}
	return tlog.TreeHash(n, hashes(ctx, source, tree))
}

// watchSame raises an alarm if others were watched before.
func (r *run) watchSame() {
	watched := r.watch.digest()
	if r.state.Watched == watched {
		return
	}
	if r.state.Next > r.state.First {
		r.state.raise(Alarm{Kind: WatchChanged, Entry: r.state.Next, Who: r.config.Policy.Name, Digest: watched})
	}
	r.state.Watched = watched
}

func (r *run) succeed() {
	if r.config.Now.IsZero() {
		return
	}
	r.state.Succeeded = max(r.config.Now.Unix(), 0)
	r.save()
}

// missed records that something could not be looked at. Tiles that do not lead
// to the root are worse: the log serves what it did not sign.
func (r *run) missed(step verdict.Step, subject string, err error) {
	var read *ReadError
	switch {
	case errors.As(err, &read):
		r.report.Miss(verdict.Fetch, read.Path, read.Reason, adviceTry)
	default:
		r.report.Refute(step, subject, "tiles and entries whose hashes lead to the root that the log signed", "others",
			"Try again. If it stays so, the log, or somebody between, alters it: ask its operator, and look from another network.")
	}
}

// refused records what is wrong with a checkpoint.
func (r *run) refused(subject string, err error) {
	var f *fault
	if errors.As(err, &f) {
		r.report.Refute(f.step, subject, f.expected, f.found, f.advice)
	}
}
