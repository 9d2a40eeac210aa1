// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import "slices"

// Check is one thing that was looked at. Its texts are Plain.
type Check struct {
	Step     Step
	Subject  string // path of the file, or what else was looked at
	Result   Result
	Expected string // for refuted checks: what would have been right
	Found    string // what there was, or why it could not be seen
	Advice   string // what to do now, one sentence
}

// Report collects checks. It is not safe for concurrent use.
type Report struct {
	command  string
	target   string
	required []Step
	release  string
	source   Source
	log      *Log
	policy   *Policed
	signed   []Signed
	checks   []Check
}

// Source says from what the release says it was built.
type Source struct {
	Repository, Commit string
}

// Log says which audit log was found. Times are in the form of RFC 3339, empty if
// there is none.
type Log struct {
	Origin    string // first line of its checkpoints
	Key       string // the log key, base64url of its point
	First     int64  // the entries First to Size-1 were there
	Size      int64
	Entries   int64  // how many of those
	Pruned    int64  // entries of which only the hash was there
	Delegated int64  // entries that a delegated key signed
	Root      string // of all entries, base64; empty if it is not known for certain
	From, To  string
}

// Policed says by which policy was judged.
type Policed struct {
	Name      string
	TrustRoot string // SHA-256 of the trusted_root.json
}

// Signed is a signature that holds, by a party of the policy.
type Signed struct {
	What      string // "release.json", or the predicate type of a statement
	Role      string // "publisher" or "rebuilder"
	Party     string // its name in the policy
	Identity  string // as proven
	Time      string // of the timestamp, RFC 3339
	Log       string // origin of the log
	Index     int64  // of the entry in it
	Witnesses []string
	Result    string // of a rebuilder: "PASSED" or "FAILED"; else ""
}

// New returns an empty report of a command ("release") on a target (a path or
// URL). It can conclude "verified" only once every required step has a check
// that is OK.
func New(command, target string, required ...Step) *Report {
	return &Report{command: command, target: Plain(target), required: slices.Clone(required)}
}

// Identify records which release was found: its digest in lower-case
// hexadecimal and its source.
func (r *Report) Identify(digest string, source Source) {
	r.release = Plain(digest)
	r.source = Source{Plain(source.Repository), Plain(source.Commit)}
}

// IdentifyLog records which audit log was found.
func (r *Report) IdentifyLog(l Log) {
	l.Origin, l.Key, l.Root = Plain(l.Origin), Plain(l.Key), Plain(l.Root)
	l.From, l.To = Plain(l.From), Plain(l.To)
	r.log = &l
}

// IdentifyPolicy records by which policy was judged.
func (r *Report) IdentifyPolicy(p Policed) {
	r.policy = &Policed{Plain(p.Name), Plain(p.TrustRoot)}
}

// AddSigned records a signature that holds.
func (r *Report) AddSigned(s Signed) { r.signed = append(r.signed, plainSigned(s)) }

func plainSigned(s Signed) Signed {
	for _, text := range []*string{&s.What, &s.Role, &s.Party, &s.Identity, &s.Time, &s.Log, &s.Result} {
		*text = Plain(*text)
	}
	witnesses := make([]string, 0, len(s.Witnesses))
	for _, w := range s.Witnesses {
		witnesses = append(witnesses, Plain(w))
	}
	s.Witnesses = witnesses
	return s
}

// Release returns the digest given to Identify, or "".
func (r *Report) Release() string { return r.release }

// Pass records that subject is as it must be.
func (r *Report) Pass(step Step, subject string) {
	r.add(Check{Step: step, Subject: subject, Result: OK})
}

// Refute records that subject is not as it must be.
func (r *Report) Refute(step Step, subject string, expected, found, advice string) {
	r.add(Check{step, subject, Refuted, expected, found, advice})
}

// Miss records that subject could not be looked at, and why.
func (r *Report) Miss(step Step, subject string, reason, advice string) {
	r.add(Check{step, subject, Unavailable, "", reason, advice})
}

// Leave records that subject was seen and, on purpose, not checked.
func (r *Report) Leave(step Step, subject string, reason, advice string) {
	r.add(Check{step, subject, Unchecked, "", reason, advice})
}

func (r *Report) add(c Check) {
	c.Subject = Plain(c.Subject)
	c.Expected = Plain(c.Expected)
	c.Found = Plain(c.Found)
	c.Advice = Plain(c.Advice)
	r.checks = append(r.checks, c)
}

// Checks returns a copy of the checks so far, in the order of recording.
func (r *Report) Checks() []Check { return slices.Clone(r.checks) }

// Count returns how many checks have the given result.
func (r *Report) Count(result Result) int {
	n := 0
	for i := range r.checks {
		if r.checks[i].Result == result {
			n++
		}
	}
	return n
}

// Failed says whether any check of the step is refuted or unavailable.
func (r *Report) Failed(step Step) bool {
	return slices.ContainsFunc(r.checks, func(c Check) bool {
		return c.Step == step && (c.Result == Refuted || c.Result == Unavailable)
	})
}

// Conclude returns what follows from the checks so far.
func (r *Report) Conclude() Conclusion {
	switch {
	case r.Count(Refuted) > 0:
		return ConcludeRefuted
	case r.Count(Unavailable) > 0 || len(r.notRun()) > 0:
		return ConcludeUnchecked
	default:
		return ConcludeVerified
	}
}

// notRun returns the required steps that no check has passed.
func (r *Report) notRun() []Step {
	var missing []Step
	for _, step := range r.required {
		ran := slices.ContainsFunc(r.checks, func(c Check) bool {
			return c.Step == step && c.Result == OK
		})
		if !ran {
			missing = append(missing, step)
		}
	}
	return missing
}
