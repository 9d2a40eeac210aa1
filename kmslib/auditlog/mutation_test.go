// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
)

// subject is what a mutation works on: a log of 25 entries, and what is exported
// of it.
type subject struct {
	log   *auditlogtest.Log
	lines [][]byte // written after log was altered, unless they are there
	o     auditlog.Options
}

// edit changes the text of a line of the bundle; line 0 is the header.
func (s *subject) edit(line int, old, replacement string) {
	s.export()
	if !bytes.Contains(s.lines[line], []byte(old)) {
		panic("line without " + old)
	}
	s.lines[line] = bytes.Replace(s.lines[line], []byte(old), []byte(replacement), 1)
}

func (s *subject) remove(from, to int) {
	s.export()
	s.lines = slices.Delete(s.lines, from, to)
}

func (s *subject) export() {
	if s.lines == nil {
		s.lines = s.log.Lines(0)
	}
}

type mutation struct {
	name   string
	change func(t *testing.T, s *subject)
	want   []string // what the findings say, in order, each as a part of String
}

var other = auditlogtest.NewKey("other")

// mutations hold at least one for each kind of finding.
//
// Mistakes M13, M14 and M15 (docs/mistakes.md).
var mutations = []mutation{
	// M13: something is taken out, in the middle or at the end.
	{"entry taken out", func(_ *testing.T, s *subject) { s.remove(8, 9) },
		[]string{"gap: entry 7: missing"}},
	{"several entries taken out", func(_ *testing.T, s *subject) { s.remove(8, 12) },
		[]string{"gap: entries 7 to 10: missing"}},
	{"entry taken out, the rest numbered again", func(_ *testing.T, s *subject) {
		s.log.Records = slices.Delete(s.log.Records, 7, 8)
		for i := 7; i < len(s.log.Records); i++ {
			e := *s.log.Records[i].Entry
			e.Seq = int64(i)
			s.log.Records[i].Entry = &e
		}
	}, []string{"signature: entries 7 to 23: not that", "truncation: bundle: entries up to 23: the rest is missing"}},
	{"last entries taken out", func(_ *testing.T, s *subject) { s.remove(21, 26) },
		[]string{"truncation: bundle: entries up to 19: the rest is missing"}},
	{"last entries taken out and the size lowered", func(_ *testing.T, s *subject) {
		s.remove(21, 26)
		s.edit(0, `"size":25`, `"size":20`)
	}, []string{"truncation: bundle: entries up to 19: the checkpoint is over 25"}},
	{"end cut off", func(_ *testing.T, s *subject) { s.remove(21, 27) },
		[]string{"truncation: bundle: entries up to 19: there is no checkpoint"}},
	{"everything but the header cut off", func(_ *testing.T, s *subject) { s.remove(1, 27) },
		[]string{"truncation: bundle: no entries: there is no checkpoint"}},
	{"older state in all its parts", func(t *testing.T, s *subject) {
		s.o.Since = checkpoint(t, s.log.Checkpoint())
		s.log = auditlogtest.NewLog().Grow(20)
	}, []string{"rollback: bundle: entries up to 19: later ones were taken away"}},
	{"first entries taken out", func(_ *testing.T, s *subject) { s.remove(1, 3) },
		[]string{"gap: entries 0 to 1: missing"}},

	// Changed entries.
	{"outcome changed", func(_ *testing.T, s *subject) { s.edit(10, `"outcome":"locked"`, `"outcome":"denied"`) },
		[]string{"signature: entries 9 to 24: not that: the entry, one before it", "root: bundle: another root"}},
	{"two entries swapped", func(_ *testing.T, s *subject) {
		s.export()
		s.lines[6], s.lines[7] = s.lines[7], s.lines[6]
	}, []string{"gap: entry 5: missing", "order: entry 5: it comes after entry 6"}},
	{"entry twice", func(_ *testing.T, s *subject) {
		s.export()
		s.lines = slices.Insert(s.lines, 7, s.lines[6])
	}, []string{"order: entry 5: it comes after entry 5"}},
	{"entry beyond the end", func(_ *testing.T, s *subject) {
		s.export()
		s.log.Grow(1)
		s.lines = slices.Insert(s.lines, 26, s.log.Records[25].Line())
	}, []string{"order: entry 25: one beyond; expected entries up to 24", "root: bundle: one over 25 entries"}},
	{"entry of another user", func(_ *testing.T, s *subject) {
		e := *s.log.Records[4].Entry
		e.User = "someone-else"
		s.log.Records[4].Entry = &e
	}, []string{"user: entry 4: an entry of another user's log", "signature: entries 4 to 24", "root: bundle"}},
	{"pruned in the middle", func(_ *testing.T, s *subject) { s.log.Records[5] = s.log.Records[5].Prune() },
		[]string{"gap: entry 5: pruned although an earlier entry is there"}},

	// Signatures.
	{"signature changed", func(_ *testing.T, s *subject) { s.log.Records[6].Signature = flip(s.log.Records[6].Signature) },
		[]string{"signature: entry 6: not that"}},
	{"signature of another entry", func(_ *testing.T, s *subject) { s.log.Records[6].Signature = s.log.Records[7].Signature },
		[]string{"signature: entry 6: not that"}},
	{"unknown key", func(_ *testing.T, s *subject) { s.log.Add(auditlogtest.Entry(25), other) },
		[]string{"signer: entry 25: signed by a key that is neither", "checkpoint: bundle: no signature by such a key"}},
	{"last checkpoint by an unknown key", func(t *testing.T, s *subject) {
		s.log.Head.Signature, s.log.Head.Signer = sign(t, other, s.log), other.ID()
	}, []string{"checkpoint: bundle: no signature by such a key"}},

	// M14: an entry signed by a key that is allowed to, but is not the one that it
	// names.
	{"signed by another lease's key", func(t *testing.T, s *subject) {
		lease := auditlogtest.NewKey("lease 2")
		s.log.Certificates = append(s.log.Certificates, s.log.Certify(lease))
		s.log.Add(auditlogtest.Entry(29), s.log.Delegate)
		s.log.Records[25].Signature = sign(t, lease, s.log)
	}, []string{"signature: entry 25: not that: the entry, one before it or the signature was changed, or another key signed"}},
	{"delegated entry signed by the log key", func(t *testing.T, s *subject) {
		s.log.Add(auditlogtest.Entry(29), s.log.Delegate)
		s.log.Records[25].Signature = sign(t, s.log.Key, s.log)
	}, []string{"signature: entry 25: not that"}},

	// M15: certificates.
	{"delegated key signs what it may not", func(_ *testing.T, s *subject) { s.log.Add(auditlogtest.Entry(25), s.log.Delegate) },
		[]string{"certificate-scope: entry 25: vapid.sign with the outcome ok, which it does not allow"}},
	{"delegated key signs before its time", func(_ *testing.T, s *subject) {
		s.log.Certificates[0] = s.log.Certify(s.log.Delegate, func(c *auditlog.Certificate) { c.NotBefore = auditlogtest.Start + 600 })
	}, []string{"certificate-validity: entry 9: dated 2026-01-01T00:09:00Z, but the certificate is valid from 2026-01-01T00:10:00Z to"}},
	{"delegated key signs after its time", func(_ *testing.T, s *subject) {
		e := auditlogtest.Entry(29)
		e.Time = auditlogtest.Start + 86401
		s.log.Add(e, s.log.Delegate)
	}, []string{"certificate-validity: entry 25: dated 2026-01-02T00:00:01Z"}},
	{"another release uses the delegated key", func(_ *testing.T, s *subject) {
		e := auditlogtest.Entry(29)
		e.Release = strings.Repeat("ee", 32)
		s.log.Add(e, s.log.Delegate)
	}, []string{"certificate-code: entry 25: release eeee"}},
	{"no release is named", func(_ *testing.T, s *subject) {
		e := auditlogtest.Entry(29)
		e.Release = ""
		s.log.Add(e, s.log.Delegate)
	}, []string{"certificate-code: entry 25: no release named, but the certificate is for release 0011"}},
	{"certificate of another log key", func(_ *testing.T, s *subject) {
		forged := auditlogtest.NewLog()
		forged.Key = other
		s.log.Certificates[0] = forged.Certify(s.log.Delegate)
	}, []string{"certificate: bundle: certificate 1 is not signed by the log key"}},
	{"scope widened afterwards", func(_ *testing.T, s *subject) { s.edit(0, `"*:cancelled"`, `"*:canc"`) },
		[]string{"certificate: bundle: certificate 1 is not signed by the log key"}},
	{"certificate for another user", func(_ *testing.T, s *subject) {
		s.log.Certificates[0] = s.log.Certify(s.log.Delegate, func(c *auditlog.Certificate) { c.User = "someone-else" })
	}, []string{"user: bundle: certificate 1 is for another user's log"}},
	{"certificate left out", func(_ *testing.T, s *subject) { s.log.Certificates = nil },
		[]string{"signer: entry 9: signed by a key that is neither", "signer: entry 19"}},
	{"delegated key dates back", func(_ *testing.T, s *subject) {
		e := auditlogtest.Entry(29)
		e.Time = auditlogtest.Start
		s.log.Add(e, s.log.Delegate)
	}, []string{"time: entry 25: dated 2026-01-01T00:00:00Z, but the entry before 2026-01-01T00:24:00Z"}},

	// Heads that were kept elsewhere, and the key.
	{"another version of the log", func(t *testing.T, s *subject) {
		fork := auditlogtest.NewLog().Grow(10)
		e := auditlogtest.Entry(10)
		e.Method = "vapid.delete"
		fork.Add(e, fork.Key)
		s.o.Since = checkpoint(t, fork.Grow(3).Checkpoint())
	}, []string{"fork: bundle: other entries among the first 14: there are two versions of this log"}},
	{"log begun anew", func(t *testing.T, s *subject) {
		s.o.Since = checkpoint(t, s.log.Checkpoint())
		s.log = auditlogtest.NewLog()
		s.log.Key = other
		s.log.Certificates[0] = s.log.Certify(s.log.Delegate)
		s.log.Grow(25)
	}, []string{"since-key: bundle: the checkpoint that was given is signed by another key: the log was begun anew, or the checkpoint was changed",
		"fork: bundle: other entries among the first 25"}},
	{"log of another user", func(t *testing.T, s *subject) {
		s.o.Since = checkpoint(t, strings.ReplaceAll(s.log.Checkpoint(), auditlogtest.User, "someone-else"))
	}, []string{"log: bundle: the checkpoint that was given is of another log"}},
	{"another log key than expected", func(_ *testing.T, s *subject) { s.o.Key = other.Point() },
		[]string{"key: bundle: another log key"}},

	// The checkpoint of the bundle.
	{"checkpoint of another state", func(_ *testing.T, s *subject) {
		s.export()
		fork := auditlogtest.NewLog().Grow(24)
		fork.Add(auditlogtest.Entry(9), fork.Key)
		s.lines[26] = auditlog.Footer(fork.Checkpoint())
	}, []string{"root: bundle: another root"}},
	{"checkpoint of an earlier state", func(_ *testing.T, s *subject) {
		s.export()
		s.lines[26] = auditlog.Footer(auditlogtest.NewLog().Grow(24).Checkpoint())
	}, []string{"root: bundle: one over 24 entries; expected a checkpoint over 25 entries"}},
	{"checkpoint of another log", func(_ *testing.T, s *subject) {
		s.export()
		s.lines[26] = auditlog.Footer(strings.ReplaceAll(s.log.Checkpoint(), auditlogtest.User, "someone-else"))
	}, []string{"user: bundle: the checkpoint is of another log", "checkpoint: bundle"}},

	// Forms.
	{"checkpoint malformed", func(_ *testing.T, s *subject) { s.edit(26, "\\n25\\n", "\\n025\\n") },
		[]string{"format: bundle: checkpoint: the second line is not a tree size"}},
	{"line not canonical", func(_ *testing.T, s *subject) { s.edit(4, `{"entry"`, `{ "entry"`) },
		[]string{"format: entry 3: bundle: malformed JSON at byte 1: not the canonical encoding"}},
	{"field unknown", func(_ *testing.T, s *subject) { s.edit(4, `{"entry":{`, `{"entry":{"able":1,`) },
		[]string{"format: entry 3: record: unknown field in \"entry\""}},
	{"field missing", func(_ *testing.T, s *subject) { s.edit(4, `"outcome":"ok",`, "") },
		[]string{"format: entry 3: record: field \"entry.outcome\": missing"}},
	{"later version", func(_ *testing.T, s *subject) { s.edit(4, "audit-entry/1", "audit-entry/2") },
		[]string{"format: entry 3: record: field \"entry.format\": expected kms-enclave-audit-entry/1; another release may read it"}},
	{"signature too short", func(_ *testing.T, s *subject) { s.edit(4, `"signature":"`, `"signature":"AAAA`) },
		[]string{"format: entry 3: record: field \"signature\": expected base64url of the right length"}},
	{"header missing", func(_ *testing.T, s *subject) { s.remove(0, 1) },
		[]string{"format: bundle: bundle: field \"format\""}},
	{"bundle empty", func(_ *testing.T, s *subject) { s.remove(0, 27) },
		[]string{"format: bundle: bundle: malformed JSON at byte 0"}},
	{"more after the end", func(_ *testing.T, s *subject) {
		s.export()
		s.lines = append(s.lines, []byte("{}\n"))
	}, []string{"format: bundle: more lines after it"}},
	{"last line without end", func(_ *testing.T, s *subject) {
		s.export()
		s.lines[26] = bytes.TrimSuffix(s.lines[26], []byte("\n"))
	}, []string{"format: bundle: its last line has no end", "truncation: bundle"}},
}

