// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"
)

// Predicate types that a policy may speak of by name.
const (
	ProvenanceType = "https://slsa.dev/provenance/v1"
	SummaryType    = "https://slsa.dev/verification_summary/v1"
)

const (
	maxProtocol = 1_000_000
	maxList     = 64 // members of any list
	maxText     = 1000
)

func refuse(field, reason string) error { return &Error{field, reason} }

// check refuses values that cannot be held, and what nobody means to allow.
func (p *Policy) check() error {
	return firstOf(p.checkNames, p.checkSource, p.checkPublishers, p.checkRequire, p.checkLog, p.checkWitnesses,
		p.checkRebuilders, p.checkParties, p.checkReleases, p.checkUpdate)
}

func (p *Policy) checkNames() error {
	switch {
	case !isText(p.Name, 80):
		return refuse("name", "expected 1 to 80 characters of visible ASCII and spaces")
	case !isDigest(p.TrustRoot) && !isName(p.TrustRoot):
		return refuse("trustRoot", "expected the SHA-256 of a trusted_root.json in 64 lower-case hexadecimal digits, or the name of an embedded root")
	case p.Timestamps < 1 || p.Timestamps > 8:
		return refuse("timestamps", "expected 1 to 8: without a timestamp nobody knows when a key was used")
	case p.MaxAge <= 0:
		return refuse("maxAge", `expected more than nothing, such as "90d"`)
	}
	return nil
}

func (p *Policy) checkSource() error {
	s := p.Source
	switch {
	case !isHTTPS(s.Repository) || len(s.Repository) > 200:
		return refuse("source.repository", "expected an https URL of at most 200 characters")
	case !isLabel(s.Target):
		return refuse("source.target", "expected a Bazel label, such as //enclave:release")
	case !isHTTPS(s.BuildType):
		return refuse("source.buildType", "expected an https URI")
	}
	if err := checkList("source.refs", s.Refs, 1); err != nil {
		return err
	}
	for i, ref := range s.Refs {
		if reason := refuseRef(ref); reason != "" {
			return refuse(at("source.refs", i), reason)
		}
	}
	return nil
}

// refuseRef says why a ref does not do, or "".
func refuseRef(ref string) string {
	name, isFolder := strings.CutSuffix(ref, "/*")
	parts := strings.Split(name, "/")
	switch {
	case !isVisible(ref) || strings.ContainsAny(name, "*?[\\~^: ") || slices.Contains(parts, "") || slices.Contains(parts, ".."):
		return `expected a full ref, such as refs/tags/v1.0.0, or one that ends in "/*"`
	case parts[0] != "refs" || len(parts) < 2 || len(parts) < 3 && !isFolder:
		return `expected a full ref, such as refs/tags/v1.0.0, or one that ends in "/*", such as refs/tags/*`
	case isFolder && name == "refs/heads":
		return "expected branches by name: refs/heads/* lets everybody who may push any branch publish"
	case parts[1] == "pull" || parts[1] == "merge-requests" || parts[1] == "changes":
		return "expected no proposed changes: whoever proposes one would publish"
	}
	return ""
}

func (p *Policy) checkRequire() error {
	if err := checkList("require", p.Require, 1); err != nil {
		return err
	}
	for i, predicate := range p.Require {
		switch {
		case !isHTTPS(predicate):
			return refuse(at("require", i), "expected a predicate type, an https URI")
		case predicate == SummaryType:
			return refuse(at("require", i), "say how many rebuilders there must be in rebuilders.threshold instead")
		}
	}
	if !slices.Contains(p.Require, ProvenanceType) {
		return refuse("require", "expected "+ProvenanceType+" among them: without it nothing says what a release was built from")
	}
	return nil
}

func (p *Policy) checkLog() error {
	if err := checkList("log.origins", p.Log.Origins, 1); err != nil {
		return err
	}
	for i, origin := range p.Log.Origins {
		if !isOrigin(origin) {
			return refuse(at("log.origins", i), "expected the origin in the log's checkpoints: a host name, without port or path")
		}
	}
	return checkThreshold("log.threshold", p.Log.Threshold, len(p.Log.Origins))
}

func (p *Policy) checkReleases() error {
	if len(p.Protocols) == 0 || len(p.Protocols) > maxList || !slices.IsSorted(p.Protocols) || len(slices.Compact(slices.Clone(p.Protocols))) != len(p.Protocols) {
		return refuse("protocols", "expected 1 to 64 different versions, ascending")
	}
	if !IsVersion(p.Minimum) {
		return refuse("minimum", `expected a semantic version without "v" and without build metadata, such as 0.5.0`)
	}
	if len(p.Revoked) > 1024 {
		return refuse("revoked", "expected at most 1024")
	}
	seen := make(map[string]bool)
	for i, r := range p.Revoked {
		switch {
		case !isDigest(r.Digest):
			return refuse(at("revoked", i), "digest: expected a release digest, 64 lower-case hexadecimal digits")
		case seen[r.Digest]:
			return refuse(at("revoked", i), "digest: the release is there twice")
		case !isText(r.Reason, 200):
			return refuse(at("revoked", i), "reason: expected 1 to 200 characters of visible ASCII and spaces")
		}
		seen[r.Digest] = true
	}
	return nil
}

// checkThreshold refuses a threshold that asks for nothing, or for more than
// there is.
func checkThreshold(field string, threshold, of int) error {
	if threshold < 1 || threshold > of {
		return refuse(field, "expected 1 to "+strconv.Itoa(of)+", the number of those listed")
	}
	return nil
}

// checkList refuses lists that are too short or long, or say something twice.
func checkList(field string, list []string, least int) error {
	if len(list) < least || len(list) > maxList {
		return refuse(field, "expected "+strconv.Itoa(least)+" to 64")
	}
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			return refuse(at(field, i), "the same is there twice")
		}
	}
	return nil
}

// IsVersion says whether s is a semantic version as policies and releases
// write it: three numbers, an optional pre-release, no "v", no build metadata.
func IsVersion(s string) bool {
	v := "v" + s
	return len(s) <= 64 && semver.IsValid(v) && semver.Canonical(v) == v
}

// CompareVersions returns -1, 0 or 1, as semver.org orders two versions.
func CompareVersions(a, b string) int { return semver.Compare("v"+a, "v"+b) }

func isDigest(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == 32 && s == strings.ToLower(s)
}

// isName says whether s can name a party or a root.
func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	return s != "" && len(s) <= 40 && strings.Trim(s, letters) == ""
}

func isVisible(s string) bool {
	return s != "" && len(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isText says whether s is visible ASCII and inner spaces.
func isText(s string, most int) bool {
	return len(s) <= most && isVisible(strings.ReplaceAll(s, " ", "_")) && s == strings.TrimSpace(s)
}

func isLabel(s string) bool {
	return isVisible(s) && (strings.HasPrefix(s, "//") || strings.HasPrefix(s, "@"))
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return isVisible(s) && err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

func isURI(s string) bool {
	u, err := url.Parse(s)
	return isVisible(s) && err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "")
}

// isOrigin says whether s can be the first line of a checkpoint of Rekor v2.
func isOrigin(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789.-"
	return s != "" && len(s) <= 253 && strings.Trim(s, letters) == ""
}
