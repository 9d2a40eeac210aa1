// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// Options say how to verify a bundle.
type Options struct {
	Since  *Checkpoint // an earlier checkpoint of the log that was kept elsewhere, or nil
	Key    []byte      // the log key as it is known from elsewhere, or nil
	Verify VerifyFunc
}

// Verify reads a bundle to its end and judges it as the package comment says. It
// keeps no more of it than a line. The error is one of reading; what is wrong with
// the bundle is in the findings of the result.
func Verify(bundle io.Reader, o Options) (*Result, error) {
	v := &verification{o: o, result: new(Result), lines: newLineReader(bundle)}
	begun, err := v.begin()
	if err != nil || !begun {
		return v.result, err
	}
	if err := v.body(); err != nil {
		return v.result, err
	}
	v.compare()
	return v.result, nil
}

// verification is the state between two lines.
type verification struct {
	o        Options
	result   *Result
	lines    *lineReader
	header   BundleHeader
	logID    string                   // id of the log key
	keys     map[string][]Certificate // by id of the delegated key
	frontier merkle.Frontier
	broken   bool         // the tree is lost: an entry before is missing or unreadable
	next     int64        // sequence number that must come
	time     int64        // of the entry before
	since    *merkle.Hash // root at the size of the earlier checkpoint
	prunedAt int          // index of the remark about pruned entries
}

// readLine returns the next line, or nil at the end or after a line that cannot be
// read, which it records.
func (v *verification) readLine() ([]byte, error) {
	data, err := v.lines.next()
	var malformed *FormatError
	switch {
	case errors.As(err, &malformed):
		v.result.add(KindFormat, -1, "lines of canonical JSON", malformed.Reason)
		return nil, nil
	case errors.Is(err, io.EOF):
		return nil, nil
	}
	return data, err
}

// begin reads the header, and says whether there is one to go on with.
func (v *verification) begin() (bool, error) {
	data, err := v.readLine()
	if err != nil {
		return false, err
	}
	v.header, err = parseHeader(data)
	if err != nil {
		v.result.add(KindFormat, -1, "a first line with the format "+BundleFormat, reasonOf(err))
		return false, nil
	}
	h, r := v.header, v.result
	r.User, r.Point, r.First, r.Size, r.Certificates = h.User, h.Point, h.First, h.Size, len(h.Certificates)
	v.logID, v.frontier, v.next = keyID(h.Point), h.Prefix, h.First
	if v.o.Key != nil && !bytes.Equal(v.o.Key, h.Point) {
		r.add(KindKey, -1, "the log key that was given", "another log key: someone else wrote this log, or it was begun anew")
	}
	v.certificates()
	v.atSize()
	return true, nil
}

func (v *verification) certificates() {
	v.keys = make(map[string][]Certificate)
	for i, c := range v.header.Certificates {
		name := "certificate " + strconv.Itoa(i+1)
		if c.User != v.header.User {
			v.result.add(KindUser, -1, "certificates of the user of the bundle", name+" is for another user's log")
		}
		if !v.o.Verify(v.header.Point, c.Message(), c.Signature) {
			v.result.add(KindCertificate, -1, "certificates that the log key signed", name+" is not signed by the log key")
		}
		v.keys[c.ID()] = append(v.keys[c.ID()], c)
	}
}

// body reads what follows the header.
func (v *verification) body() error {
	for {
		data, err := v.readLine()
		if err != nil {
			return err
		}
		if data == nil {
			v.truncated("there is no checkpoint at the end")
			return nil
		}
		record, checkpoint, err := parseLine(data)
		switch {
		case err != nil:
			v.result.add(KindFormat, v.next, "a line of a record in the specified form", reasonOf(err))
			v.broken = true
			v.next++
		case record == nil:
			return v.end(checkpoint)
		default:
			v.record(*record)
		}
	}
}

