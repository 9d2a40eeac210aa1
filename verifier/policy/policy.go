// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"time"
)

// Format is the value of "format".
const Format = "kms-enclave-trust-policy/1"

// Policy is what somebody demands of a release before using it. Only Parse
// makes one that can be relied on.
type Policy struct {
	Name       string
	TrustRoot  string // SHA-256 of a trusted_root.json in hexadecimal, or the name of an embedded root
	Source     Source
	Publishers []Publisher
	Require    []string // predicate types, provenance among them
	Log        LogRule
	Witnesses  WitnessRule
	Timestamps int // how many timestamp authorities, at least 1
	Rebuilders RebuilderRule
	MaxAge     time.Duration
	Protocols  []int  // ascending
	Minimum    string // semantic version
	Revoked    []Revocation
	Update     *UpdateRule // nil: updates are not this policy's concern
}

// Source says from what a release may be built.
type Source struct {
	Repository string
	Refs       []string // exact, or ending in "/*"
	Target     string   // Bazel label
	BuildType  string
}

// Publisher is one who may sign a release.
type Publisher struct {
	Name     string
	Identity Identity
	Builder  string // the one builder.id that this signer may speak for
}

// Identity is either an issuer with a subject, an issuer with a pattern of
// subjects, or a key.
type Identity struct {
	Issuer         string
	Subject        string
	SubjectPattern string // RE2, ^…$
	Key            string // base64 of a DER SubjectPublicKeyInfo
}

// String returns the identity for people.
func (i Identity) String() string {
	switch {
	case i.Key != "":
		return "key " + i.Key
	case i.SubjectPattern != "":
		return "subjects like " + i.SubjectPattern + " of " + i.Issuer
	default:
		return i.Subject + " of " + i.Issuer
	}
}

// LogRule says in how many logs, of which, a signature must be.
type LogRule struct {
	Threshold int
	Origins   []string
}

// WitnessRule says how many witnesses must have cosigned a log's checkpoint.
type WitnessRule struct {
	Threshold int
	Keys      []string // C2SP verifier keys, type 0x04
}

// Rebuilder is one who builds releases again.
type Rebuilder struct {
	Name     string
	Identity Identity // never a pattern
	Verifier string   // the one verifier.id that this signer may speak for
}

// RebuilderRule says how many of which rebuilders must have got the same.
type RebuilderRule struct {
	Threshold int
	Members   []Rebuilder
}

// Revocation is a release that must not be used, and why.
type Revocation struct {
	Digest, Reason string
}

// UpdateRule says who may move an app's pin, and how long a release must have
// been public before.
type UpdateRule struct {
	Keys  []string // base64 of DER SubjectPublicKeyInfo, P-256
	Delay time.Duration
}

// AllowsRef says whether a release may be built from ref.
func (s Source) AllowsRef(ref string) bool {
	for _, allowed := range s.Refs {
		folder, isFolder := strings.CutSuffix(allowed, "*")
		if ref == allowed || isFolder && len(ref) > len(folder) && strings.HasPrefix(ref, folder) {
			return true
		}
	}
	return false
}

// Identities returns the identities of all publishers, in their order.
func (p *Policy) Identities() []Identity {
	var list []Identity
	for _, publisher := range p.Publishers {
		list = append(list, publisher.Identity)
	}
	return list
}

// Identities returns the identities of all members, in their order.
func (r RebuilderRule) Identities() []Identity {
	var list []Identity
	for _, member := range r.Members {
		list = append(list, member.Identity)
	}
	return list
}