// TestEveryMutationIsFound checks each finding of each mutation, so also that none
// hides behind another.
func TestEveryMutationIsFound(t *testing.T) {
	seen := make(map[auditlog.Kind]bool)
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			s := &subject{log: auditlogtest.NewLog().Grow(25)}
			m.change(t, s)
			s.export()
			result := verify(t, bytes.Join(s.lines, nil), s.o)
			if result.OK() {
				t.Fatal("nothing was found")
			}
			for i, f := range result.Findings {
				seen[f.Kind] = true
				if i >= len(m.want) || !strings.HasPrefix(f.String(), m.want[i]) {
					t.Errorf("finding %d: %s", i, f)
				}
			}
			if len(result.Findings) < len(m.want) {
				t.Errorf("missing: %q", m.want[len(result.Findings):])
			}
		})
	}
	for _, kind := range auditlog.Kinds() {
		if !seen[kind] {
			t.Errorf("no mutation is found as %s", kind)
		}
	}
}

func flip(signature []byte) []byte {
	flipped := slices.Clone(signature)
	flipped[63] ^= 1
	return flipped
}

// sign returns the signature of a key over the head of a log.
func sign(t *testing.T, key auditlogtest.Key, log *auditlogtest.Log) []byte {
	t.Helper()
	signature, err := key.Sign(t.Context(), checkpoint(t, log.Checkpoint()).Body())
	if err != nil {
		t.Fatal(err)
	}
	return signature
}