// truncated records that the bundle ends too early, and why that is known.
func (v *verification) truncated(text string) {
	v.result.add(KindTruncation, -1, "entries up to "+number(v.header.Size-1)+" and then the checkpoint over them",
		v.upTo()+": "+text)
}

// end reads the last line, and nothing after it.
func (v *verification) end(checkpoint string) error {
	if v.next < v.header.Size {
		v.truncated("the rest is missing")
	}
	v.checkpoint(checkpoint)
	more, err := v.readLine()
	if more != nil {
		v.result.add(KindFormat, -1, "the checkpoint as the last line", "more lines after it")
	}
	return err
}

func (v *verification) checkpoint(text string) {
	r := v.result
	r.Root = v.frontier.Root()
	c, err := ParseCheckpoint([]byte(text))
	if err != nil {
		r.add(KindFormat, -1, "a checkpoint as a signed note", reasonOf(err))
		return
	}
	r.Checkpoint = c
	switch {
	case c.Log != Origin(v.header.User):
		r.add(KindUser, -1, "the checkpoint of the user's log", "the checkpoint is of another log")
	case c.Size > v.next:
		if !r.Has(KindTruncation) {
			v.truncated("the checkpoint is over " + number(c.Size))
		}
	case c.Size != v.next:
		r.add(KindRoot, -1, "a checkpoint over "+number(v.next)+" entries", "one over "+number(c.Size)+" entries")
	case !v.broken && c.Root != r.Root:
		r.add(KindRoot, -1, "a checkpoint with the root of these entries", "another root: what the checkpoint is over was changed")
	}
	if !v.ours(c) {
		r.add(KindCheckpoint, -1, "a checkpoint that the log key or a delegated key signed", "no signature by such a key")
	}
}

// ours says whether a key of the log signed a checkpoint.
func (v *verification) ours(c *Checkpoint) bool {
	if c.SignedBy(v.header.Point, v.o.Verify) {
		return true
	}
	for _, d := range v.header.Certificates {
		if c.SignedBy(d.Point, v.o.Verify) {
			return true
		}
	}
	return false
}

// atSize notes the root where the earlier checkpoint was made.
func (v *verification) atSize() {
	if v.o.Since != nil && !v.broken && v.frontier.Size() == v.o.Since.Size {
		root := v.frontier.Root()
		v.since = &root
	}
}

// compare judges the log by the earlier checkpoint.
func (v *verification) compare() {
	since, r := v.o.Since, v.result
	if since == nil {
		return
	}
	r.Since = SinceRefuted
	if since.Log != Origin(v.header.User) {
		r.add(KindLog, -1, "an earlier checkpoint of this log", "the checkpoint that was given is of another log")
		return
	}
	signed := v.ours(since)
	if !signed {
		r.add(KindSinceKey, -1, "an earlier checkpoint that a key of this log signed",
			"the checkpoint that was given is signed by another key: the log was begun anew, or the checkpoint was changed")
	}
	switch {
	case since.Size > v.next:
		r.add(KindRollback, -1, "at least the "+number(since.Size)+" entries of the earlier checkpoint",
			v.upTo()+": later ones were taken away, or an old state was put back")
	case v.since == nil && since.Size < v.header.First:
		r.Since = SinceUnreached
	case v.since == nil:
		r.Since = SinceUnreached // the tree was lost before; findings say so
	case *v.since != since.Root:
		r.add(KindFork, -1, "the log to begin with the "+number(since.Size)+" entries of the earlier checkpoint",
			"other entries among the first "+number(since.Size)+": there are two versions of this log")
	case signed:
		r.Since = SinceContinued
	}
}

// upTo says how far the bundle goes.
func (v *verification) upTo() string {
	if v.next == 0 {
		return "no entries"
	}
	return "entries up to " + number(v.next-1)
}

func reasonOf(err error) string {
	var malformed *FormatError
	if errors.As(err, &malformed) {
		return malformed.What + ": " + malformed.Reason
	}
	return err.Error()
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func date(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }
