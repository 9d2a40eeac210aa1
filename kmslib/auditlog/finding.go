// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"strconv"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// Kind says what sort of fault a finding is. The words are stable.
type Kind string

// The kinds of faults of a bundle.
const (
	KindFormat      Kind = "format"               // a line is not in the specified form
	KindTruncation  Kind = "truncation"           // it ends before what it promises
	KindUser        Kind = "user"                 // something belongs to another user
	KindOrder       Kind = "order"                // a sequence number comes again or too late
	KindGap         Kind = "gap"                  // entries, or contents between others, are missing
	KindTime        Kind = "time"                 // a delegated key dated an entry back
	KindSigner      Kind = "signer"               // no key of the log has the id that an entry names
	KindSignature   Kind = "signature"            // a signature is not over the log up to its entry
	KindCertificate Kind = "certificate"          // a certificate is not signed by the log key
	KindScope       Kind = "certificate-scope"    // a delegated key signed what it may not
	KindValidity    Kind = "certificate-validity" // a delegated key signed when it may not
	KindCode        Kind = "certificate-code"     // a delegated key was used by another release
	KindRoot        Kind = "root"                 // the checkpoint is not over these entries
	KindCheckpoint  Kind = "checkpoint"           // the checkpoint is not signed by a key of the log
	KindKey         Kind = "key"                  // another log key than expected
	KindLog         Kind = "log"                  // the earlier checkpoint is of another log
	KindSinceKey    Kind = "since-key"            // no key of the log signed the earlier checkpoint
	KindRollback    Kind = "rollback"             // the log is shorter than an earlier checkpoint says
	KindFork        Kind = "fork"                 // the log does not continue an earlier checkpoint
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{
		KindFormat, KindTruncation, KindUser, KindOrder, KindGap, KindTime, KindSigner, KindSignature, KindCertificate,
		KindScope, KindValidity, KindCode, KindRoot, KindCheckpoint, KindKey, KindLog,
		KindSinceKey, KindRollback, KindFork,
	}
}

// Finding is one fault, or a run of the same fault in entries that follow each
// other, of which it describes the first.
type Finding struct {
	Kind     Kind
	Seq      int64  // the entry, or -1 if it is about the bundle as a whole
	Last     int64  // the last entry of the run; Seq if it is one
	Expected string // what would have been right, in plain words
	Text     string // what there is, in plain words
}

// String returns the finding as one line.
func (f Finding) String() string {
	return string(f.Kind) + ": " + f.Subject() + ": " + f.Text + "; expected " + f.Expected
}

// Subject says what the finding is about, such as "entry 7" or "entries 7 to 9".
func (f Finding) Subject() string { return subject(f.Seq, f.Last) }

// Remark is something that is no fault and that a reader should know.
type Remark struct {
	Seq, Last int64 // as in Finding
	Text      string
}

// Subject says what the remark is about.
func (r Remark) Subject() string { return subject(r.Seq, r.Last) }

func subject(first, last int64) string {
	switch {
	case first < 0:
		return "bundle"
	case first == last:
		return "entry " + strconv.FormatInt(first, 10)
	}
	return "entries " + strconv.FormatInt(first, 10) + " to " + strconv.FormatInt(last, 10)
}

// Since says how the log relates to the earlier checkpoint of Options.
type Since string

// The relations.
const (
	SinceNone      Since = ""             // there was none
	SinceContinued Since = "continued"    // the log begins with what the checkpoint is over
	SinceRefuted   Since = "refuted"      // a finding says why
	SinceUnreached Since = "out of reach" // the bundle begins after it
)

// Result is what Verify found. If there are no findings, each entry was signed,
// over the log as it was then, by the key that it names; every such key was
// allowed to; and the checkpoint is over exactly these entries.
type Result struct {
	Findings []Finding // the first fault first
	More     int       // findings beyond the limit of 1000
	Remarks  []Remark

	User         string
	Point        []byte // the log key
	First, Size  int64  // the bundle holds entries First to Size-1
	Entries      int64  // records that were read, with those that were pruned
	Pruned       int64  // records without their entry
	Unchecked    int64  // records after a fault that leaves no tree to check their signatures against
	Delegated    int64  // records that a delegated key signed
	Covered      int64  // those of them whose certificate was compared with the entry
	Certificates int
	From, To     int64 // times of the first and last entry that was not pruned; 0 if there is none
	Root         merkle.Hash
	Checkpoint   *Checkpoint // of the bundle; nil if it could not be read
	Since        Since
}

// OK says whether there are no findings. What an earlier checkpoint could not
// tell is in Since.
func (r *Result) OK() bool { return len(r.Findings) == 0 }

// Has says whether there is a finding of the kind.
func (r *Result) Has(kind Kind) bool {
	for _, f := range r.Findings {
		if f.Kind == kind {
			return true
		}
	}
	return false
}

const maxFindings = 1000

// add records a fault of entry seq, or of the bundle if seq is -1, unless it
// continues a run.
func (r *Result) add(kind Kind, seq int64, expected, text string) {
	r.addRun(kind, seq, seq, expected, text)
}

func (r *Result) addRun(kind Kind, first, last int64, expected, text string) {
	for i := max(0, len(r.Findings)-len(Kinds())); i < len(r.Findings); i++ {
		if f := &r.Findings[i]; f.Kind == kind && f.Seq >= 0 && f.Last == first-1 && f.Expected == expected {
			f.Last = last
			return
		}
	}
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{kind, first, last, expected, text})
}
