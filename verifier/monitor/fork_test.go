// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/types/known/timestamppb"

	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/internal/sigtest"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// evidenceFile returns the only evidence beside the state.
func (w *world) evidenceFile() wire.Value {
	w.t.Helper()
	paths, err := filepath.Glob(w.config.State + ".fork-*")
	if err != nil || len(paths) != 1 {
		w.t.Fatalf("evidence %v, error %v", paths, err)
	}
	data, err := os.ReadFile(paths[0])
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := wire.ParseCanonical(data)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// wantProof checks that the evidence convinces somebody who knows only the
// log's key.
func (w *world) wantProof() {
	w.t.Helper()
	v := w.evidenceFile()
	j := judge{w.config.Policy, w.config.Trust}
	first, _, err := j.open(textAt(v, "first"))
	if err != nil {
		w.t.Fatal(err)
	}
	second, _, err := j.open(textAt(v, "second"))
	if err != nil {
		w.t.Fatal(err)
	}
	sum, err := base64.StdEncoding.DecodeString(textAt(v, "root"))
	if err != nil || len(sum) != tlog.HashSize {
		w.t.Fatalf("root of %d bytes, error %v", len(sum), err)
	}
	root := tlog.Hash(sum)
	if root == first.Tree.Hash {
		w.t.Error("the evidence is of no fork")
	}
	if first.Tree.N == second.Tree.N {
		if root != second.Tree.Hash {
			w.t.Error("the root is not the second's")
		}
		return
	}
	var proof tlog.TreeProof
	list, _ := v.Get("proof")
	elements, _ := list.Elements()
	for _, element := range elements {
		text, _ := element.AsString()
		hash, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			w.t.Fatal(err)
		}
		proof = append(proof, tlog.Hash(hash))
	}
	if err := tlog.CheckTree(proof, second.Tree.N, second.Tree.Hash, first.Tree.N, root); err != nil {
		w.t.Error(err)
	}
}

func TestForkIsProvedAndStays(t *testing.T) {
	for _, c := range []struct {
		name           string
		before, behind int // entries of the version that was seen first, and of the second
	}{
		{"second version is larger", 300, 600},
		{"second version is as large", 300, 300},
		{"second version is smaller", 600, 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill(10)
			fork := w.stack.Fork()
			w.fill(c.before)
			report, _ := w.look()
			wantFine(t, report)
			first := w.stateOnDisk().Checkpoint
			second := world{t: t, stack: fork}
			fork.SignMessage(acme, []byte("only in this version"))
			second.fill(c.behind - 1)
			if c.behind < c.before {
				w.config.Source = either{w.config.Source, sourceOf(t, fork)} // the log serves the tiles of both
			} else {
				w.serve(fork)
			}
			for range 2 {
				report, _ = w.look()
				wantCheck(t, report, verdict.Consistency, verdict.Refuted, "alarm 1: log .* both signed checkpoints are in .*state.fork-")
				if w.stateOnDisk().Checkpoint != first {
					t.Error("the second version took the place of the first")
				}
			}
			w.wantProof()
			w.config.Acknowledge = []int64{1}
			report, _ = w.look()
			wantCheck(t, report, verdict.Consistency, verdict.Refuted, "two")
		})
	}
}

// either serves the checkpoint of one log, and the tiles of the other.
type either struct{ tiles, checkpoint Source }

func sourceOf(t *testing.T, stack *sigtest.Stack) Source {
	w := world{t: t}
	w.serve(stack)
	return w.config.Source
}

func TestSmallerTreeIsAlarmed(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	old := w.stack.Fork()
	w.fill(300)
	w.look()
	w.config.Source = either{w.config.Source, sourceOf(t, old)}
	report, _ := w.look()
	wantCheck(t, report, verdict.Consistency, verdict.Refuted, "alarm 1: .* at size 10: an older checkpoint")
	w.config.Acknowledge = []int64{1}
	report, _ = w.look()
	wantCheck(t, report, verdict.Consistency, verdict.Refuted, "from 310 to 10")
	w.serve(w.stack)
	report, _ = w.look()
	wantFine(t, report)
}

// A log that was put back from a copy has nothing newer than the copy.
func TestSmallerTreeOfALogThatLostTheLargerIsAlarmed(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	old := w.stack.Fork()
	w.fill(300)
	w.look()
	w.serve(old)
	report, _ := w.look()
	wantCheck(t, report, verdict.Consistency, verdict.Refuted, "alarm 1: .* at size 10: an older checkpoint")
}

