// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/verdict"
)

// ForkFormat is the "format" of evidence of a fork.
const ForkFormat = "kms-enclave-fork/1"

// relation is how two checkpoints of one log stand to each other.
type relation int

const (
	related   relation = iota // one is of a log that goes on from the other's
	forked                    // recorded as an alarm
	unrelated                 // could not be told; recorded
)

// relate compares two checkpoints of one log, and records it if they are not
// of one version.
func (r *run) relate(a, b *Checkpoint) relation {
	small, big := a, b
	if small.Tree.N > big.Tree.N {
		small, big = big, small
	}
	if small.Tree == big.Tree {
		return related
	}
	if small.Tree.N == big.Tree.N {
		return r.forked(small, big, big.Tree.Hash, nil)
	}
	root, err := rootAt(r.ctx, r.config.Source, big.Tree, small.Tree.N)
	if err != nil {
		r.missed(verdict.Consistency, fmt.Sprintf("%s at %d", big.Origin, big.Tree.N), err)
		return unrelated
	}
	if root == small.Tree.Hash {
		return related
	}
	var proof tlog.TreeProof
	if small.Tree.N > 0 {
		proof, err = tlog.ProveTree(big.Tree.N, small.Tree.N, hashes(r.ctx, r.config.Source, big.Tree))
	}
	if err != nil {
		r.missed(verdict.Consistency, fmt.Sprintf("%s at %d", big.Origin, big.Tree.N), err)
		return unrelated
	}
	return r.forked(small, big, root, proof)
}

// forked writes the evidence and raises the alarm.
func (r *run) forked(small, big *Checkpoint, root tlog.Hash, proof tlog.TreeProof) relation {
	var hashes []wire.Value
	for _, hash := range proof {
		hashes = append(hashes, wire.String(base64.StdEncoding.EncodeToString(hash[:])))
	}
	data := wire.Object(
		wire.Member{Name: "format", Value: wire.String(ForkFormat)},
		wire.Member{Name: "log", Value: wire.String(small.Origin)},
		wire.Member{Name: "first", Value: wire.String(small.Text)},
		wire.Member{Name: "second", Value: wire.String(big.Text)},
		wire.Member{Name: "root", Value: wire.String(base64.StdEncoding.EncodeToString(root[:]))},
		wire.Member{Name: "proof", Value: wire.Array(hashes...)},
	).Append(nil)
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	path := r.evidencePath(digest)
	if err := replace(r.config.disk, path, data); err != nil {
		r.report.Miss(verdict.Input, path, plainly(err), "See that the state's folder can be written: this file proves that the log lies.")
	}
	if !r.raised(Alarm{Kind: Fork, Entry: big.Tree.N, Digest: digest}) {
		r.report.Refute(verdict.Consistency, fmt.Sprintf("%s at %d and %d", small.Origin, small.Tree.N, big.Tree.N),
			"one version of the log", "two: both signed checkpoints are in "+path, adviceFork)
	}
	return forked
}

// raised raises an alarm about the log itself, and says whether it is reported
// among the open ones: it is not if there is no state yet, or if it was
// acknowledged, which does not make it right.
func (r *run) raised(a Alarm) bool {
	if r.state == nil {
		return false
	}
	r.state.raise(a)
	r.save()
	return slices.ContainsFunc(r.state.Open(), func(b Alarm) bool {
		return b.Kind == a.Kind && b.Entry == a.Entry && b.Digest == a.Digest
	})
}

const (
	adviceFork     = "Do not rely on this log any more. Publish the file: it proves to everybody that the log lies."
	adviceRollback = "Look whether a cache is in between. If not, an old state of the log was put back: ask its operator."
)

// evidencePath returns where the evidence with a digest is.
func (r *run) evidencePath(digest string) string {
	return r.config.State + ".fork-" + digest[:min(16, len(digest))]
}

// rolledBack raises the alarm that the log is smaller than it was, though of
// the same version.
func (r *run) rolledBack(before Checkpoint, head *Checkpoint) {
	if !r.raised(Alarm{Kind: Rollback, Entry: head.Tree.N}) {
		r.report.Refute(verdict.Consistency, fmt.Sprintf("%s from %d to %d", head.Origin, before.Tree.N, head.Tree.N), "that it only grows",
			"an older checkpoint than seen before", adviceRollback)
	}
}

// compareOthers compares what others saw with head, and says whether to go on.
func (r *run) compareOthers(head *Checkpoint) bool {
	same := true
	for _, other := range r.config.Others {
		seen, _, err := r.judge.open(other.Text) // who cosigned it is no concern: the log signed it
		switch {
		case err != nil:
			r.refused(other.Name, err)
		case seen.Origin != head.Origin:
			r.report.Miss(verdict.Same, other.Name, "it is of the log "+verdict.Quote(seen.Origin), "Give checkpoints of this log.")
		default:
			same = r.compare(other.Name, seen, head) && same
		}
	}
	return same
}

func (r *run) compare(name string, seen, head *Checkpoint) bool {
	switch r.relate(seen, head) {
	case forked:
		return false
	case related:
		if seen.Tree.N > head.Tree.N {
			r.report.Miss(verdict.Same, name, fmt.Sprintf("the log shows you size %d, and showed others %d", head.Tree.N, seen.Tree.N),
				"Look again soon: if it stays so, the log hides its newest entries from you.")
			return true
		}
		r.report.Pass(verdict.Same, name)
	}
	return true
}
