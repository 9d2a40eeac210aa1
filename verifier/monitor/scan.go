// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"ats.run/kms-enclave/verifier/verdict"
)

// saveEvery is after how many entries a long scan saves its place.
const saveEvery = 32 * tileWidth

// scan looks at every entry that was not looked at yet, and says whether it
// got to the end.
func (r *run) scan(head *Checkpoint) bool {
	from, saved := r.state.Next, r.state.Next
	publishers, claimed := r.state.Publishers, r.state.Claimed
	reader := hashes(r.ctx, r.config.Source, head.Tree)
	for r.state.Next < head.Tree.N {
		if err := r.bundle(head, reader); err != nil {
			r.missed(verdict.LogEntry, fmt.Sprintf("entries from %d", r.state.Next), err)
			r.save()
			return false
		}
		if r.state.Next-saved >= r.config.saveEvery {
			if !r.save() {
				return false
			}
			saved = r.state.Next
		}
	}
	if !r.save() {
		return false
	}
	subject := "no new entries"
	if head.Tree.N > from {
		subject = fmt.Sprintf("entries %d to %d: %d of publishers", from, head.Tree.N-1, r.state.Publishers-publishers)
	}
	r.report.Pass(verdict.LogEntry, subject)
	if n := r.state.Claimed - claimed; n > 0 {
		r.report.Leave(verdict.LogEntry, fmt.Sprintf("%d of the new entries", n),
			"their certificates name a signer of the policy, but no authority of the trust root issued them",
			"Anybody can write such entries; if there are many, somebody tries something.")
	}
	return true
}

// errTree says that entries are not those in the tree.
var errTree = fmt.Errorf("entries are not those in the tree")

// bundle looks at the entries of the bundle with the next one.
func (r *run) bundle(head *Checkpoint, reader tlog.HashReader) error {
	start := r.state.Next
	n := start / tileWidth
	end := min((n+1)*tileWidth, head.Tree.N)
	width := int(end - n*tileWidth)
	data, err := readTile(r.ctx, r.config.Source, "entries", n, width, maxBundle)
	if err != nil {
		return err
	}
	entries, err := parseBundle(data, width)
	if err != nil {
		return err
	}
	var indexes []int64
	for i := start; i < end; i++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, i))
	}
	leaves, err := reader.ReadHashes(indexes)
	if err != nil {
		return err
	}
	entries = entries[start-n*tileWidth:]
	for i, body := range entries {
		if tlog.RecordHash(body) != leaves[i] {
			return errTree
		}
	}
	for i, body := range entries {
		r.entry(start+int64(i), body)
	}
	r.state.Next = end
	return nil
}

// entry looks at one entry, which is in the tree.
func (r *run) entry(index int64, body []byte) {
	e, err := parseEntry(body)
	if err != nil {
		r.state.raise(Alarm{Kind: UnreadEntry, Entry: index})
		return
	}
	signer, claimed := r.watch.selected(e)
	switch {
	case claimed:
		r.state.Claimed++
	case signer == nil:
	case signer.role == rebuilder:
		r.state.Rebuilders++
	default:
		r.state.Publishers++
		if kind := r.known.explains(e.digest); kind != "" {
			r.state.raise(Alarm{Kind: kind, Entry: index, Who: signer.name, Digest: e.digest})
		}
	}
}

// alarms reports every alarm that nobody has acknowledged.
func (r *run) alarms() {
	if r.state == nil {
		return
	}
	for _, a := range r.state.Open() {
		step := verdict.LogEntry
		if a.Kind == Fork || a.Kind == Rollback {
			step = verdict.Consistency
		}
		text := r.words(a)
		r.report.Refute(step, text.subject, text.expected, text.found,
			fmt.Sprintf("%s Then acknowledge it with --acknowledge %d.", text.advice, a.Number))
	}
}

// words are an alarm in words.
type words struct{ subject, expected, found, advice string }

func (r *run) words(a Alarm) words {
	log := r.state.Log
	by := fmt.Sprintf("alarm %d: entry %d by %s at log %s", a.Number, a.Entry, a.Who, log)
	more := ""
	if a.Count > 1 {
		more = fmt.Sprintf(", and %d more", a.Count-1)
	}
	switch a.Kind {
	case UnknownRelease:
		return words{by, "a signature over a release that is known", "no known release: sha256 " + a.Digest + more + r.since(a),
			"Find out what was signed: ask the publisher for a release or statement with this digest, and put it into a --known folder. If nobody has it, the publisher's identity or key was misused: warn its users."}
	case NotRebuilt:
		return words{by, "a release that enough rebuilders got as well", "known but not rebuilt: sha256 " + a.Digest + more + r.since(a),
			"Ask the rebuilders, or rebuild it with kmsverify rebuild, and put their statements into its --known folder."}
	case NotProved:
		return words{by, "a release whose evidence fulfils the policy", "known, but its evidence does not: sha256 " + a.Digest + more + r.since(a),
			"See what is missing with kmsverify release --policy on its --known folder."}
	case UnreadEntry:
		return words{fmt.Sprintf("alarm %d: entry %d at log %s", a.Number, a.Entry, log), "a hashedrekord 0.0.2", "an entry of another kind" + more,
			"Use a newer kmsverify: who signed such an entry, this one cannot tell."}
	case WatchChanged:
		return words{fmt.Sprintf("alarm %d: entries before %d at log %s", a.Number, a.Entry, log), "that they were looked at for the signers of this policy", "the policy names other signers now",
			"Look at them again with another state and --from 0."}
	case Rollback:
		return words{fmt.Sprintf("alarm %d: log %s at size %d", a.Number, log, a.Entry), "that it only grows", "an older checkpoint than seen before" + more,
			adviceRollback}
	}
	return words{fmt.Sprintf("alarm %d: log %s at size %d", a.Number, log, a.Entry), "one version of the log", "two: both signed checkpoints are in " + r.evidencePath(a.Digest),
		adviceFork}
}

// since says what is known by now about the digest of an old alarm.
func (r *run) since(a Alarm) string {
	switch kind := r.known.explains(a.Digest); {
	case kind == a.Kind:
		return ""
	case kind == "":
		return "; by now explained by " + r.known.named(a.Digest)
	case kind == NotRebuilt:
		return "; by now known as " + r.known.named(a.Digest) + ", not rebuilt"
	case kind == NotProved:
		return "; by now known as " + r.known.named(a.Digest) + ", not proved"
	}
	return ""
}
