// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/verifier/attest"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/verdict"
)

// skew is how far a clock here may be behind those of timestamp authorities.
const skew = 5 * time.Minute

// required records what is there and what is missing.
func (j *judge) required() {
	if j.signed.IsZero() {
		j.report.Refute(verdict.Required, release.ManifestPath, "a signature over release.json by a publisher of the policy", "none that holds", adviceRefuse)
	} else {
		j.report.Pass(verdict.Required, release.ManifestPath)
	}
	for _, predicate := range j.Policy.Require {
		if j.held[predicate] {
			j.report.Pass(verdict.Required, predicate)
			continue
		}
		j.report.Refute(verdict.Required, predicate, "a statement of this type by a publisher of the policy", "none that holds", adviceRefuse)
	}
}

// failures tells of the bundles that do not hold: as refuted where one of them
// could have been what is missing, else as left alone.
func (j *judge) failures() {
	for _, f := range j.failed {
		if j.misses(f) {
			j.report.Refute(f.fault.Step, f.name, f.fault.Expected, f.fault.Found, f.fault.Advice)
			continue
		}
		j.report.Leave(f.fault.Step, f.name, "does not count: expected "+f.fault.Expected+", found "+f.fault.Found, adviceNothing)
	}
}

// misses says whether something is missing that a bundle could have been.
func (j *judge) misses(f failure) bool {
	unsigned := j.signed.IsZero()
	isMissing := func(predicate string) bool { return !j.held[predicate] }
	unstated := slices.ContainsFunc(j.Policy.Require, isMissing)
	unbuilt := !j.enoughRebuilders()
	switch f.kind {
	case signature:
		return unsigned
	case publisher:
		if f.predicate == "" {
			return unstated // of which type it is cannot be read
		}
		return slices.Contains(j.Policy.Require, f.predicate) && isMissing(f.predicate)
	case rebuilder:
		return unbuilt
	case statement:
		return unstated || unbuilt
	default:
		return unsigned || unstated || unbuilt
	}
}

// freshness compares the latest signature over release.json with the clock.
func (j *judge) freshness() {
	if j.signed.IsZero() {
		return // recorded as missing
	}
	age := j.Now.Sub(j.signed)
	switch {
	case age < -skew:
		j.report.Refute(verdict.Freshness, release.ManifestPath, "a signature from before now, "+attest.FormatTime(j.Now),
			"one of "+attest.FormatTime(j.signed), "Set this computer's clock, and look again.")
	case age > j.Policy.MaxAge:
		j.report.Refute(verdict.Freshness, release.ManifestPath, "a signature at most "+days(j.Policy.MaxAge)+" old",
			"one of "+attest.FormatTime(j.signed)+", "+days(age)+" old", "Get the latest release: an old one may be served to keep a known fault alive.")
	default:
		j.report.Pass(verdict.Freshness, release.ManifestPath)
	}
}

// oneOf returns numbers as people list them.
func oneOf(numbers []int) string {
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, " or ")
}

// days returns a duration for people.
func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// allowed holds the release against the lists of the policy.
func (j *judge) allowed() {
	m, p := j.Manifest, j.Policy
	refuted := false
	refute := func(expected, found, advice string) {
		refuted = true
		j.report.Refute(verdict.Allowed, release.ManifestPath, expected, found, advice)
	}
	if !slices.Contains(p.Protocols, m.Protocol) {
		refute("protocol version "+oneOf(p.Protocols), strconv.Itoa(m.Protocol), "Get a release that speaks a protocol of the policy.")
	}
	switch {
	case m.Version == "":
		refute("version "+p.Minimum+" or later", "a release that does not say its version", "Get a newer release.")
	case !policy.IsVersion(m.Version) || policy.CompareVersions(m.Version, p.Minimum) < 0:
		refute("version "+p.Minimum+" or later", verdict.Quote(m.Version), "Get a newer release.")
	}
	for _, r := range p.Revoked {
		if r.Digest == j.digest {
			refute("a release that is not revoked", "one that is: "+r.Reason, "Do not use this release; get a newer one.")
		}
	}
	if !refuted {
		j.report.Pass(verdict.Allowed, release.ManifestPath)
	}
}

// open says what even a policy that is fulfilled leaves open.
func (j *judge) open() {
	if j.Policy.Witnesses.Threshold == 0 {
		j.report.Leave(verdict.Witness, "policy", "no witness is asked for: the log could show others another version of itself",
			"Name witnesses in the policy once the log has some.")
	}
}