func TestCheckpointsOfOthersAreCompared(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	old := w.stack.Checkpoint()
	fork := w.stack.Fork()
	w.fill(300)
	now := w.stack.Checkpoint()
	unwitnessed := w.stack.With(sigtest.Faults{Cosigners: []int{}}).Checkpoint()
	w.config.Others = []Other{{"old", old}, {"now", now}, {"app", unwitnessed}}
	report, _ := w.look()
	wantFine(t, report)
	for _, name := range []string{"old", "now", "app"} {
		wantCheck(t, report, verdict.Same, verdict.OK, "^"+name+":")
	}
	second := world{t: t, stack: fork}
	second.fill(300)
	w.config.Others = []Other{{"witness", fork.Checkpoint()}}
	report, _ = w.look()
	wantCheck(t, report, verdict.Consistency, verdict.Refuted, "alarm 1: log")
	w.wantProof()
}

func TestCheckpointsOfOthersThatAreNoneAreRefuted(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	strange := sigtest.New(t, sigtest.Options{Seed: "stranger"}).Checkpoint()
	w.config.Others = []Other{{"strange", strange}, {"empty", ""}}
	report, _ := w.look()
	wantCheck(t, report, verdict.Checkpoint, verdict.Refuted, "^empty: something else")
	wantCheck(t, report, verdict.Checkpoint, verdict.Refuted, "^strange: none that verifies")
}

func TestLogThatShowsOthersMoreIsNotFine(t *testing.T) {
	w := newWorld(t)
	w.fill(10)
	old := w.stack.Fork()
	w.fill(300)
	w.config.Others = []Other{{"app", w.stack.Checkpoint()}}
	w.config.Source = either{sourceOf(t, w.stack), sourceOf(t, old)}
	report, _ := w.look()
	wantCheck(t, report, verdict.Same, verdict.Unavailable, "the log shows you size 10, and showed others 310")
}

func TestCheckpointNeedsItsSignatures(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*world)
		step    verdict.Step
		pattern string
	}{
		{"no witness", func(w *world) { w.serve(w.stack.With(sigtest.Faults{Cosigners: []int{}})) }, verdict.Witness, "^checkpoint: 0 on"},
		{"too few witnesses", func(w *world) { w.serve(w.stack.With(sigtest.Faults{Cosigners: []int{0}})) }, verdict.Witness, "^checkpoint: 1 on"},
		{"one witness twice in the policy", func(w *world) {
			w.config.Policy.Witnesses.Keys = []string{w.config.Policy.Witnesses.Keys[0], w.config.Policy.Witnesses.Keys[0]}
			w.config.Policy.Witnesses.Threshold = 2
		}, verdict.Witness, "1 on the checkpoint"},
		{"another log", func(w *world) { w.config.Policy.Log.Origins = []string{"elsewhere.test"} }, verdict.Checkpoint, "the log "},
		{"log that the trust root does not have", func(w *world) {
			w.config.Trust = edited(w, func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].BaseUrl = "https://elsewhere.test" })
		}, verdict.TrustRoot, "none"},
		{"key of another log", func(w *world) {
			w.config.Trust = edited(w, func(r *prototrustroot.TrustedRoot) { r.Tlogs[0].PublicKey.RawBytes[40] ^= 1 })
		}, verdict.Checkpoint, "none that verifies"},
		{"key that has ended", func(w *world) {
			w.config.Trust = edited(w, func(r *prototrustroot.TrustedRoot) {
				r.Tlogs[0].PublicKey.ValidFor.End = timestamppb.New(sigtest.Epoch.Add(-time.Hour))
			})
		}, verdict.Checkpoint, "a checkpoint of 20"},
		{"key that begins later", func(w *world) {
			w.config.Trust = edited(w, func(r *prototrustroot.TrustedRoot) {
				r.Tlogs[0].PublicKey.ValidFor.Start = timestamppb.New(sigtest.Epoch.Add(time.Hour))
			})
		}, verdict.Checkpoint, "a checkpoint of 20"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.fill(3)
			c.change(w)
			report, state := w.look()
			wantCheck(t, report, c.step, verdict.Refuted, c.pattern)
			if state != nil {
				t.Error("the state took it")
			}
		})
	}
}

func edited(w *world, change func(*prototrustroot.TrustedRoot)) *trust.Root {
	w.t.Helper()
	trusted, err := trust.Parse("trusted_root.json", w.stack.EditRoot(change))
	if err != nil {
		w.t.Fatal(err)
	}
	return trusted
}

func TestClosedLogMayStayButNotGrow(t *testing.T) {
	w := newWorld(t)
	w.config.Policy.Witnesses.Threshold = 0 // so nobody says when it signed
	w.config.Trust = edited(w, func(r *prototrustroot.TrustedRoot) {
		r.Tlogs[0].PublicKey.ValidFor.End = timestamppb.New(w.config.Now.Add(-time.Minute))
	})
	w.fill(3)
	for range 2 {
		report, _ := w.look()
		wantFine(t, report)
	}
	w.fill(1)
	report, _ := w.look()
	wantCheck(t, report, verdict.Checkpoint, verdict.Refuted, "a checkpoint of 20")
}

func (e either) Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == "checkpoint" {
		return e.checkpoint.Read(ctx, path, limit)
	}
	return e.tiles.Read(ctx, path, limit)
}
